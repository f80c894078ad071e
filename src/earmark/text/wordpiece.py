"""Texts cut into the pieces of words that BERT reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
LONGEST = 100  # characters of a word; longer ones are unknown
HAN = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """Lower-case texts without accents as places in a list of pieces; those that go on within a word begin with ##.

    Of each word the longest piece that is known is taken first, then the longest of what is left; a word of which
    something stays over is unknown.

    Raises KeyError where the list lacks one of the three marks.
    Source: Devlin, Chang, Lee & Toutanova 2019, "BERT", arXiv:1810.04805; Wu et al. 2016,
    arXiv:1609.08144, section 4.1.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = tuple(pieces)
        self._places = {piece: place for place, piece in enumerate(pieces)}
        self.begin, self.end, self.unknown = (self._places[mark] for mark in (BEGIN, END, UNKNOWN))

    def ids(self, text: str) -> list[int]:
        """The places of a text's pieces, without the marks of beginning and end."""
        return [place for word in _words(text) for place in self._pieces(word)]

    def _pieces(self, word: str) -> list[int]:
        found: list[int] = []
        begin = 0
        while begin < len(word) <= LONGEST:
            mark = "##" if begin else ""
            ends = range(len(word), begin, -1)
            end = next((end for end in ends if mark + word[begin:end] in self._places), None)
            if end is None:
                return [self.unknown]
            found.append(self._places[mark + word[begin:end]])
            begin = end
        return found or [self.unknown]


def _words(text: str) -> Iterator[str]:
    """Runs between blanks, of which punctuation and Han characters are words of their own."""
    spaced = []
    for letter in unicodedata.normalize("NFD", "".join(map(_plain, text)).lower()):
        kind = unicodedata.category(letter)
        if kind != "Mn":
            spaced.append(f" {letter} " if _is_punctuation(letter, kind) else letter)
    yield from "".join(spaced).split()


def _plain(letter: str) -> str:
    """A letter, with blanks around it if it is a word of its own; a blank for any blank, nothing for a control."""
    if letter in "\t\n\r" or unicodedata.category(letter) == "Zs":
        return " "
    if letter in "\0\ufffd" or unicodedata.category(letter) in ("Cc", "Cf", "Cn", "Co"):
        return ""
    code = ord(letter)
    return f" {letter} " if any(first <= code <= last for first, last in HAN) else letter


def _is_punctuation(letter: str, kind: str) -> bool:
    """Whether BERT takes it so: all of ASCII that is no letter, digit, blank or control, and what Unicode says."""
    ascii_mark = "!" <= letter <= "~" and not letter.isalnum()
    return ascii_mark or kind.startswith("P")
