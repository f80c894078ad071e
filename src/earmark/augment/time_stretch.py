"""Examples played faster or slower."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import along, taken, uniform


def time_stretch(*, most: float = 0.2) -> Augmentation:
    """Stretch or squeeze each example in time by a factor between 1 / (1 + most) and 1 + most about its middle.

    Linear between frames; what is missing at the ends of a squeezed example is its mirror image, which at a factor of 3
    ends as well. A song played a little faster stays of its genre. Raises UsageError where most is not from 0 to 2.
    """
    within("time_stretch", "most", most, 0, 2)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        frames = x.shape[-1]
        widest = torch.log1p(torch.tensor(most)).item()
        factor = uniform(-widest, widest, (len(x), 1), x, generator).exp_()
        middle = (frames - 1) / 2
        place = (torch.arange(frames, device=x.device, dtype=x.dtype) - middle) * factor + middle
        place = place.abs_()
        place = (frames - 1) - ((frames - 1) - place).abs_()
        left = place.floor().clamp_(0, max(frames - 2, 0)).long()
        following = (left + 1).clamp_(max=frames - 1)
        share = along(place - left, x, -1)
        return torch.lerp(taken(x, left, -1), taken(x, following, -1), share), target

    return apply
