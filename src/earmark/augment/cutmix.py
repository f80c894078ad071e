"""A piece of another picture laid over each, and its share of the target."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.boxes import boxes
from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import beta, uniform
from earmark.errors import UsageError


def cutmix(*, alpha: float = 1.0, probability: float = 0.5) -> Augmentation:
    """Lay a box of another example of the batch over each, with that `probability`; targets are shared by area.

    The share that stays is drawn from Beta(alpha, alpha) for each, before the box is cut off at the edges.
    Raises UsageError where alpha is not above 0 or probability not from 0 to 1.
    Source: Yun et al. 2019, "CutMix", arXiv:1905.04899, section 3.1; that half of the batches are mixed is theirs for
    pictures of 32 × 32 pixels.
    """
    if alpha <= 0:
        raise UsageError(f"cutmix: alpha = {alpha:g} must be above 0")
    within("cutmix", "probability", probability, 0, 1)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        mixed = uniform(0, 1, (len(x),), x, generator) < probability
        side = (1 - beta(alpha, len(x), x, generator)).sqrt() * mixed
        heights, widths = ((side * size).round().long() for size in x.shape[-2:])
        box = boxes(x, heights, widths, generator)
        other = torch.randperm(len(x), generator=generator, device=x.device)
        covered = box.flatten(1).to(x.dtype).mean(1)
        return torch.where(box, x[other], x), torch.lerp(target, target[other], covered[:, None])

    return apply
