"""What a model is fed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.features.on_demand import OnDemand
from earmark.text.texts import Texts
from earmark.tracks import Track, artists_of


@dataclass(frozen=True)
class Examples:
    """Feature arrays or texts with their labels, in memory, memory-mapped or read on demand.

    x       (n, …) float32: one row an example, not yet standardised; or n texts, of which nothing has been learned yet
    y       (n,) int, place of the genre, -1 where unknown
    track   (n,) int, place in `tracks` of the track each row was made from; rows of one track stand together
    start   (n,) float, seconds into the track at which the example begins
    """

    x: NDArray[Any] | OnDemand | Texts
    y: NDArray[np.int64]
    track: NDArray[np.int64]
    start: NDArray[np.float64]
    tracks: tuple[Track, ...]

    def __len__(self) -> int:
        return len(self.y)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example: what a model is built for."""
        return tuple(self.x.shape[1:])

    @property
    def ids(self) -> tuple[str, ...]:
        """A name for each example: its track's id, with the start in seconds where a track gave several."""
        several = np.bincount(self.track, minlength=len(self.tracks)) > 1
        return tuple(
            f"{self.tracks[t].id}@{s:.2f}" if several[t] else self.tracks[t].id
            for t, s in zip(self.track, self.start, strict=True)
        )

    @property
    def songs(self) -> tuple[str, ...]:
        """The song each example was cut from."""
        return tuple(self.tracks[t].song for t in self.track)

    @property
    def artists(self) -> tuple[str, ...]:
        """Who made each, "" where unknown; empty where the data name nobody."""
        return artists_of([self.tracks[t] for t in self.track])
