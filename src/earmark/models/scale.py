"""Numbers on scales that compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
OUTLYING = 4.0  # deviations; a stranger recording is held there


@dataclass(frozen=True)
class Scale:
    """Mean and spread (numbers,) of what was learned from."""

    mean: Array
    spread: Array

    def __call__(self, numbers: Array) -> Array:
        """Deviations from the mean, at most `OUTLYING`, of numbers (n, numbers)."""
        scaled: Array = np.clip((numbers - self.mean) / self.spread, -OUTLYING, OUTLYING)
        return scaled


def scale_of(numbers: Array) -> Scale:
    """The scale of examples (n, numbers); of a number that never changes the spread is 1."""
    mean, spread = numbers.mean(0), numbers.std(0)
    spread[spread < 1e-9] = 1.0
    return Scale(mean, spread)
