"""Whether probabilities mean what they say, and what is gained where the unsure answers are not given.

An answer is the likeliest genre; how sure it is, its probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from earmark.errors import ModelError
from earmark.evaluation.scores import Bin, Calibration, Kept
from earmark.predictions import Predictions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BINS = 15  # of equal width
SHARPEST, FLATTEST = 0.05, 20.0  # temperatures
DRAWS = 2000
STEPS = 1000  # of thresholds that are searched


def fit_temperature(logits: Floats, truth: Ints) -> float:
    """The temperature, from 1/20 to 20, that divides the logits so that the truth becomes likeliest.

    logits  (n, classes), or any log-probabilities
    truth   (n,) places of the true classes

    The inverse of the temperature has a normal prior of 1 ± 1, which counts as much as one answer: it keeps a handful
    of answers, all of them right, from making the classifier certain. What is minimised is convex in that inverse.

    Raises ModelError where logits are not finite.
    Source: Guo, Pleiss, Sun & Weinberger 2017, "On calibration of modern neural networks", arXiv:1706.04599, 4.2.
    """
    if not np.isfinite(logits).all():
        raise ModelError("logits are not finite, so that no temperature suits them: the training diverged")

    def surprise(log_sharpness: float) -> float:
        sharpness = np.exp(log_sharpness)
        given = log_softmax(sharpness * logits, axis=1)[np.arange(len(truth)), truth]
        return float((sharpness - 1) ** 2 / 2 - given.sum())

    bounds = (-np.log(FLATTEST), -np.log(SHARPEST))
    return float(np.exp(-minimize_scalar(surprise, bounds=bounds, method="bounded").x))


def calibration(before: Predictions, *, temperature: float, level: float) -> Calibration:
    """All figures of predictions whose truth is known, once their logits are divided by `temperature`."""
    judged = before.tempered(temperature)
    sureness, right = answers(judged)
    bins = reliability(sureness, right)
    return Calibration(
        temperature=temperature,
        ece=calibration_error(bins),
        ece_before=calibration_error(reliability(*answers(before))),
        ece_by_chance=_error_by_chance(bins, level),
        level=level,
        bins=bins,
        aurc=risk_coverage(sureness, right).area,
    )


def answers(judged: Predictions) -> tuple[Floats, Bools]:
    """How sure each answer is, and whether it is right, both (n,)."""
    return judged.probabilities.max(1), judged.guesses == judged.truth


def reliability(sureness: Floats, right: Bools) -> tuple[Bin, ...]:
    """The answers shared out over `BINS` bins of equal width, each with its upper edge; empty ones are left out."""
    place = np.searchsorted(np.arange(1, BINS) / BINS, sureness)
    n, total, hits = (np.bincount(place, weights, BINS) for weights in (None, sureness, right))
    return tuple(Bin(int(n[i]), float(total[i] / n[i]), float(hits[i] / n[i])) for i in np.flatnonzero(n))


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: |probability - share that is right|, in the mean over all answers.

    Few answers never agree exactly, so that it is above 0 for perfect calibration too.
    Source: Naeini, Cooper & Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning", AAAI.
    """
    return sum(each.n * abs(each.probability - each.right) for each in bins) / sum(each.n for each in bins)


def _error_by_chance(bins: Sequence[Bin], level: float) -> float:
    """The calibration error that `level` of draws stay below, where each answer is right as often as it says.

    Source: Bröcker & Smith 2007, "Increasing the reliability of reliability diagrams", Weather and Forecasting 22.
    """
    n = np.array([each.n for each in bins])
    probability = np.array([min(each.probability, 1.0) for each in bins])
    hits = np.random.default_rng(0).binomial(n, probability, size=(DRAWS, len(bins)))
    return float(np.quantile(np.abs(hits - n * probability).sum(1) / n.sum(), level))


@dataclass(frozen=True)
class RiskCoverage:
    """What remains wrong where only the surest answers are given.

    thresholds  (m,) the probabilities that occur, highest first: equally sure answers are given together or not at all
    coverage    (m,) share of all answers that are at least so sure
    risk        (m,) share of those that is wrong; the last is the error rate
    area        the mean risk over all numbers of answers given; among equally sure ones the order is chance

    Source: Geifman & El-Yaniv 2017, "Selective classification for deep neural networks", arXiv:1705.08500.
    """

    thresholds: Floats
    coverage: Floats
    risk: Floats
    area: float

    def kept(self, threshold: float) -> Kept:
        """The answers that are at least so sure."""
        place = int(np.searchsorted(-self.thresholds, -threshold, side="right")) - 1
        if place < 0:
            return Kept(threshold, 0.0, None)
        return Kept(threshold, float(self.coverage[place]), float(1 - self.risk[place]))

    def reaching(self, accuracy: float) -> Kept | None:
        """The least threshold of three decimals at which so many of the answers given are right; None where none is."""
        every = (self.kept(step / STEPS) for step in range(STEPS + 1))
        return next((kept for kept in every if kept.accuracy is not None and kept.accuracy >= accuracy), None)


def risk_coverage(sureness: Floats, right: Bools) -> RiskCoverage:
    """The curve of at least one answer."""
    thresholds, place = np.unique(-sureness, return_inverse=True)
    n = np.bincount(place)
    wrong = np.bincount(place, ~right)
    given, mistaken = n.cumsum(), wrong.cumsum()
    number = np.arange(1, len(right) + 1)
    step = np.repeat(np.arange(len(n)), n)
    mistakes = mistaken[step] - (given[step] - number) * (wrong / n)[step]
    return RiskCoverage(-thresholds, given / len(right), mistaken / given, float((mistakes / number).mean()))
