"""Several augmentations, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

Augmentation = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]


def chain(augmentations: Sequence[Augmentation], *, classes: int) -> Augmentation:
    """Apply `augmentations` in order to examples (batch, …) and labels (batch,); targets come out as shares."""

    def apply(x: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        target = functional.one_hot(labels, classes).to(x.dtype)
        for augmentation in augmentations:
            x, target = augmentation(x, target, generator)
        return x, target

    return apply
