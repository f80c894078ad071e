"""Where a classifier was wrong: the pairs it confuses, and the answers it was surest of and wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.evaluation.scores import Scores
from earmark.predictions import Predictions


@dataclass(frozen=True)
class Mistake:
    """One wrong answer, with the probabilities given to it and to the truth."""

    id: str
    truth: str
    guess: str
    probability: float
    truth_probability: float


@dataclass(frozen=True)
class Confusion:
    """How often `truth` was taken for `guess`; `share` is of all that truly are `truth`."""

    truth: str
    guess: str
    count: int
    share: float


def confident_mistakes(predictions: Predictions, count: int) -> list[Mistake]:
    """The `count` wrong answers of highest probability, highest first; equal ones in their order."""
    guesses = predictions.guesses
    wrong = np.flatnonzero((predictions.truth >= 0) & (guesses != predictions.truth))
    sureness = predictions.probabilities[wrong, guesses[wrong]]
    chosen = wrong[np.argsort(-sureness, kind="stable")[:count]]
    return [
        Mistake(
            predictions.ids[i],
            predictions.genres[predictions.truth[i]],
            predictions.genres[guesses[i]],
            float(predictions.probabilities[i, guesses[i]]),
            float(predictions.probabilities[i, predictions.truth[i]]),
        )
        for i in chosen
    ]


def top_confusions(scores: Scores, count: int) -> list[Confusion]:
    """The `count` commonest confusions, commonest first; equal ones in the order of the genres."""
    matrix = np.array(scores.confusion)
    np.fill_diagonal(matrix, 0)
    order = np.argsort(-matrix, axis=None, kind="stable")[:count]
    return [
        Confusion(
            scores.genres[truth].genre,
            scores.genres[guess].genre,
            int(matrix[truth, guess]),
            float(matrix[truth, guess] / sum(scores.confusion[truth])),
        )
        for truth, guess in zip(*np.unravel_index(order, matrix.shape), strict=True)
        if matrix[truth, guess]
    ]
