"""How a text is built, in numbers that need no vocabulary, alike in all languages with blanks between words."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from earmark.text.words import words

RHYME = 3  # letters at the end of a line's last word that rhymes are told by
REPEATED_MARK = re.compile(r"\(?\b\d+ ?x\b|\bx ?\d+\b|\bbis\b", re.IGNORECASE)  # (2x), x3, bis: sing it again


@dataclass(frozen=True)
class Build:
    """A cleaned text taken apart: lines separated by a line feed, stanzas by an empty line."""

    text: str

    @cached_property
    def stanzas(self) -> list[list[str]]:
        """Lines that hold anything, stanza by stanza."""
        stanzas = ([line for line in stanza.split("\n") if line.strip()] for stanza in re.split(r"\n\s*\n", self.text))
        return [stanza for stanza in stanzas if stanza]

    @cached_property
    def lines(self) -> list[str]:
        """All lines that hold anything."""
        return [line for stanza in self.stanzas for line in stanza]

    @cached_property
    def line_words(self) -> list[list[str]]:
        """The words of each line, in lower case."""
        return [words(line) for line in self.lines]

    @cached_property
    def sung(self) -> list[tuple[str, ...]]:
        """Lines as their words alone, so that commas and capitals make no two lines of one; those without are left."""
        return [tuple(line) for line in self.line_words if line]

    @cached_property
    def words(self) -> list[str]:
        """All words, in lower case."""
        return [word for line in self.line_words for word in line]

    @cached_property
    def ends(self) -> list[str]:
        """The last letters of each line that has words."""
        return [line[-1][-RHYME:] for line in self.sung]

    @cached_property
    def word_counts(self) -> Counter[str]:
        """How often each word stands there."""
        return Counter(self.words)

    @cached_property
    def lengths(self) -> list[int]:
        """Words in each line that has any."""
        return [len(line) for line in self.sung]


class Number(NamedTuple):
    """One number of a text: its name, what it says, and how it is had. 0 where there is nothing to count."""

    name: str
    meaning: str
    of: Callable[[Build], float]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _rate(text: str, characters: str) -> float:
    """How many of a hundred characters of a text are among these."""
    return 100 * sum(map(text.count, characters)) / len(text) if text else 0.0


def _same(values: Sequence[object], apart: int) -> float:
    """The share of values that are the same as the one so many places before."""
    return _mean(now == before for before, now in zip(values, values[apart:], strict=False))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _entropy(counts: Counter[str]) -> float:
    n = counts.total()
    return -sum(count / n * math.log2(count / n) for count in counts.values()) if n else 0.0


def _punctuation(name: str, characters: str) -> Number:
    return Number(
        name, f"of a hundred characters, how many are {' '.join(characters)}", lambda b: _rate(b.text, characters)
    )


NUMBERS: tuple[Number, ...] = (
    Number("words", "ln(1 + words)", lambda b: math.log1p(len(b.words))),
    Number("lines", "ln(1 + lines)", lambda b: math.log1p(len(b.lines))),
    Number("stanzas", "ln(1 + stanzas)", lambda b: math.log1p(len(b.stanzas))),
    Number("stanza_lines", "mean lines of a stanza", lambda b: _mean(map(len, b.stanzas))),
    Number("line_words", "mean words of a line", lambda b: _mean(b.lengths)),
    Number("line_words_median", "median words of a line", lambda b: statistics.median(b.lengths or [0])),
    Number(
        "line_words_spread", "standard deviation of the words of a line", lambda b: statistics.pstdev(b.lengths or [0])
    ),
    Number("line_words_most", "ln(1 + words of the longest line)", lambda b: math.log1p(max(b.lengths, default=0))),
    Number("line_characters", "mean characters of a line", lambda b: _mean(map(len, b.lines))),
    Number("word_letters", "mean letters of a word", lambda b: _mean(map(len, b.words))),
    Number("long_words", "share of words of 8 letters or more", lambda b: _mean(len(word) >= 8 for word in b.words)),
    Number(
        "new_lines", "share of lines that are the first of their words", lambda b: _share(len(set(b.sung)), len(b.sung))
    ),
    Number("top_line", "how often the commonest line is sung", lambda b: max(Counter(b.sung).values(), default=0)),
    Number("line_again", "share of lines that are the one before", lambda b: _same(b.sung, 1)),
    Number("line_after_next", "share of lines that are the last but one", lambda b: _same(b.sung, 2)),
    Number(
        "opening_again",
        "share of lines that begin with the word of the one before",
        lambda b: _same([s[0] for s in b.sung], 1),
    ),
    Number(
        "rhyme_pairs",
        f"share of lines whose last {RHYME} letters are those of the one before",
        lambda b: _same(b.ends, 1),
    ),
    Number("rhyme_cross", "the same of the last but one: a b a b", lambda b: _same(b.ends, 2)),
    Number("rhyme_embraced", "the same of the third before: a b b a", lambda b: _same(b.ends, 3)),
    Number("line_ends", "different line ends to a line", lambda b: _share(len(set(b.ends)), len(b.ends))),
    Number("richness", "different words to a word", lambda b: _share(len(b.word_counts), len(b.words))),
    Number(
        "once",
        "share of words that stand there once",
        lambda b: _share(sum(c == 1 for c in b.word_counts.values()), len(b.words)),
    ),
    Number(
        "top_word",
        "share of the commonest word",
        lambda b: _share(max(b.word_counts.values(), default=0), len(b.words)),
    ),
    Number("word_entropy", "bits to a word", lambda b: _entropy(b.word_counts)),
    Number("word_again", "share of words that are the one before", lambda b: _same(b.words, 1)),
    Number(
        "repeat_marks",
        "of a hundred words, marks to sing again: 2x, bis",
        lambda b: 100 * _share(len(REPEATED_MARK.findall(b.text)), len(b.words)),
    ),
    Number(
        "stretched",
        "share of words with a letter three times in a row: aaaí",
        lambda b: _mean(re.search(r"([^\W\d])\1\1", w) is not None for w in b.words),
    ),
    Number(
        "capitals", "share of letters that are capital", lambda b: _mean(c.isupper() for c in b.text if c.isalpha())
    ),
    Number(
        "capital_lines",
        "share of lines that begin with a capital",
        lambda b: _mean(line.strip()[0].isupper() for line in b.lines),
    ),
    Number("shouted_lines", "share of lines all in capitals", lambda b: _mean(line.isupper() for line in b.lines)),
    Number(
        "digits", "of a hundred characters, how many are digits", lambda b: 100 * _mean(c.isdigit() for c in b.text)
    ),
    _punctuation("commas", ","),
    _punctuation("full_stops", "."),
    _punctuation("dots", "…"),
    _punctuation("exclamations", "!¡"),
    _punctuation("questions", "?¿"),
    _punctuation("colons", ":;"),
    _punctuation("dashes", "-–—"),
    _punctuation("quotes", '"“”«»'),
    _punctuation("apostrophes", "'’"),
    _punctuation("brackets", "()[]"),
)


def style_numbers(texts: Iterable[str]) -> NDArray[np.float64]:
    """All `NUMBERS` of n cleaned texts, (n, numbers): finite, whatever the text."""
    rows = [[number.of(build) for number in NUMBERS] for build in map(Build, texts)]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(NUMBERS))
