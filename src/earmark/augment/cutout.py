"""A square of each picture covered."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.boxes import boxes
from earmark.augment.chain import Augmentation
from earmark.augment.limits import within


def cutout(*, size: int = 8) -> Augmentation:
    """Set a square of `size` pixels about any pixel of each example to 0, the mean of standardised pixels.

    Raises UsageError where size is below 0.
    Source: DeVries & Taylor 2017, "Improved regularization of convolutional neural networks with cutout",
    arXiv:1708.04552, section 3.2; of 32 × 32 pixels in 100 classes, 8.
    """
    within("cutout", "size", size, 0)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        lengths = torch.full((len(x),), size, device=x.device)
        return x.masked_fill_(boxes(x, lengths, lengths, generator), 0.0), target

    return apply
