"""Losses: from logits (batch, classes) and targets to one number, the mean over the batch."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]
"""Targets are places of classes (batch,) int64, or shares of classes (batch, classes) where examples were mixed."""


def cross_entropy(*, label_smoothing: float = 0.0) -> Loss:
    """Categorical cross-entropy in nats; `label_smoothing` gives that share of each target to all classes evenly.

    Source of the smoothing: Szegedy et al. 2016, "Rethinking the Inception Architecture", section 7.
    """
    return lambda logits, target: functional.cross_entropy(logits, target, label_smoothing=label_smoothing)
