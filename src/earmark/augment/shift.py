"""Examples moved along time, what leaves one end coming in at the other."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import taken


def shift(*, farthest: int | None = None) -> Augmentation:
    """Roll each example by up to `farthest` frames either way; None: anywhere.

    Genre does not depend on where in a bar a clip begins; rolling keeps every frame, unlike a crop. Raises UsageError
    where farthest is below 0.
    """
    if farthest is not None:
        within("shift", "farthest", farthest, 0)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        frames = x.shape[-1]
        most = frames // 2 if farthest is None else farthest
        steps = torch.randint(-most, most + 1, (len(x), 1), generator=generator, device=x.device)
        place = (torch.arange(frames, device=x.device) - steps) % frames
        return taken(x, place, -1), target

    return apply
