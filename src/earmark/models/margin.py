"""Linear support-vector machines, each class against all others, whether there are examples of each or not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

Array = NDArray[np.float64]
MOST_STEPS = 10_000
TOLERANCE = 1e-3  # finer ones move no decision, and take three times as long


def fit_margin(
    x: Any,
    y: NDArray[np.integer[Any]],
    *,
    classes: int,
    C: float,  # noqa: N803 - as everyone calls it
    weights: NDArray[np.float64] | None = None,
) -> tuple[Array, Array]:
    """Slopes (numbers, classes) and offsets (classes,) of examples (n, numbers), dense or sparse, weighed by (n,).

    A class without examples is everywhere as far on the wrong side as a margin: at -1. The order in which the examples
    are gone through is always the same.
    """
    there = np.unique(y)
    weight, bias = np.zeros((x.shape[1], classes)), np.full(classes, -1.0)
    if len(there) == 1:
        bias[there] = 1.0
        return weight, bias
    found = LinearSVC(C=C, tol=TOLERANCE, max_iter=MOST_STEPS, random_state=0).fit(x, y, sample_weight=weights)
    slopes, offsets = found.coef_, found.intercept_
    if len(there) == 2:  # of which scikit-learn gives the second's side
        slopes, offsets = np.concatenate([-slopes, slopes]), np.concatenate([-offsets, offsets])
    weight[:, there], bias[there] = slopes.T, offsets
    return weight, bias
