"""Scores by language and decade."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.evaluation.metrics import score
from earmark.evaluation.slices import alike, slices
from earmark.predictions import Predictions
from earmark.tracks import Track

TRACKS = [
    Track(id="a", language="pt", year=1969),
    Track(id="b", language="pt", year=1970),
    Track(id="c", language="en", year=1979),
    Track(id="d", year=None),
]


def test_songs_are_told_apart_by_language_and_decade() -> None:
    assert alike(TRACKS) == {
        "language": {"a": "pt", "b": "pt", "c": "en", "d": "unknown"},
        "decade": {"a": "1960s", "b": "1970s", "c": "1970s", "d": "unknown"},
    }


def test_what_tells_nothing_apart_is_left_out() -> None:
    assert list(alike(TRACKS[:2])) == ["decade"]
    assert alike([Track(id="a"), Track(id="b")]) == {}


def test_a_slice_scores_as_if_it_were_all_there_is() -> None:
    rng = np.random.default_rng(1)
    names = tuple(f"song {i}" for i in range(60))
    judged = Predictions(
        ("jazz", "rock"), names, names, rng.integers(0, 2, 60), rng.dirichlet([1, 1], 60), tuple(n[-1] for n in names)
    )
    language = {name: ("en", "pt", "unknown")[i % 3] for i, name in enumerate(names)}
    found = slices(judged, {"language": language}, level=0.9, resamples=200)
    assert [(s.by, s.value, s.n) for s in found] == [
        ("language", "en", 20),
        ("language", "pt", 20),
        ("language", "unknown", 20),
    ]
    alone = score(judged.rows(range(1, 60, 3)), unit="clip", level=0.9, resamples=200)
    assert (found[1].accuracy, found[1].macro_f1) == (alone.accuracy, alone.macro_f1)
    assert found[1].majority_accuracy == pytest.approx(alone.majority_accuracy)


def test_what_has_no_known_truth_is_not_counted() -> None:
    judged = Predictions(("jazz",), ("a", "b"), ("a", "b"), np.array([0, -1]), np.ones((2, 1)))
    assert [s.n for s in slices(judged, {"language": {"a": "en", "b": "pt"}}, level=0.9, resamples=10)] == [1]
