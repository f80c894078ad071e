"""What kind of sound something is, and whether that is music. Nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MUSIC = ("music", "solo", "drums")
REASONS = {
    "speech": "sounds like speech",
    "noise": "sounds like noise",
    "calls": "sounds like calls, of animals or people",
    "signals": "sounds like signal tones",
}
KINDS = (*MUSIC, *REASONS)
SILENT = "silent"
BORDER = 0.5


@dataclass(frozen=True)
class Musicality:
    """How far a track, and each of its pieces, is music.

    probabilities  (kinds,) of the track, in the order of `KINDS`: the mean over its pieces that are not silent
    over_time      (pieces, kinds) of each piece; all 0 where it is silent
    """

    probabilities: NDArray[np.float64]
    over_time: NDArray[np.float64]

    @property
    def music(self) -> float:
        """The probability that the track is music; below 0.5 it should be given no genre."""
        return _music(self.probabilities)

    @property
    def reason(self) -> str | None:
        """What the track is where it is not music, in words; None where it is."""
        return _reason(self.probabilities)

    @property
    def reasons_over_time(self) -> list[str | None]:
        """The same for each piece."""
        return [_reason(piece) for piece in self.over_time]


def of_pieces(over_time: NDArray[np.float64]) -> Musicality:
    """That of a track by its pieces (pieces, kinds), of which those that are silent are all 0."""
    sounding = int(over_time.any(axis=1).sum())
    return Musicality(over_time.sum(0) / max(1, sounding), over_time)


def _music(probabilities: NDArray[np.float64]) -> float:
    return float(probabilities[: len(MUSIC)].sum())


def _reason(probabilities: NDArray[np.float64]) -> str | None:
    if not probabilities.any():
        return SILENT
    if _music(probabilities) >= BORDER:
        return None
    return list(REASONS.values())[int(probabilities[len(MUSIC) :].argmax())]
