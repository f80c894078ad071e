"""Late fusion: weights that can be worked out by hand, and what is not of the same tracks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from earmark.errors import DataError, UsageError
from earmark.evaluation.late_fusion import aligned, fit_weights, fused
from earmark.predictions import Predictions

# How many of 50 tracks sound (right on 80 %) and lyrics (right on 60 %) are right on, each whatever the other says.
BOTH, SOUND, LYRICS, NEITHER = 24, 16, 6, 4


def voice(right: list[bool], sure: float) -> Predictions:
    """Of 50 jazz tracks; where it is wrong it is as sure of rock."""
    jazz = np.where(right, sure, 1 - sure)
    ids = tuple(f"track {i:02d}" for i in range(len(right)))
    return Predictions(("jazz", "rock"), ids, ids, np.zeros(len(ids), np.int64), np.column_stack([jazz, 1 - jazz]))


def patterns() -> tuple[list[bool], list[bool]]:
    counts = [(True, True, BOTH), (True, False, SOUND), (False, True, LYRICS), (False, False, NEITHER)]
    rows = [(sound, lyrics) for sound, lyrics, n in counts for _ in range(n)]
    return [sound for sound, _ in rows], [lyrics for _, lyrics in rows]


def test_voices_that_are_calibrated_and_independent_weigh_one_each() -> None:
    """80 % and 60 %, independent: the likeliest exponents are 1, and odds multiply: 4 · 3/2 and 4 / (3/2)."""
    sound, lyrics = patterns()
    said = {"sound": voice(sound, 0.8), "lyrics": voice(lyrics, 0.6)}
    weights = fit_weights(said)
    assert weights == pytest.approx({"sound": 1, "lyrics": 1}, abs=1e-3)
    together = fused(said, {"sound": 1, "lyrics": 1})
    assert together.probabilities[0] == pytest.approx([6 / 7, 1 / 7])
    assert together.probabilities[BOTH] == pytest.approx([8 / 11, 3 / 11])
    assert (together.guesses == 0).tolist() == sound


def test_a_voice_too_sure_of_itself_is_heard_less() -> None:
    """Right on 80 % and said with odds of 4³: its exponent is 1/3."""
    sound, lyrics = patterns()
    said = {"sound": voice(sound, 64 / 65), "lyrics": voice(lyrics, 0.6)}
    assert fit_weights(said) == pytest.approx({"sound": 1 / 3, "lyrics": 1}, abs=1e-3)


def test_a_voice_that_says_nothing_changes_nothing() -> None:
    sound, _ = patterns()
    said = {"sound": voice(sound, 0.8), "silent": voice(sound, 0.5)}
    together = fused(said, {"sound": 1, "silent": 3})
    np.testing.assert_allclose(together.probabilities, said["sound"].probabilities)


def test_tracks_and_genres_may_come_in_any_order() -> None:
    sound, lyrics = patterns()
    ours, theirs = voice(sound, 0.8), voice(lyrics, 0.6)
    turned = theirs.rows(range(49, -1, -1))
    turned = replace(
        turned, genres=("rock", "jazz"), truth=1 - turned.truth, probabilities=turned.probabilities[:, ::-1]
    )
    found = aligned({"ours": ours, "theirs": turned})["theirs"]
    assert (found.genres, found.ids, found.truth.tolist()) == (theirs.genres, theirs.ids, theirs.truth.tolist())
    np.testing.assert_array_equal(found.probabilities, theirs.probabilities)


def test_a_certain_mistake_does_not_silence_the_other() -> None:
    sound, lyrics = patterns()
    said = {"sound": voice(sound, 1.0), "lyrics": voice(lyrics, 0.6)}
    assert np.isfinite(fused(said, fit_weights(said)).probabilities).all()


def test_other_tracks_are_refused_with_their_number_and_one_of_each() -> None:
    sound, lyrics = patterns()
    ours, theirs = voice(sound, 0.8).rows(range(48)), voice(lyrics, 0.6).rows(range(3, 50))
    with pytest.raises(DataError) as caught:
        fit_weights({"sound": ours, "lyrics": theirs})
    assert str(caught.value) == (
        "sound and lyrics do not answer for the same tracks: 3 of 48 stand in sound alone, such as track 00; "
        "2 of 47 stand in lyrics alone, such as track 48. Judge both on the same tracks: with one split list "
        "(split.kind = 'file') and the same ids"
    )


def test_other_genres_are_refused_by_name() -> None:
    sound, lyrics = patterns()
    with pytest.raises(DataError, match="the same genres: 1 of 2 stand in sound alone, such as rock; 1 of 2 stand in"):
        fused({"sound": voice(sound, 0.8), "lyrics": replace(voice(lyrics, 0.6), genres=("jazz", "samba"))}, {})


def test_other_truths_are_refused() -> None:
    sound, lyrics = patterns()
    theirs = voice(lyrics, 0.6)
    theirs.truth[7] = 1
    with pytest.raises(DataError, match="call 1 of 50 tracks by different true genres, such as track 07: jazz and ro"):
        aligned({"sound": voice(sound, 0.8), "lyrics": theirs})


def test_one_voice_alone_is_no_fusion() -> None:
    with pytest.raises(UsageError, match="takes the predictions of two classifiers or more, not 1"):
        fit_weights({"sound": voice([True], 0.8)})


def test_without_a_known_truth_nothing_can_be_weighed() -> None:
    unknown = replace(voice([True], 0.8), truth=np.array([-1]))
    with pytest.raises(DataError, match="weighed on held-out things of known class: there are none"):
        fit_weights({"a": unknown, "b": unknown})
