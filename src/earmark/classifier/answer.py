"""What a classifier says of one track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Verdict = Literal["music", "unsure", "not music"]


@dataclass(frozen=True)
class Answer:
    """What a classifier says of one track.

    probabilities  (genres,) of the whole track
    starts         (clips,) seconds at which each clip begins
    over_time      (clips, genres) probabilities of each clip
    min_confidence how likely a genre must be to be named
    strange        why it is no music, in words, such as "sounds like speech"; None where it is, or nobody asked
    strange_over_time  (clips,) the same for each clip; empty where nobody asked
    """

    source: str
    genres: tuple[str, ...]
    probabilities: NDArray[np.float64]
    starts: NDArray[np.float64]
    over_time: NDArray[np.float64]
    min_confidence: float = 0.0
    strange: str | None = None
    strange_over_time: tuple[str | None, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether the likeliest genre may be named."""
        return self._verdict(self.probability, self.strange)

    @property
    def verdicts_over_time(self) -> list[Verdict]:
        """The same for each clip."""
        strange = self.strange_over_time or (None,) * len(self.over_time)
        return [self._verdict(float(row.max()), why) for row, why in zip(self.over_time, strange, strict=True)]

    def _verdict(self, likeliest: float, strange: str | None) -> Verdict:
        if strange is not None:
            return "not music"
        return "music" if likeliest >= self.min_confidence else "unsure"

    @property
    def genre(self) -> str:
        """The likeliest genre."""
        return self.genres[int(self.probabilities.argmax())]

    @property
    def probability(self) -> float:
        """How likely it is."""
        return float(self.probabilities.max())

    def ranked(self) -> list[tuple[str, float]]:
        """All genres with their probabilities, likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")
        return [(self.genres[i], float(self.probabilities[i])) for i in order]
