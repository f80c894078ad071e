"""Spans of time silenced to the mean."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import along, span_mask


def time_mask(*, longest: int = 16, count: int = 1) -> Augmentation:
    """Set `count` spans of 0 to `longest` frames of each example to 0, the mean of standardised bands.

    Raises UsageError where longest or count is below 0.
    Source: Park et al. 2019, "SpecAugment", arXiv:1904.08779, section 2.
    """
    within("time_mask", "longest", longest, 0)
    within("time_mask", "count", count, 0)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        for _ in range(count):
            x = x.masked_fill_(along(span_mask(x, x.shape[-1], longest, generator), x, -1), 0.0)
        return x, target

    return apply
