"""Weights averaged along a training: what is judged and kept in place of the last step's."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn

from earmark.training.schedules import Moment

Rule = Callable[[Moment], float]
"""Gives the share of the newest weights in the average after a step."""


def ema(*, decay: float = 0.999) -> Rule:
    """Exponential moving average; the first steps count more, so that the start is forgotten soon.

    Source: Polyak & Juditsky 1992 for the idea; the warm-up (1 + step) / (10 + step) as in TensorFlow's
    ExponentialMovingAverage with `num_updates`.
    """
    return lambda moment: 1 - min(decay, (1 + moment.step) / (10 + moment.step))


def swa(*, start: float = 0.75) -> Rule:
    """Plain mean of the weights after each step, from the share `start` of the training on; the newest before.

    Source: Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization",
    arXiv:1803.05407; there once an epoch with a constant rate.
    """
    return lambda moment: 1 / max(1.0, moment.step - start * moment.steps + 1)


class Averaged:
    """A copy of a model whose weights and batch statistics follow the model's by a rule."""

    def __init__(self, model: nn.Module, rule: Rule) -> None:
        self.model = copy.deepcopy(model)
        self._rule = rule

    @torch.no_grad()
    def update(self, model: nn.Module, moment: Moment) -> None:
        """Move towards `model`; counters, which have no mean, are taken over."""
        share = self._rule(moment)
        for mean, newest in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(newest, share)
            else:
                mean.copy_(newest)
