"""Another piece of each example at every epoch."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.spans import taken
from earmark.errors import UsageError


def random_crop(*, frames: int) -> Augmentation:
    """Keep `frames` neighbouring frames of each example, from anywhere. Comes by itself with features.crop_frames.

    Raises UsageError, when applied, for examples that are shorter.
    """

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        spare = x.shape[-1] - frames
        if spare < 0:
            raise UsageError(f"random_crop: frames = {frames}, but examples have only {x.shape[-1]}")
        begin = torch.randint(0, spare + 1, (len(x), 1), generator=generator, device=x.device)
        place = begin + torch.arange(frames, device=x.device)
        return taken(x, place, -1), target

    return apply
