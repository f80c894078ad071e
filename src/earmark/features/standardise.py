"""Bringing examples to the scale that networks learn from; statistics come from the training part alone."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from earmark.features.on_demand import OnDemand

Kind = Literal["per_band", "per_channel", "global", "unit", "none"]
BLOCK_EXAMPLES = 256
BLOCK_VALUES = 4_000_000


class Standardiser(msgspec.Struct, frozen=True):
    """x → (x - mean) / spread, with one pair a band (second to last axis), a channel (axis -3) or one for all."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]
    axis: int = -2

    def __call__(self, x: Tensor) -> Tensor:
        """Standardise (batch, bands, frames) or (batch, channels, height, width) on whatever device it is."""
        along = (-1, *[1] * (-self.axis - 1))
        mean = torch.tensor(self.mean, dtype=x.dtype, device=x.device).reshape(along)
        spread = torch.tensor(self.spread, dtype=x.dtype, device=x.device).reshape(along)
        return (x - mean) / spread


AS_IT_IS = Standardiser((0.0,), (1.0,))


def fit_standardiser(x: NDArray[np.float32] | OnDemand, kind: Kind, *, top_db: float = 80.0) -> Standardiser:
    """Statistics of training examples (n, bands, frames) or (n, channels, height, width).

    per_band: mean and standard deviation of each band · per_channel: of each colour · global: one of each · unit:
    -top_db..0 dB to 0..1 · none: as it is. A band that never changes keeps a spread of 1. Sums run in float64, a block
    of examples at a time.
    """
    if kind == "unit":
        return Standardiser((-top_db,), (top_db,))
    if kind == "none":
        return AS_IT_IS
    axis = -3 if kind == "per_channel" else -2
    bands = x.shape[axis]
    others = tuple(other for other in range(x.ndim) if other != x.ndim + axis)
    total, squares, count = np.zeros(bands), np.zeros(bands), 0
    step = min(BLOCK_EXAMPLES, max(1, BLOCK_VALUES // math.prod(x.shape[1:])))
    for start in range(0, len(x), step):
        block = np.asarray(x[start : start + step], np.float64)
        total += block.sum(others)
        squares += np.square(block).sum(others)
        count += block.size // bands
    if kind == "global":
        total, squares, count = total.sum(keepdims=True), squares.sum(keepdims=True), count * bands
    mean = total / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, 0))
    spread[spread < 1e-6] = 1.0
    return Standardiser(tuple(mean.tolist()), tuple(spread.tolist()), axis)
