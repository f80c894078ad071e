"""Mistakes and confusions, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.evaluation.metrics import score
from earmark.predictions import Predictions
from earmark.report.mistakes import Confusion, Mistake, confident_mistakes, top_confusions

ROWS = [  # id, truth, probabilities of a, b, c
    ("right", 0, (0.9, 0.1, 0.0)),
    ("slightly wrong", 0, (0.4, 0.5, 0.1)),
    ("surely wrong", 1, (0.0, 0.2, 0.8)),
    ("unknown", -1, (0.0, 0.0, 1.0)),
    ("wrong as well", 2, (0.3, 0.5, 0.2)),
]


@pytest.fixture
def predictions():
    ids = tuple(row[0] for row in ROWS)
    truth = np.array([row[1] for row in ROWS])
    return Predictions(("a", "b", "c"), ids, ids, truth, np.array([row[2] for row in ROWS]))


def test_mistakes_are_the_wrong_answers_surest_first(predictions):
    assert confident_mistakes(predictions, 9) == [
        Mistake("surely wrong", "b", "c", 0.8, 0.2),
        Mistake("slightly wrong", "a", "b", 0.5, 0.4),
        Mistake("wrong as well", "c", "b", 0.5, 0.2),
    ]
    assert [mistake.id for mistake in confident_mistakes(predictions, 1)] == ["surely wrong"]


def test_confusions_leave_out_right_answers_and_what_never_happened():
    truth = np.array([0, 0, 0, 0, 1, 1, 2])
    guesses = np.array([0, 1, 1, 2, 1, 0, 2])
    ids = tuple("abcdefg")
    scores = score(Predictions(("x", "y", "z"), ids, ids, truth, np.eye(3)[guesses]), unit="track", resamples=10)
    assert top_confusions(scores, 9) == [
        Confusion("x", "y", 2, 0.5),
        Confusion("x", "z", 1, 0.25),
        Confusion("y", "x", 1, 0.5),
    ]
    assert len(top_confusions(scores, 2)) == 2
