"""Texts as rows of numbers for linear models: weighed terms, how they are built, and who sings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from earmark.errors import ModelError
from earmark.models.estimator import array_of, lines_of_bytes, lines_to_bytes
from earmark.models.sharpness import Places
from earmark.text.style import NUMBERS, style_numbers
from earmark.text.terms import Counts, Terms, character_runs, count, count_pieces, fit_terms, word_runs
from earmark.text.texts import Texts
from earmark.text.vocabulary import artist_ids

Array = NDArray[np.float64]
LONGEST_RUN = 2  # words
PIECES = (2, 5)  # characters
PASSAGES = (2, 5)  # characters
BINS = 12


@dataclass(frozen=True)
class Reading:
    """n texts taken apart once, whichever of them are learned from then.

    words, pieces  how often each run of words and each piece of a word stands there
    style          (n, numbers) how they are built
    artists        (n,) their names, where these are an input
    passages       how often each run of characters stands there, where that is to be learned from
    """

    words: Counts
    pieces: Counts
    style: Array
    artists: NDArray[np.object_] | None
    passages: Counts | None = None

    def __getitem__(self, rows: Places) -> Reading:
        artists = None if self.artists is None else self.artists[rows]
        passages = None if self.passages is None else self.passages[rows]
        return Reading(self.words[rows], self.pieces[rows], self.style[rows], artists, passages)

    def __len__(self) -> int:
        return len(self.style)

    def unnamed(self) -> Reading:
        """The same texts as if by unknown artists."""
        return replace(self, artists=np.full(len(self), "", dtype=object))


def taken_apart(x: Texts, *, with_passages: bool = False) -> Reading:
    """Take n texts apart; passages are many, and counted only where they are wanted."""
    shortest, longest = PIECES

    def runs(text: str) -> list[str]:
        return character_runs(text, shortest=PASSAGES[0], longest=PASSAGES[1])

    return Reading(
        words=count(x.words, lambda text: word_runs(text, longest=LONGEST_RUN)),
        pieces=count_pieces(x.words, shortest=shortest, longest=longest),
        style=style_numbers(x.words),
        artists=x.artists,
        passages=count(x.words, runs) if with_passages else None,
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
    """How a text becomes a row: weighed runs of words, weighed pieces of words, style in bins, the artist, passages.

    style     the weight of a bin's 1; 0: without style
    artists   those known, or None where they are no input; before their columns there is one for an unknown artist
    passages  weighed runs of characters, None: without; the length of their part is `passages_length`
    """

    words: Terms
    pieces: Terms
    bins: Bins
    style: float
    artists: tuple[str, ...] | None
    passages: Terms | None = None
    passages_length: float = 0.0

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        style = self.bins.edges.shape[0] * BINS if self.style else 0
        return (
            len(self.words.terms)
            + len(self.pieces.terms)
            + style
            + (0 if self.artists is None else len(self.artists) + 1)
            + (0 if self.passages is None else len(self.passages.terms))
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
        if self.passages is not None and reading.passages is not None:
            blocks.append(self.passages_length * self.passages.numbers(reading.passages))
        return csr_matrix(hstack(blocks))

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays, but for the options."""
        state: dict[str, NDArray[Any]] = {
            "words": lines_to_bytes(self.words.terms),
            "words_idf": self.words.idf,
            "pieces": lines_to_bytes(self.pieces.terms),
            "pieces_idf": self.pieces.idf,
            "edges": self.bins.edges,
            "artists": lines_to_bytes(self.artists or ()),
        }
        if self.passages is not None:
            state |= {"passages": lines_to_bytes(self.passages.terms), "passages_idf": self.passages.idf}
        return state

    @classmethod
    def of_state(
        cls, model: str, state: Mapping[str, NDArray[Any]], *, style: float, artist: bool, passages: float = 0.0
    ) -> Self:
        """What `state` gave. Raises ModelError naming the first array that does not fit."""

        def terms(name: str) -> Terms:
            known = lines_of_bytes(model, state, name)
            return Terms(known, array_of(model, state, f"{name}_idf", (len(known),)))

        artists = lines_of_bytes(model, state, "artists")
        edges = array_of(model, state, "edges", (len(NUMBERS), BINS - 1))
        runs = terms("passages") if passages else None
        return cls(terms("words"), terms("pieces"), Bins(edges), style, artists if artist else None, runs, passages)


def fit_text_numbers(
    model: str,
    reading: Reading,
    groups: Places,
    *,
    min_artists: int,
    max_terms: int,
    style: float,
    artists: tuple[str, ...] | None,
    passages: float = 0.0,
) -> TextNumbers:
    """What there is to know of n texts to learn from, of which those of one of `groups` (n,) are one artist's.

    Raises ModelError where no run of words stands in texts of `min_artists` artists.
    """
    words = fit_terms(reading.words, groups, min_groups=min_artists, max_terms=max_terms)
    if not words.terms:
        raise ModelError(f"{model}: no term stands in training texts of {min_artists} artists; set min_artists = 1")
    pieces = fit_terms(reading.pieces, groups, min_groups=min_artists, max_terms=max_terms)
    bins = fit_bins(reading.style)
    if reading.passages is None:
        return TextNumbers(words, pieces, bins, style, artists)
    runs = fit_terms(reading.passages, groups, min_groups=min_artists, max_terms=max_terms)
    return TextNumbers(words, pieces, bins, style, artists, runs, passages)
