"""Examples blended with others, and their targets with them."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.spans import along
from earmark.errors import UsageError


def mixup(*, alpha: float = 0.2) -> Augmentation:
    """Blend each example with another of its batch, by a share drawn from Beta(alpha, alpha) for each.

    Raises UsageError where alpha is not above 0.
    Source: Zhang et al. 2018, "mixup", arXiv:1710.09412, equation 1.
    """
    if alpha <= 0:
        raise UsageError(f"mixup: alpha = {alpha:g} must be above 0")

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        share = _beta(alpha, len(x), x, generator)
        other = torch.randperm(len(x), generator=generator, device=x.device)
        mixed = torch.lerp(x[other], x, along(share[:, None], x, -1))
        return mixed, torch.lerp(target[other], target, share[:, None])

    return apply


def _beta(alpha: float, n: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """Draws (n,) from Beta(alpha, alpha), by its quotient of Gamma draws."""
    shape = torch.full((2, n), alpha, device=like.device, dtype=torch.float64)
    # torch.distributions.Beta would draw from the global generator; this is what it is made of.
    first, second = torch._standard_gamma(shape, generator=generator)
    share: Tensor = first / (first + second).clamp_min(1e-300)
    return share.to(like.dtype)
