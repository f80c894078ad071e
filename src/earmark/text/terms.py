"""How often words, neighbouring words and pieces of words stand in texts, and which of them are worth knowing."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from earmark.text.words import words

Places = NDArray[np.integer[Any]]
LINE_END = "\t"  # in a term, which is saved on a line of its own; no cleaned text holds one


@dataclass(frozen=True)
class Counts:
    """How often each of `terms` stands in n texts: `matrix` (n, terms)."""

    matrix: csr_matrix
    terms: tuple[str, ...]

    def __getitem__(self, rows: slice | Places) -> Counts:
        return Counts(self.matrix[rows], self.terms)


@dataclass(frozen=True)
class Terms:
    """Terms (t,) that are known, with their inverse document frequency (t,)."""

    terms: tuple[str, ...]
    idf: NDArray[np.float64]

    def numbers(self, counts: Counts) -> csr_matrix:
        """Counted texts as numbers (n, t): (1 + ln count) · inverse document frequency, scaled to length 1.

        A text without any known term is all zeros.
        """
        there = np.array([self._places.get(term, -1) for term in counts.terms], dtype=np.int64)[counts.matrix.indices]
        known = there >= 0
        starts = np.concatenate([[0], np.cumsum(known)])[counts.matrix.indptr]
        weighed = (1 + np.log(counts.matrix.data[known].astype(np.float64))) * self.idf[there[known]]
        numbers = csr_matrix((weighed, there[known], starts), shape=(counts.matrix.shape[0], len(self.terms)))
        lengths = np.sqrt(np.asarray(numbers.multiply(numbers).sum(1)).ravel())
        return csr_matrix(diags(1 / np.where(lengths > 0, lengths, 1)) @ numbers)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.terms)}


def count(texts: Iterable[str], cut: Callable[[str], Iterable[str]]) -> Counts:
    """How often each term stands in texts that `cut` makes terms of."""
    places: dict[str, int] = {}
    found, times, starts = array("i"), array("f"), array("q", [0])
    for text in texts:
        counted = Counter(cut(text))
        found.extend([places.setdefault(term, len(places)) for term in counted])
        times.extend(counted.values())
        starts.append(len(found))
    shape = (len(starts) - 1, len(places))
    matrix = csr_matrix((np.array(times, np.float32), np.array(found), np.array(starts)), shape=shape)
    matrix.sort_indices()
    return Counts(matrix, tuple(places))


def word_runs(text: str, *, longest: int) -> list[str]:
    """Runs of 1 to `longest` words: `a`, `rosa`, `a rosa`."""
    found = words(text)
    return [
        " ".join(found[start : start + length])
        for length in range(1, longest + 1)
        for start in range(len(found) - length + 1)
    ]


def count_pieces(texts: Iterable[str], *, shortest: int, longest: int) -> Counts:
    """Pieces of `shortest` to `longest` characters within what stands between blanks, and one blank on either side.

    The same as scikit-learn's `char_wb`, but each different word is cut once.
    """
    split = count(texts, lambda text: text.lower().split())

    def pieces(word: str) -> list[str]:
        padded = f" {word} "
        lengths = range(shortest, min(longest, len(padded)) + 1) if len(padded) > shortest else (len(padded),)
        return [padded[at : at + length] for length in lengths for at in range(len(padded) - length + 1)]

    within = count(split.terms, pieces)
    return Counts(csr_matrix(split.matrix @ within.matrix), within.terms)


def character_runs(text: str, *, shortest: int, longest: int) -> list[str]:
    """Runs of `shortest` to `longest` characters of a text as it stands, capitals, blanks and punctuation included.

    The end of a line is `LINE_END` in them.
    """
    text = text.replace("\n", LINE_END)
    lengths = range(shortest, longest + 1)
    return [text[at : at + length] for length in lengths for at in range(len(text) - length + 1)]


def groups_with(matrix: csr_matrix, groups: Places) -> NDArray[np.int64]:
    """In how many groups each column of n rows is not zero, (columns,); `groups` (n,) are whole numbers from 0."""
    places = np.unique(groups, return_inverse=True)[1]
    rows = np.arange(len(places))
    member = csr_matrix((np.ones(len(rows), np.float32), (places, rows)), shape=(places.max(initial=-1) + 1, len(rows)))
    return np.asarray((member @ matrix).getnnz(axis=0), dtype=np.int64)


def fit_terms(counts: Counts, groups: Places, *, min_groups: int, max_terms: int) -> Terms:
    """The terms that stand in texts of at least `min_groups` groups, of which the `max_terms` of most texts are kept.

    groups  (n,) whole numbers: which texts belong together, such as an artist's. A term of one artist alone tells
            nothing of another's songs, however many of them it stands in.

    Inverse document frequency is ln((1 + n) / (1 + texts)) + 1, as scikit-learn has it.
    """
    in_texts = counts.matrix.getnnz(axis=0)
    kept = np.flatnonzero(groups_with(counts.matrix, groups) >= min_groups)
    kept = np.sort(kept[np.argsort(-in_texts[kept], kind="stable")[:max_terms]])
    idf = np.log((1 + counts.matrix.shape[0]) / (1 + in_texts[kept])) + 1
    return Terms(tuple(counts.terms[place] for place in kept), idf)
