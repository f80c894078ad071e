"""Examples blended with others, and their targets with them."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.spans import along, beta
from earmark.errors import UsageError


def mixup(*, alpha: float = 0.2) -> Augmentation:
    """Blend each example with another of its batch, by a share drawn from Beta(alpha, alpha) for each.

    Raises UsageError where alpha is not above 0.
    Source: Zhang et al. 2018, "mixup", arXiv:1710.09412, equation 1.
    """
    if alpha <= 0:
        raise UsageError(f"mixup: alpha = {alpha:g} must be above 0")

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        share = beta(alpha, len(x), x, generator)
        other = torch.randperm(len(x), generator=generator, device=x.device)
        mixed = torch.lerp(x[other], x, along(share[:, None], x, -1))
        return mixed, torch.lerp(target[other], target, share[:, None])

    return apply
