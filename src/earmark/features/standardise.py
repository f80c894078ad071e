"""Bringing examples to the scale that networks learn from; statistics come from the training part alone."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Kind = Literal["per_band", "global", "unit", "none"]


class Standardiser(msgspec.Struct, frozen=True):
    """x → (x - mean) / spread, with one pair a band (second to last axis) or one for all."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]

    def __call__(self, x: Tensor) -> Tensor:
        """Standardise (batch, bands, frames) on whatever device it is."""
        mean = torch.tensor(self.mean, dtype=x.dtype, device=x.device)[:, None]
        spread = torch.tensor(self.spread, dtype=x.dtype, device=x.device)[:, None]
        return (x - mean) / spread


def fit_standardiser(x: NDArray[np.float32], kind: Kind, *, top_db: float) -> Standardiser:
    """Statistics of training examples (n, bands, frames).

    per_band: mean and standard deviation of each band · global: one of each · unit: -top_db..0 dB to 0..1 ·
    none: as it is. A band that never changes keeps a spread of 1. Sums run in float64, a block of examples at a time.
    """
    if kind == "unit":
        return Standardiser((-top_db,), (top_db,))
    if kind == "none":
        return Standardiser((0.0,), (1.0,))
    bands = x.shape[-2]
    total, squares, count = np.zeros(bands), np.zeros(bands), 0
    for start in range(0, len(x), 256):
        block = x[start : start + 256].astype(np.float64)
        total += block.sum((0, 2))
        squares += np.square(block).sum((0, 2))
        count += block.shape[0] * block.shape[2]
    if kind == "global":
        total, squares, count = total.sum(keepdims=True), squares.sum(keepdims=True), count * bands
    mean = total / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, 0))
    spread[spread < 1e-6] = 1.0
    return Standardiser(tuple(mean.tolist()), tuple(spread.tolist()))
