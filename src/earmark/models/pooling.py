"""What several classifiers say of the same things, made into one answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from earmark.errors import DataError

Array = NDArray[np.float64]
LEAST = -50.0  # a log-probability below it counts as this: one certain voice may not silence all others


def pooled(log_probabilities: Array, exponents: Array) -> Array:
    """Log-probabilities (n, classes) of the logarithmic opinion pool.

    log_probabilities  (voices, n, classes)
    exponents          (voices,) ≥ 0: their sum sharpens, their shares weigh

    Source: Genest & Zidek 1986, "Combining probability distributions: a critique and an annotated bibliography",
    Statistical Science 1, section 3.
    """
    together: Array = log_softmax(np.tensordot(exponents, np.maximum(log_probabilities, LEAST), axes=1), axis=1)
    return together


def fit_pool(log_probabilities: Array, truth: NDArray[np.int64]) -> Array:
    """The exponents (voices,) ≥ 0 whose pool makes `truth` (n,) likeliest; a convex search.

    The things must be such that no voice has learned from them. Raises DataError where there are none, or where a
    voice says what is no number.
    """
    from scipy.optimize import minimize  # for which those who only ask a classifier would wait at each start

    voices, n, _ = log_probabilities.shape
    if not n or np.isnan(log_probabilities).any():
        raise DataError("voices are weighed on held-out things of known class: there are none, or some are not numbers")
    capped, each = np.maximum(log_probabilities, LEAST), np.arange(n)

    def surprise(exponents: Array) -> tuple[float, Array]:
        said = log_softmax(np.tensordot(exponents, capped, axes=1), axis=1)
        expected = (np.exp(said) * capped).sum(2)
        return -float(said[each, truth].mean()), (expected - capped[:, each, truth]).mean(1)

    start = np.full(voices, 1 / voices)
    found: Array = minimize(surprise, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * voices).x
    return found
