"""Pictures mirrored."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.augment.chain import Augmentation
from earmark.augment.limits import within
from earmark.augment.spans import along, uniform


def flip(*, probability: float = 0.5) -> Augmentation:
    """Mirror each example, left for right, with that `probability`.

    A photograph's subject stays what it is; the time of music would run backwards. Raises UsageError where probability
    is not from 0 to 1.
    """
    within("flip", "probability", probability, 0, 1)

    def apply(x: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        turned = uniform(0, 1, (len(x), 1), x, generator) < probability
        return torch.where(along(turned, x, -1), x.flip(-1), x), target

    return apply
