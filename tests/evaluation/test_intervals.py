"""Bootstrap intervals against a plain loop, and against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from earmark.evaluation import intervals
from earmark.evaluation.intervals import bootstrap, percentiles
from earmark.evaluation.metrics import score
from earmark.predictions import Predictions


def judged_songs(rng, songs, clips, classes=4, concentration=0.3):
    """Clips that are right or wrong together: the classifier's opinion belongs to the song, with some noise a clip."""
    truth = np.repeat(rng.integers(classes, size=songs), clips)
    opinion = np.repeat(rng.dirichlet(np.full(classes, concentration), size=songs), clips, axis=0)
    probabilities = 0.8 * opinion + 0.2 * rng.dirichlet(np.ones(classes), size=songs * clips)
    ids = tuple(f"song {i // clips:03d}#{i % clips}" for i in range(songs * clips))
    genres = tuple("abcdefgh"[:classes])
    return Predictions(genres, ids, tuple(name.partition("#")[0] for name in ids), truth, probabilities)


def test_equals_a_plain_loop_over_resampled_songs(rng):
    judged = judged_songs(rng, songs=25, clips=4)
    found = score(judged, unit="clip", resamples=200, level=0.9, seed=5)

    picks = np.random.default_rng(5)
    rows = np.arange(100).reshape(25, 4)
    loop = []
    for _ in range(200):
        chosen = rows[picks.integers(25, size=25)].ravel()
        truth, probabilities = judged.truth[chosen], judged.probabilities[chosen]
        right = truth == probabilities.argmax(1)
        true_first = (probabilities > probabilities[np.arange(100), truth][:, None]).sum(1)
        loss = -np.log(probabilities[np.arange(100), truth]).mean()
        macro = f1_score(truth, probabilities.argmax(1), average="macro", zero_division=0)
        loop.append([right.mean(), macro, loss, (true_first < 3).mean()])
    low, high = np.quantile(loop, [0.05, 0.95], axis=0)
    for i, got in enumerate((found.accuracy, found.macro_f1, found.log_loss, found.top_k_accuracy)):
        assert (got.low, got.high) == pytest.approx((low[i], high[i]), rel=1e-12, abs=1e-12)


def test_the_step_that_bounds_memory_changes_nothing(rng, monkeypatch):
    judged = judged_songs(rng, songs=30, clips=2)
    whole = score(judged, unit="clip", resamples=101)
    monkeypatch.setattr(intervals, "PICKS_AT_ONCE", 200)
    assert score(judged, unit="clip", resamples=101) == whole


def test_the_seed_decides(rng):
    judged = judged_songs(rng, songs=30, clips=2)
    assert score(judged, unit="clip", seed=1) == score(judged, unit="clip", seed=1)
    assert score(judged, unit="clip", seed=1).accuracy != score(judged, unit="clip", seed=2).accuracy


def test_of_a_mean_it_is_the_normal_interval(rng):
    values = rng.normal(size=(400, 1))
    low, high = percentiles(bootstrap(values, lambda sums: sums / 400, resamples=4000, seed=0), 0.95)
    half = 1.96 * values.std() / 20
    assert (low[0], high[0]) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_covers_the_truth_nearly_as_often_as_it_says_and_clips_alone_would_not(rng):
    """A 90 % interval from 100 songs with 4 clips each holds the true accuracy some 89 times in 100."""
    truth = score(judged_songs(rng, songs=50_000, clips=4), unit="clip", resamples=1).accuracy.value
    by_song = by_clip = 0
    for seed in range(400):
        judged = judged_songs(rng, songs=100, clips=4)
        alone = Predictions(judged.genres, judged.ids, judged.ids, judged.truth, judged.probabilities)
        over_songs = score(judged, unit="clip", level=0.9, resamples=200, seed=seed).accuracy
        over_clips = score(alone, unit="clip", level=0.9, resamples=200, seed=seed).accuracy
        by_song += over_songs.low <= truth <= over_songs.high
        by_clip += over_clips.low <= truth <= over_clips.high
    # Binomial with p = 0.89 and n = 400: standard deviation 1.6 in 100
    assert by_song / 400 == pytest.approx(0.89, abs=0.05)
    assert by_clip / 400 < 0.75
