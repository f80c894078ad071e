"""Spans of bands silenced to the mean."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import along, span_mask


def frequency_mask(*, widest: int = 16, count: int = 1) -> Augmentation:
    """Set `count` spans of 0 to `widest` bands of each example to 0, the mean of standardised bands.

    Raises UsageError where widest or count is below 0.
    Source: Park et al. 2019, "SpecAugment", arXiv:1904.08779, section 2.
    """
    within("frequency_mask", "widest", widest, 0)
    within("frequency_mask", "count", count, 0)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        for _ in range(count):
            x = x.masked_fill_(along(span_mask(x, x.shape[-2], widest, generator), x, -2), 0.0)
        return x, target

    return apply
