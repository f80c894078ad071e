"""Hiss."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import along, uniform


def noise(*, most: float = 0.2) -> Augmentation:
    """Add Gaussian noise to every value, its standard deviation drawn evenly from 0 to `most` for each example.

    The last digits of a spectrogram then carry nothing to be learnt by heart. Raises UsageError where most is below 0.
    """
    within("noise", "most", most, 0)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        strength = along(uniform(0, most, (len(x), 1), x, generator), x, -1)
        hiss = torch.empty_like(x).normal_(generator=generator)
        return x.addcmul_(hiss, strength), target

    return apply
