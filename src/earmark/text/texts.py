"""Texts as examples, before anything has been learned from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNKNOWN_ARTIST = ""


@dataclass(frozen=True)
class Texts:
    """n cleaned texts, with their artists where these are an input too; sliced like an array of examples.

    words    (n,) str, lines separated by a line feed, stanzas by an empty line
    artists  (n,) str, `UNKNOWN_ARTIST` where no one knows; None where the artist is no input
    """

    words: NDArray[np.object_]
    artists: NDArray[np.object_] | None = None

    @classmethod
    def of(cls, words: Sequence[str], artists: Sequence[str | None] | None = None) -> Texts:
        """Texts of lists. An artist that is None is unknown."""
        known = None if artists is None else _column([artist or UNKNOWN_ARTIST for artist in artists])
        return cls(_column(words), known)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, 1), or (n, 2) where the artists are an input: what an estimator is built for."""
        return len(self.words), 1 if self.artists is None else 2

    @property
    def ndim(self) -> int:
        """As of an array."""
        return 2

    def __getitem__(self, rows: slice | NDArray[np.integer[Any]]) -> Texts:
        return Texts(self.words[rows], None if self.artists is None else self.artists[rows])


def _column(values: Sequence[str]) -> NDArray[np.object_]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
