"""Pictures moved a little, both ways."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import taken


def crop(*, pad: int = 4) -> Augmentation:
    """Put `pad` rows and columns of 0, the mean of standardised pixels, around each example and cut its size from that.

    Raises UsageError where pad is below 0.
    Source: He, Zhang, Ren & Sun 2015, "Deep residual learning for image recognition", arXiv:1512.03385, section 4.2.
    """
    within("crop", "pad", pad, 0)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        sizes = x.shape[-2:]
        x = functional.pad(x, (pad, pad, pad, pad))
        for axis, size in zip((-2, -1), sizes, strict=True):
            begin = torch.randint(0, 2 * pad + 1, (len(x), 1), generator=generator, device=x.device)
            x = taken(x, begin + torch.arange(size, device=x.device), axis)
        return x, target

    return apply
