"""A track's statistics as a classical estimator takes them: one row of numbers, in groups of equal weight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.audio.track_statistics import BANDS, FRAMES, SLOWEST_RATE, track_statistics
from earmark.errors import ModelError, UsageError
from earmark.models.shapes import bands_and_frames, written

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TrackNumbers:
    """What `earmark.audio.track_statistics` says of log-mel arrays of one shape.

    Raises ModelError for a `shape` of less than 32 × 32 or not bands × frames, UsageError for too few frames a second.
    """

    model: str
    shape: tuple[int, ...]
    frames_per_second: float
    halves: bool

    def __post_init__(self) -> None:
        bands_and_frames(self.model, self.shape, least=(BANDS, FRAMES))
        if self.frames_per_second < SLOWEST_RATE:
            raise UsageError(
                f"{self.model}: frames_per_second = {self.frames_per_second:g}; rhythm takes at least {SLOWEST_RATE:g}"
            )

    def of(self, x: NDArray[np.floating[Any]]) -> Array:
        """All statistics side by side, (n, numbers), of log-mel (n, bands, frames); of halves too, which are shorter.

        Raises ModelError for another shape.
        """
        if x.ndim != 3 or x.shape[1:] not in (self.shape, (self.shape[0], self.shape[1] // 2)):
            raise ModelError(
                f"this {self.model} was built for examples of {written(self.shape)}, these are of "
                f"{written(x.shape[1:])}; use the features it was trained with"
            )
        groups = track_statistics(x.astype(np.float32), frames_per_second=self.frames_per_second)
        return np.concatenate(list(groups.values()), axis=1).astype(np.float64)

    def of_pieces(self, x: NDArray[np.floating[Any]]) -> Array:
        """Those of the examples, (pieces · n, numbers); where `halves`, of all first halves after them, then second."""
        pieces = [x]
        if self.halves and self.shape[1] >= 2 * FRAMES:
            middle = self.shape[1] // 2
            pieces += [x[:, :, :middle], x[:, :, -middle:]]
        return np.concatenate([self.of(piece) for piece in pieces])

    @cached_property
    def groups(self) -> dict[str, int]:
        """How many numbers each group of statistics has, in their order."""
        nothing = np.zeros((1, *self.shape), dtype=np.float32)
        groups = track_statistics(nothing, frames_per_second=self.frames_per_second)
        return {name: group.shape[1] for name, group in groups.items()}

    @cached_property
    def weight(self) -> Array:
        """Of each number: all groups vary the same, and all together by 1."""
        return np.concatenate([np.full(size, (size * len(self.groups)) ** -0.5) for size in self.groups.values()])
