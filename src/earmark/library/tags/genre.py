"""A file's genre field: what it says, and the very bytes that say it."""

from __future__ import annotations

import unicodedata

import msgspec

from earmark.errors import TagError

LONGEST = 1_000  # characters; no genre is longer, and every format holds it
UNWRITABLE = {"Cc": "a control character", "Cs": "half of a character"}  # categories of Unicode


class Genre(msgspec.Struct, frozen=True, kw_only=True):
    """The genre field of one file.

    kind: the tag that holds it, or would, such as `ID3v2.3`; `raw` fits into tags of the same kind alone.
    texts: what it says, numbers of genres spelt out; () = nothing.
    raw: its frames, comments, atoms or items, byte for byte; () = absent. A text may come from elsewhere, such as
        ID3v1, which is only read: then `raw` is () although there is a text.
    """

    kind: str
    texts: tuple[str, ...]
    raw: tuple[bytes, ...]


def check_texts(texts: tuple[str, ...]) -> None:
    """Raise TagError where `texts` cannot be genres: none at all, empty, too long, or not text."""
    if not texts:
        raise TagError("no genre to write; a genre is never removed for want of an answer")
    for text in texts:
        if not text.strip():
            raise TagError(f"the genre {text!r} is empty")
        if len(text) > LONGEST:
            raise TagError(f"the genre {text[:20]!r}… has {len(text)} characters; at most {LONGEST} are written")
        for character in text:
            what = UNWRITABLE.get(unicodedata.category(character))
            if what is not None:
                raise TagError(f"the genre {text!r} holds {what}, {character!r}")
