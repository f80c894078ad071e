"""What a linear classifier's logits are sums of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """What a linear classifier's logits are sums of: parts.sum(1) + constant, and nothing else.

    parts     (n, parts, classes): what each number, or group of numbers, of an example adds
    constant  (classes,): what is added whatever is heard
    names     (parts,) of the groups; empty where each number stands for itself
    """

    parts: Array
    constant: Array
    names: tuple[str, ...] = ()


def shares_of(scaled: Array, weight: Array, bias: Array, *, factor: float) -> Shares:
    """Those of factor · (scaled @ weight + bias).

    scaled (n, numbers), weight (numbers, classes), bias (classes,)
    """
    return Shares(factor * scaled[:, :, None] * weight, factor * bias)


def grouped(shares: Shares, sizes: dict[str, int]) -> Shares:
    """The same with neighbouring numbers added up, so many a group."""
    begins = np.cumsum([0, *sizes.values()])[:-1]
    return Shares(np.add.reduceat(shares.parts, begins, axis=1), shares.constant, tuple(sizes))
