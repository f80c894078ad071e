"""Multinomial logistic regression over all classes, whether there are examples of each or not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

Array = NDArray[np.float64]
MOST_STEPS = 10_000  # it takes some dozens


def fit_regression(
    x: Any,
    y: NDArray[np.integer[Any]],
    *,
    classes: int,
    C: float,  # noqa: N803 - as everyone calls it
    weights: NDArray[np.float64] | None = None,
) -> tuple[Array, Array]:
    """Slopes (numbers, classes) and offsets (classes,) of examples (n, numbers), dense or sparse, weighed by (n,).

    A class without examples is as likely everywhere as if there were half a one. Smaller `C` is simpler.
    """
    there = np.unique(y)
    weight, bias = np.zeros((x.shape[1], classes)), np.full(classes, np.log(0.5 * len(there) / len(y)))
    if len(there) == 1:  # nothing to tell apart
        bias[there] = 0.0
        return weight, bias
    found = LogisticRegression(C=C, max_iter=MOST_STEPS).fit(x, y, sample_weight=weights)
    slopes, offsets = found.coef_, found.intercept_
    if len(there) == 2:  # of which scikit-learn gives the second's log-odds
        slopes, offsets = np.concatenate([-slopes, slopes]) / 2, np.concatenate([-offsets, offsets]) / 2
    weight[:, there], bias[there] = slopes.T, offsets
    return weight, bias
