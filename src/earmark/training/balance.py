"""Classes of which there are few, made to count like the others."""

from __future__ import annotations

import torch
from torch import Tensor

from earmark.errors import UsageError
from earmark.training.losses import Loss


def class_weights(y: Tensor, classes: int) -> Tensor:
    """What an example of each class counts, (classes,), given the classes (n,) of all: every class the same together.

    The mean over the examples is 1; a class without any has 0.
    """
    counts = torch.bincount(y, minlength=classes).double()
    weights = len(y) / (counts * (counts > 0).sum())
    return torch.where(counts > 0, weights, 0.0).float()


def weighted(loss: Loss, weights: Tensor) -> Loss:
    """The mean of a loss over examples that count by their class's weight. It raises UsageError for mixed examples."""

    def of_batch(logits: Tensor, target: Tensor) -> Tensor:
        if target.ndim > 1:
            raise UsageError(
                "training.class_weights are of one class each, and augment mixes examples of several; "
                "set training.sampling = 'balanced' instead"
            )
        total = logits.new_zeros(())
        for label in torch.bincount(target).nonzero().flatten().tolist():
            rows = target == label
            total = total + float(weights[label]) * rows.sum() * loss(logits[rows], target[rows])
        return total / len(target)

    return of_batch


def balanced_order(y: Tensor) -> Tensor:
    """As many examples as there are, drawn with replacement, each class with the same chance: their places (n,)."""
    weights = class_weights(y, int(y.max()) + 1)[y]
    return torch.multinomial(weights, len(y), replacement=True)
