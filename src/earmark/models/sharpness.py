"""How far an estimator's decision values are to be trusted, learned from examples held out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.model_selection import StratifiedGroupKFold

Array = NDArray[np.float64]
Places = NDArray[np.integer[Any]]
FOLDS = 5


def held_out(decide: Callable[[Places, Places], Array], y: Places, groups: Places, *, folds: int = FOLDS) -> Array:
    """Decision values (n, classes) of each example by an estimator that saw nothing of its group.

    `decide(shown, judged)` learns from the examples at the places `shown` and gives the values of those at `judged`.
    There are `folds` folds, or as many as the smallest class has examples or there are groups.
    """
    folds = min(folds, len(np.unique(groups)), int(np.bincount(y).min()))
    rounds = [(judged, decide(shown, judged)) for shown, judged in StratifiedGroupKFold(folds).split(y, y, groups)]
    decisions: Array = np.empty((len(y), rounds[0][1].shape[1]))
    for judged, values in rounds:
        decisions[judged] = values
    return decisions


def fitting_sharpness(decisions: Array, y: Places) -> float:
    """The factor from 1/20 to 20 on decision values (n, classes) whose softmax makes `y` likeliest.

    This is temperature scaling (Guo et al. 2017, arXiv:1706.04599), of which it is the inverse.
    """

    def surprise(log_factor: float) -> float:
        return -float(log_softmax(np.exp(log_factor) * decisions, axis=1)[np.arange(len(y)), y].mean())

    found = minimize_scalar(surprise, bounds=(-np.log(20), np.log(20)), method="bounded")
    return float(np.exp(found.x))
