"""Texts as rows of numbers for linear models: weighed terms, how they are built, and who sings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from earmark.errors import ModelError
from earmark.models.estimator import array_of, lines_of_bytes, lines_to_bytes
from earmark.models.sharpness import Places
from earmark.text.style import NUMBERS, style_numbers
from earmark.text.terms import Counts, Terms, count, count_pieces, fit_terms, word_runs
from earmark.text.texts import Texts
from earmark.text.vocabulary import artist_ids

Array = NDArray[np.float64]
LONGEST_RUN = 2  # words
PIECES = (2, 5)  # characters
BINS = 12


@dataclass(frozen=True)
class Reading:
    """n texts taken apart once, whichever of them are learned from then.

    words, pieces  how often each run of words and each piece of a word stands there
    style          (n, numbers) how they are built
    artists        (n,) their names, where these are an input
    """

    words: Counts
    pieces: Counts
    style: Array
    artists: NDArray[np.object_] | None

    def __getitem__(self, rows: Places) -> Reading:
        artists = None if self.artists is None else self.artists[rows]
        return Reading(self.words[rows], self.pieces[rows], self.style[rows], artists)

    def __len__(self) -> int:
        return len(self.style)

    def unnamed(self) -> Reading:
        """The same texts as if by unknown artists."""
        return Reading(self.words, self.pieces, self.style, np.full(len(self), "", dtype=object))


def taken_apart(x: Texts) -> Reading:
    """Take n texts apart."""
    shortest, longest = PIECES
    return Reading(
        words=count(x.words, lambda text: word_runs(text, longest=LONGEST_RUN)),
        pieces=count_pieces(x.words, shortest=shortest, longest=longest),
        style=style_numbers(x.words),
        artists=x.artists,
    )


@dataclass(frozen=True)
class Bins:
    """Numbers as places among others: a 1 in one of `BINS` columns each, which lets a linear model bend.

    edges  (numbers, BINS - 1) quantiles of what was learned from
    """

    edges: Array

    def numbers(self, values: Array) -> csr_matrix:
        """(n, numbers · BINS) of values (n, numbers)."""
        n, width = values.shape
        places = np.stack(
            [np.searchsorted(edges, column) for edges, column in zip(self.edges, values.T, strict=True)], axis=1
        )
        columns = (places + BINS * np.arange(width)).ravel()
        return csr_matrix((np.ones(n * width), columns, np.arange(n + 1) * width), shape=(n, width * BINS))


def fit_bins(values: Array) -> Bins:
    """Bins that each hold the same share of values (n, numbers), as far as these differ."""
    return Bins(np.quantile(values, np.arange(1, BINS) / BINS, axis=0).T)


@dataclass(frozen=True)
class TextNumbers:
    """How a text becomes a row: weighed runs of words, weighed pieces of words, style in bins, the artist.

    style    the weight of a bin's 1; 0: without style
    artists  those known, or None where they are no input; before their columns there is one for an unknown artist
    """

    words: Terms
    pieces: Terms
    bins: Bins
    style: float
    artists: tuple[str, ...] | None

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        style = self.bins.edges.shape[0] * BINS if self.style else 0
        return (
            len(self.words.terms)
            + len(self.pieces.terms)
            + style
            + (0 if self.artists is None else len(self.artists) + 1)
        )

    def of(self, reading: Reading) -> csr_matrix:
        """Rows (n, width) of n texts."""
        blocks = [self.words.numbers(reading.words), self.pieces.numbers(reading.pieces)]
        if self.style:
            blocks.append(self.style * self.bins.numbers(reading.style))
        if self.artists is not None and reading.artists is not None:
            ids = artist_ids(reading.artists, self.artists)
            shape = (len(ids), len(self.artists) + 1)
            blocks.append(csr_matrix((np.ones(len(ids)), ids, np.arange(len(ids) + 1)), shape=shape))
        return csr_matrix(hstack(blocks))

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays, but for the options."""
        return {
            "words": lines_to_bytes(self.words.terms),
            "words_idf": self.words.idf,
            "pieces": lines_to_bytes(self.pieces.terms),
            "pieces_idf": self.pieces.idf,
            "edges": self.bins.edges,
            "artists": lines_to_bytes(self.artists or ()),
        }

    @classmethod
    def of_state(cls, model: str, state: Mapping[str, NDArray[Any]], *, style: float, artist: bool) -> Self:
        """What `state` gave. Raises ModelError naming the first array that does not fit."""

        def terms(name: str) -> Terms:
            known = lines_of_bytes(model, state, name)
            return Terms(known, array_of(model, state, f"{name}_idf", (len(known),)))

        artists = lines_of_bytes(model, state, "artists")
        edges = array_of(model, state, "edges", (len(NUMBERS), BINS - 1))
        return cls(terms("words"), terms("pieces"), Bins(edges), style, artists if artist else None)


def fit_text_numbers(
    model: str,
    reading: Reading,
    groups: Places,
    *,
    min_artists: int,
    max_terms: int,
    style: float,
    artists: tuple[str, ...] | None,
) -> TextNumbers:
    """What there is to know of n texts to learn from, of which those of one of `groups` (n,) are one artist's.

    Raises ModelError where no run of words stands in texts of `min_artists` artists.
    """
    words = fit_terms(reading.words, groups, min_groups=min_artists, max_terms=max_terms)
    if not words.terms:
        raise ModelError(f"{model}: no term stands in training texts of {min_artists} artists; set min_artists = 1")
    pieces = fit_terms(reading.pieces, groups, min_groups=min_artists, max_terms=max_terms)
    return TextNumbers(words, pieces, fit_bins(reading.style), style, artists)
