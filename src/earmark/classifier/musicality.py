"""Whether sound is music at all: a genre classifier names one of its genres whatever it hears."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.classifier.kinds import KINDS, Musicality, of_pieces
from earmark.classifier.runs import load_run
from earmark.classifier.trained import Classifier
from earmark.features.settings import Features

SHIPPED = Path(__file__).parent / "shipped" / "musicality"


def musicality(x: NDArray[np.float32]) -> Musicality:
    """How far the pieces of a track are music, by their log-mel (pieces, 128, 387) in dB.

    The features are those of the default classifier's voice `sound`: 30 s each, like = "gtzan_mel128". How loud a piece
    is says nothing. Raises ModelError for arrays of another shape.
    """
    loudest = x.max(axis=(1, 2), keepdims=True)
    sounding = np.flatnonzero(loudest[:, 0, 0] > x.min(axis=(1, 2)))
    over_time = np.zeros((len(x), len(KINDS)))
    if len(sounding):
        over_time[sounding] = detector().probabilities((x - loudest)[sounding])
    return of_pieces(over_time)


def tells_music(features: Features) -> bool:
    """Whether `musicality` takes examples that were made with these."""
    return not detector().card.features.differences(features)


@lru_cache(maxsize=1)
def detector() -> Classifier:
    """The shipped model that tells kinds of sound apart."""
    return load_run(SHIPPED)
