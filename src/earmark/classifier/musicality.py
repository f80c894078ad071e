"""Whether sound is music at all: a genre classifier names one of its genres whatever it hears."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.classifier.runs import load_run
from earmark.classifier.trained import Classifier
from earmark.features.settings import Features

SHIPPED = Path(__file__).parent / "shipped" / "musicality"
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


def musicality(x: NDArray[np.float32]) -> Musicality:
    """How far the pieces of a track are music, by their log-mel (pieces, 128, 387) in dB.

    The features are those of the default classifier's voice `sound`: 30 s each, like = "gtzan_mel128". How loud a piece
    is says nothing. Raises ModelError for arrays of another shape.
    """
    loudest = x.max(axis=(1, 2), keepdims=True)
    sounding = np.flatnonzero(loudest[:, 0, 0] > x.min(axis=(1, 2)))
    over_time = np.zeros((len(x), len(KINDS)))
    if len(sounding):
        over_time[sounding] = _detector().probabilities((x - loudest)[sounding])
    return Musicality(over_time.sum(0) / max(1, len(sounding)), over_time)


def tells_music(features: Features) -> bool:
    """Whether `musicality` takes examples that were made with these."""
    return not _detector().card.features.differences(features)


def _music(probabilities: NDArray[np.float64]) -> float:
    return float(probabilities[: len(MUSIC)].sum())


def _reason(probabilities: NDArray[np.float64]) -> str | None:
    if not probabilities.any():
        return SILENT
    if _music(probabilities) >= BORDER:
        return None
    return list(REASONS.values())[int(probabilities[len(MUSIC) :].argmax())]


@lru_cache(maxsize=1)
def _detector() -> Classifier:
    return load_run(SHIPPED)
