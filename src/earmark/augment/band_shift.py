"""Examples moved along the bands: another key, roughly."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import taken


def band_shift(*, farthest: int = 3) -> Augmentation:
    """Move each example by up to `farthest` bands up or down; the band at the edge is repeated into the gap.

    On a mel scale a shift by bands is a change of pitch above 1 kHz, and a rougher one below. Raises UsageError where
    farthest is below 0.
    """
    within("band_shift", "farthest", farthest, 0)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        bands = x.shape[-2]
        steps = torch.randint(-farthest, farthest + 1, (len(x), 1), generator=generator, device=x.device)
        place = (torch.arange(bands, device=x.device) - steps).clamp_(0, bands - 1)
        return taken(x, place, -2), target

    return apply
