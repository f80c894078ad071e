"""Linear machines on the numbers of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack
from sklearn.utils.class_weight import compute_sample_weight

from earmark.models.estimator import array_of
from earmark.models.margin import fit_margin
from earmark.models.sharpness import Places
from earmark.models.text_numbers import Reading, TextNumbers

Array = NDArray[np.float64]
ClassWeights = Literal["none", "balanced"]


@dataclass(frozen=True)
class LinearText:
    """Texts' numbers, what each adds to the decision values (width, classes), and where these begin (classes,)."""

    numbers: TextNumbers
    weight: NDArray[np.float32]
    bias: Array

    def decide(self, reading: Reading) -> Array:
        """Decision values (n, classes)."""
        decisions: Array = self.numbers.of(reading) @ self.weight + self.bias
        return decisions

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays."""
        return self.numbers.state() | {"weight": self.weight, "bias": self.bias}

    @classmethod
    def of_state(cls, model: str, state: Mapping[str, NDArray[Any]], numbers: TextNumbers, *, classes: int) -> Self:
        """What `state` gave. Raises ModelError naming the first array that does not fit."""
        weight = array_of(model, state, "weight", (numbers.width, classes)).astype(np.float32)
        return cls(numbers, weight, array_of(model, state, "bias", (classes,)))


def fit_linear_text(
    numbers: TextNumbers,
    reading: Reading,
    y: Places,
    *,
    classes: int,
    C: float,  # noqa: N803 - as everyone calls it
    class_weights: ClassWeights,
) -> LinearText:
    """Support-vector machines on n texts and the places of their classes (n,).

    With the artist as an input each text is learned from twice, by its artist and as if by an unknown one, at half the
    weight: an artist alone could else explain all the texts that teach, and the words would say nothing.
    """
    rows = numbers.of(reading)
    weights = np.ones(len(y)) if class_weights == "none" else compute_sample_weight("balanced", y)
    if numbers.artists is not None:
        rows = vstack([rows, numbers.of(reading.unnamed())]).tocsr()
        y, weights = np.tile(y, 2), np.tile(weights, 2) / 2
    weight, bias = fit_margin(rows, y, classes=classes, C=C, weights=weights)
    return LinearText(numbers, weight.astype(np.float32), bias)
