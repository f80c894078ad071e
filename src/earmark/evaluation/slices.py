"""How those fared that are alike in one respect: songs in one language, or of one decade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Slice
from earmark.predictions import Predictions
from earmark.tracks import Track

UNKNOWN = "unknown"


def alike(tracks: Sequence[Track]) -> dict[str, dict[str, str]]:
    """Song → its language, and song → its decade, such as 1990s; "unknown" where the data do not say.

    A respect in which the data tell no two songs apart is left out.
    """
    found = {
        "language": {track.song: track.language or UNKNOWN for track in tracks},
        "decade": {track.song: UNKNOWN if track.year is None else f"{track.year // 10 * 10}s" for track in tracks},
    }
    return {by: values for by, values in found.items() if len(set(values.values())) > 1}


def slices(
    predictions: Predictions, known: Mapping[str, Mapping[str, str]], *, level: float, resamples: int
) -> tuple[Slice, ...]:
    """The scores of each slice that `known` gives, see `alike`; the unknown come last.

    Predictions are of songs, or of clips, which then count each. Intervals are as in `score`; each slice has the
    majority baseline of its own. What has no known truth is not counted.
    """
    judged = predictions.known()
    found = []
    for by, value_of in known.items():
        values = np.array([value_of[song] for song in judged.songs])
        for value in sorted(set(values.tolist()), key=lambda value: (value == UNKNOWN, value)):
            scores = score(judged.rows(np.flatnonzero(values == value)), unit="clip", level=level, resamples=resamples)
            found.append(
                Slice(
                    by=by,  # type: ignore[arg-type]
                    value=value,
                    n=scores.n,
                    accuracy=scores.accuracy,
                    macro_f1=scores.macro_f1,
                    majority_accuracy=scores.majority_accuracy,
                )
            )
    return tuple(found)
