"""What a classifier says of one track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Verdict = Literal["music", "unsure"]


@dataclass(frozen=True)
class Answer:
    """What a classifier says of one track.

    probabilities  (genres,) of the whole track
    starts         (clips,) seconds at which each clip begins
    over_time      (clips, genres) probabilities of each clip
    min_confidence how likely a genre must be to be named
    """

    source: str
    genres: tuple[str, ...]
    probabilities: NDArray[np.float64]
    starts: NDArray[np.float64]
    over_time: NDArray[np.float64]
    min_confidence: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """Whether the likeliest genre may be named."""
        return self._verdict(self.probability)

    @property
    def verdicts_over_time(self) -> list[Verdict]:
        """The same for each clip."""
        return [self._verdict(float(likeliest)) for likeliest in self.over_time.max(1)]

    def _verdict(self, likeliest: float) -> Verdict:
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
