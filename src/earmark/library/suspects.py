"""Tracks that sound like another genre than they carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.predictions import Predictions


@dataclass(frozen=True)
class Suspect:
    """A track that sounds like another genre than it carries."""

    path: str
    carries: str
    sounds_like: str
    probability: float


def suspects(held_out: Predictions) -> tuple[Suspect, ...]:
    """Tracks that are likely to carry the wrong genre, the likeliest first.

    A track is suspected where another genre is as probable as it is, in the mean, of the tracks that carry it, and its
    own is not. Source: Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in dataset labels",
    JAIR 70, equations 1 and 2.
    """
    n = len(held_out.genres)
    own = held_out.probabilities[np.arange(len(held_out)), held_out.truth]
    usual = np.array([own[held_out.truth == g].mean() if (held_out.truth == g).any() else 1.0 for g in range(n)])
    sure = np.where(held_out.probabilities >= usual, held_out.probabilities, 0)
    other = sure.argmax(1)
    doubtful = np.flatnonzero((sure.max(1) > 0) & (other != held_out.truth) & (own < usual[held_out.truth]))
    by_doubt = sorted(doubtful, key=lambda i: own[i] - sure[i].max())
    return tuple(
        Suspect(held_out.ids[i], held_out.genres[held_out.truth[i]], held_out.genres[other[i]], float(sure[i].max()))
        for i in by_doubt
    )
