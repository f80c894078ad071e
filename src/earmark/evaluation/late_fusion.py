"""Answers of classifiers that knew the same tracks by different senses, made into one: late fusion.

Each says its probabilities by itself, and no more is known of it. They are pooled with one weight each, fitted on
validation answers and judged on others.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError, UsageError
from earmark.models.pooling import fit_pool, pooled
from earmark.predictions import Predictions

Floats = NDArray[np.float64]


def fit_weights(valid: Mapping[str, Predictions]) -> dict[str, float]:
    """The weight of each voice, by name: the exponent of its probabilities, 0 or more, under which the truth is
    likeliest.

    Raises DataError where the voices do not answer for the same tracks and genres, or no truth is known; UsageError for
    fewer than two.
    """
    known = {name: said.known() for name, said in aligned(valid).items()}
    truth = next(iter(known.values())).truth
    return dict(zip(known, fit_pool(_logarithms(known), truth).tolist(), strict=True))


def fused(voices: Mapping[str, Predictions], weights: Mapping[str, float]) -> Predictions:
    """What the voices say together: their probabilities to the power of their weights, multiplied and made to sum to 1.

    Raises DataError and UsageError as `fit_weights` does.
    """
    same = aligned(voices)
    first = next(iter(same.values()))
    exponents = np.array([weights[name] for name in same])
    together = np.exp(pooled(_logarithms(same), exponents))
    return Predictions(first.genres, first.ids, first.songs, first.truth, together, first.artists)


def aligned(voices: Mapping[str, Predictions]) -> dict[str, Predictions]:
    """The same with tracks and genres in the order of the first voice.

    Raises DataError where they are not the same tracks, genres or true genres, and says which and how many; UsageError
    for fewer than two voices.
    """
    if len(voices) < 2:
        raise UsageError(f"fusing takes the predictions of two classifiers or more, not {len(voices)}")
    for (name, ours), (other, theirs) in pairwise(voices.items()):
        _require_same(name, ours, other, theirs)
    first = next(iter(voices.values()))
    found = {}
    for name, said in voices.items():
        place = {track: row for row, track in enumerate(said.ids)}
        column = [said.genres.index(genre) for genre in first.genres]
        rows = said.rows([place[track] for track in first.ids])
        found[name] = Predictions(
            first.genres, rows.ids, first.songs, first.truth, rows.probabilities[:, column], first.artists
        )
    return found


def _require_same(name: str, ours: Predictions, other: str, theirs: Predictions) -> None:
    for what, first, second in (("genres", ours.genres, theirs.genres), ("tracks", ours.ids, theirs.ids)):
        alone = {name: [x for x in first if x not in set(second)], other: [x for x in second if x not in set(first)]}
        if told := [
            _told(only, len(said), holder)
            for (holder, only), said in zip(alone.items(), (first, second), strict=True)
            if only
        ]:
            raise DataError(
                f"{name} and {other} do not answer for the same {what}: {'; '.join(told)}. Judge both on the same "
                f"{what}: with one split list (split.kind = 'file') and the same ids"
            )
    theirs_of = {track: theirs.genres[g] if g >= 0 else "" for track, g in zip(theirs.ids, theirs.truth, strict=True)}
    ours_of = {track: ours.genres[g] if g >= 0 else "" for track, g in zip(ours.ids, ours.truth, strict=True)}
    if odd := [track for track in ours.ids if ours_of[track] != theirs_of[track]]:
        raise DataError(
            f"{name} and {other} call {len(odd)} of {len(ours)} tracks by different true genres, such as {odd[0]}: "
            f"{ours_of[odd[0]] or 'none'} and {theirs_of[odd[0]] or 'none'}; are they the same tracks?"
        )


def _told(only: list[str], of: int, holder: str) -> str:
    return f"{len(only)} of {of} stand in {holder} alone, such as {only[0]}"


def _logarithms(voices: Mapping[str, Predictions]) -> Floats:
    """Log-probabilities (voices, n, genres); of 0 it is -∞, which the pool bounds."""
    with np.errstate(divide="ignore"):
        return np.log(np.stack([said.probabilities for said in voices.values()]))
