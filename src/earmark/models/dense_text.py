"""Texts as few numbers, for trees: the main directions of their words, how they are built, and who sings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from earmark.errors import ModelError
from earmark.models.estimator import array_of, lines_of_bytes, lines_to_bytes
from earmark.models.sharpness import Places
from earmark.models.text_estimator import L, TextEstimator
from earmark.models.text_numbers import Reading
from earmark.models.trees import Trees
from earmark.text.style import NUMBERS
from earmark.text.terms import Terms, fit_terms
from earmark.text.vocabulary import artist_ids, fit_artists

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ArtistShares:
    """How many of an artist's texts are of each class, with one text counted beforehand that is of all classes as all
    texts are.

    artists  those known
    shares   (artists + 1, classes): first that of an unknown one
    """

    artists: tuple[str, ...]
    shares: Array

    def of(self, names: NDArray[np.object_]) -> Array:
        """(n, classes) of n names."""
        told: Array = self.shares[artist_ids(names, self.artists)]
        return told


def fit_artist_shares(names: NDArray[np.object_], y: Places, *, classes: int) -> ArtistShares:
    """Shares of the artists of n texts whose classes are at the places `y` (n,)."""
    known = fit_artists(names)
    counts = np.zeros((len(known) + 1, classes))
    np.add.at(counts, (artist_ids(names, known), y), 1)
    counts[0] = 0  # texts that no one is named for say nothing of an unknown artist
    counts += np.bincount(y, minlength=classes) / len(y)
    return ArtistShares(known, counts / counts.sum(1, keepdims=True))


def shares_of_others(names: NDArray[np.object_], y: Places, *, classes: int) -> Array:
    """Shares (n, classes) of each text's artist, from every second of its texts for the others and the other way round.

    A text's own class has no part in what is told of it: a tree would learn to read that and nothing else.
    """
    told = np.empty((len(y), classes))
    ids = artist_ids(names, fit_artists(names))
    order = np.argsort(ids, kind="stable")
    starts = np.searchsorted(ids[order], ids[order])
    half = np.empty(len(y), dtype=np.int64)
    half[order] = (np.arange(len(y)) - starts) % 2
    for side in (0, 1):
        shown, judged = np.flatnonzero(half != side), np.flatnonzero(half == side)
        if len(shown) and len(judged):
            told[judged] = fit_artist_shares(names[shown], y[shown], classes=classes).of(names[judged])
        else:
            told[judged] = 1 / classes
    return told


@dataclass(frozen=True)
class DenseText:
    """How a text becomes a row of few numbers: `components` of its weighed runs of words, its style, its artist."""

    words: Terms
    components: NDArray[np.float32]
    artists: ArtistShares | None

    def of(self, reading: Reading) -> Array:
        """Rows (n, numbers) of n texts."""
        blocks = [self.words.numbers(reading.words) @ self.components, reading.style]
        if self.artists is not None and reading.artists is not None:
            blocks.append(self.artists.of(reading.artists))
        return np.concatenate(blocks, axis=1)

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        artists = 0 if self.artists is None else int(self.artists.shares.shape[1])
        return int(self.components.shape[1]) + len(NUMBERS) + artists

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays."""
        state: dict[str, NDArray[Any]] = {
            "words": lines_to_bytes(self.words.terms),
            "idf": self.words.idf,
            "components": self.components,
        }
        if self.artists is not None:
            state |= {"artists": lines_to_bytes(self.artists.artists), "shares": self.artists.shares}
        return state

    @classmethod
    def of_state(
        cls, model: str, state: Mapping[str, NDArray[Any]], *, components: int, classes: int, artist: bool
    ) -> Self:
        """What `state` gave. Raises ModelError naming the first array that does not fit."""
        known = lines_of_bytes(model, state, "words")
        words = Terms(known, array_of(model, state, "idf", (len(known),)))
        kept = min(components, state["components"].shape[-1]) if "components" in state else components
        directions = array_of(model, state, "components", (len(known), kept)).astype(np.float32)
        if not artist:
            return cls(words, directions, None)
        artists = lines_of_bytes(model, state, "artists")
        return cls(
            words, directions, ArtistShares(artists, array_of(model, state, "shares", (len(artists) + 1, classes)))
        )


def fit_dense_text(
    model: str,
    reading: Reading,
    y: Places,
    groups: Places,
    *,
    components: int,
    min_artists: int,
    classes: int,
    seed: int,
) -> tuple[DenseText, Array, Places, Array]:
    """What there is to know of n texts to learn from; their rows, the places of their classes, and what each counts.

    With the artist as an input each text is there twice, by its artist and as if by an unknown one, at half the weight.
    Raises ModelError where no run of words stands in texts of `min_artists` artists.
    """
    words = fit_terms(reading.words, groups, min_groups=min_artists, max_terms=len(reading.words.terms))
    if not words.terms:
        raise ModelError(f"{model}: no term stands in training texts of {min_artists} artists; set min_artists = 1")
    numbers = words.numbers(reading.words)
    kept = min(components, *numbers.shape)
    directions = randomized_svd(numbers, kept, random_state=seed)[2].T.astype(np.float32)
    rows = np.concatenate([numbers @ directions, reading.style], axis=1)
    if reading.artists is None:
        return DenseText(words, directions, None), rows, y, np.ones(len(y))
    shares = fit_artist_shares(reading.artists, y, classes=classes)
    named = np.concatenate([rows, shares_of_others(reading.artists, y, classes=classes)], axis=1)
    unnamed = np.concatenate([rows, np.tile(shares.shares[0], (len(y), 1))], axis=1)
    twice = np.concatenate([named, unnamed])
    return DenseText(words, directions, shares), twice, np.tile(y, 2), np.full(2 * len(y), 0.5)


class DenseTextEstimator(TextEstimator[L], Generic[L]):
    """An estimator that grows trees on few numbers of each text.

    components   main directions of the texts' words
    min_artists  of so many artists' texts a run of words must stand in one
    seed         draws all that is drawn
    """

    def __init__(self, shape: tuple[int, ...], classes: int, *, components: int, min_artists: int, seed: int) -> None:
        super().__init__(shape, classes)
        self.components = components
        self.min_artists = min_artists
        self.seed = seed

    def dense(self, reading: Reading, y: Places, groups: Places) -> tuple[DenseText, Array, Places, Array]:
        """What `fit_dense_text` gives for these settings."""
        return fit_dense_text(
            self.name,
            reading,
            y,
            groups,
            components=self.components,
            min_artists=self.min_artists,
            classes=self.classes,
            seed=self.seed,
        )

    def kept(self, state: Mapping[str, NDArray[Any]]) -> tuple[DenseText, Trees]:
        """Numbers and trees of a saved state. Raises ModelError naming the first array that does not fit."""
        numbers = DenseText.of_state(
            self.name, state, components=self.components, classes=self.classes, artist=self.artist
        )
        return numbers, Trees.of_state(self.name, state, numbers=numbers.width, values=self.classes)
