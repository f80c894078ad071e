"""The list of comments that FLAC, Ogg Vorbis, Opus and Speex share: `GENRE=…`, once for each genre.

Comments are kept as bytes, since not all that is found in files is UTF-8.

Source: Ogg Vorbis I format specification: comment field and header specification (xiph.org).
"""

from __future__ import annotations

from typing import NamedTuple

from earmark.errors import TagError
from earmark.library.tags.genre import Genre
from earmark.library.tags.splice import Splice

KEY = b"GENRE"
KIND = "Vorbis comment"
VENDOR = b"earmark"
EMPTY = len(VENDOR).to_bytes(4, "little") + VENDOR + bytes(4)  # a list without comments


class Comments(NamedTuple):
    """Where things lie in the bytes of a list: their number, each with its length, and the end."""

    number: int
    spans: list[tuple[int, int]]
    end: int


def read_comments(data: bytes) -> Comments:
    """Take the list apart that `data` begins with. Raises TagError where it is damaged."""
    count = 4 + _number(data, 0)
    at = count + 4
    spans = []
    for _ in range(_number(data, count)):
        stop = at + 4 + _number(data, at)
        if stop > len(data):
            raise TagError("its comments are damaged: one of them is longer than all of them")
        spans.append((at, stop))
        at = stop
    return Comments(count, spans, at)


def read_genre(data: bytes) -> Genre:
    """What the list says. Raises TagError where a genre is not UTF-8."""
    raw = tuple(data[start + 4 : stop] for start, stop in _genres(data, read_comments(data)))
    try:
        texts = tuple(comment.partition(b"=")[2].decode() for comment in raw)
    except UnicodeDecodeError as error:
        raise TagError(f"its comment GENRE is not UTF-8: {error}") from error
    return Genre(kind=KIND, texts=tuple(text for text in texts if text), raw=raw)


def encode_genre(data: bytes, texts: tuple[str, ...]) -> Genre:
    """The comments that say `texts`, their key spelt as the list spells it already."""
    raw = read_genre(data).raw
    key = raw[0].partition(b"=")[0] if raw else KEY
    return Genre(kind=KIND, texts=texts, raw=tuple(key + b"=" + text.encode() for text in texts))


def place_genre(data: bytes, raw: tuple[bytes, ...]) -> list[Splice]:
    """The splices of `data` that make `raw` its only genres: where the first was, otherwise last."""
    comments = read_comments(data)
    old = _genres(data, comments)
    put = b"".join(len(comment).to_bytes(4, "little") + comment for comment in raw)
    splices = [Splice(start, stop, b"") for start, stop in old] or [Splice(comments.end, comments.end, b"")]
    splices[0] = Splice(splices[0].start, splices[0].stop, put)
    if len(raw) != len(old):
        count = len(comments.spans) - len(old) + len(raw)
        splices.append(Splice(comments.number, comments.number + 4, count.to_bytes(4, "little")))
    return splices


def with_genre(data: bytes, raw: tuple[bytes, ...]) -> bytes:
    """The list as it is with `raw` as its only genres."""
    for splice in sorted(place_genre(data, raw), key=lambda splice: splice.start, reverse=True):
        data = data[: splice.start] + splice.put + data[splice.stop :]
    return data


def _genres(data: bytes, comments: Comments) -> list[tuple[int, int]]:
    return [span for span in comments.spans if data[span[0] + 4 : span[1]].upper().startswith(KEY + b"=")]


def _number(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise TagError("its comments are damaged: they end before all are told")
    return int.from_bytes(data[at : at + 4], "little")
