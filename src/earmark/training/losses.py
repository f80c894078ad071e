"""Losses: from logits (batch, classes) and targets to one number, the mean over the batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from earmark.errors import UsageError

Loss = Callable[[Tensor, Tensor], Tensor]
"""Targets are places of classes (batch,) int64, or shares of classes (batch, classes) where examples were mixed."""


def cross_entropy(*, label_smoothing: float = 0.0) -> Loss:
    """Categorical cross-entropy in nats; `label_smoothing` gives that share of each target to all classes evenly.

    Source of the smoothing: Szegedy et al. 2016, "Rethinking the Inception Architecture", section 7.
    """
    return lambda logits, target: functional.cross_entropy(logits, target, label_smoothing=label_smoothing)


def binary_cross_entropy() -> Loss:
    """A yes or no for each class by the sigmoid of its logit: binary cross-entropy in nats, summed over the classes.

    A classifier trained so answers with the softmax of its logits, as any other does. For yeses and noes that are
    independent of each other that is the probability of each class, given that one alone is true: it is in proportion
    to p / (1 - p), which is the exponential of the logit.
    """

    def loss(logits: Tensor, target: Tensor) -> Tensor:
        shares = _shares(logits, target)
        each = functional.binary_cross_entropy_with_logits(logits.float(), shares, reduction="none")
        return each.sum(1).mean()

    return loss


def focal(*, gamma: float = 2.0) -> Loss:
    """Cross-entropy in nats in which examples count less, by (1 - p) ** gamma, the surer the network is of them.

    Of mixed examples each class counts by its share. Raises UsageError where gamma is below 0.
    Source: Lin, Goyal, Girshick, He & Dollár 2017, "Focal loss for dense object detection", arXiv:1708.02002,
    equation 4, for the softmax in place of the sigmoid.
    """
    if gamma < 0:
        raise UsageError(f"focal: gamma = {gamma:g} must be 0 or more")

    def loss(logits: Tensor, target: Tensor) -> Tensor:
        logarithms = logits.float().log_softmax(1)
        unsure = (-logarithms.expm1()).clamp_min(torch.finfo(logarithms.dtype).tiny)  # of 0, a root has no gradient
        each = -(unsure**gamma) * logarithms
        return (_shares(logits, target) * each).sum(1).mean()

    return loss


def squared_error(given: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared error over all of a batch: what autoencoders learn by, and no loss of classifiers."""
    return functional.mse_loss(given.float(), wanted.float())


def _shares(logits: Tensor, target: Tensor) -> Tensor:
    """The targets as shares of the classes (batch, classes) float32."""
    shares = target if target.ndim == 2 else functional.one_hot(target, logits.shape[1])
    return shares.float()
