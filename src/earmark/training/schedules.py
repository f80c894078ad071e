"""Learning-rate schedules: pure functions of where the training stands, so that nothing of them needs saving."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """Where a training stands: `step` of `steps` in all and `epoch`, all counted from 0.

    `valid_losses` are those of the finished epochs, None where there is no valid part.
    """

    step: int
    steps: int
    epoch: int = 0
    valid_losses: Sequence[float | None] = ()


Schedule = Callable[[Moment], float]
"""Gives the factor by which the optimiser's learning rate is multiplied at a moment."""


def constant() -> Schedule:
    """The learning rate as given."""
    return lambda _moment: 1.0


def inverse_time(*, decay: float = 0.01) -> Schedule:
    """1 / (1 + decay · step): what Keras' optimisers did with their argument `decay`."""
    return lambda moment: 1 / (1 + decay * moment.step)


def step(*, every: int = 10, factor: float = 0.1) -> Schedule:
    """Multiply by `factor` after each `every` epochs."""
    return lambda moment: factor ** (moment.epoch // every)


def cosine(*, end: float = 0.0) -> Schedule:
    """Fall from 1 to `end` along half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, one period).

    A training continued past its plan stays at `end`.
    """
    return lambda moment: _arc(1.0, end, min(1.0, moment.step / max(1, moment.steps - 1)))


def one_cycle(*, warmup: float = 0.3, start: float = 0.04, end: float = 4e-6) -> Schedule:
    """Rise to the full rate over the share `warmup` of all steps and fall to `end`, both along half a cosine.

    `start` and `end` are factors of the full rate. A training continued past its plan stays at `end`.
    Source: Smith & Topin 2018, "Super-Convergence", arXiv:1708.07120; the arcs and defaults are those of torch's
    OneCycleLR.
    """

    def factor(moment: Moment) -> float:
        top, last = warmup * moment.steps - 1, moment.steps - 1
        if moment.step < top:
            return _arc(start, 1.0, moment.step / top)
        return _arc(1.0, end, min(1.0, (moment.step - top) / (last - top)) if last > top else 1.0)

    return factor


def plateau(*, patience: int = 5, factor: float = 0.1, least: float = 0.0) -> Schedule:
    """Multiply by `factor`, down to `least`, after `patience` epochs in a row without a lower validation loss."""

    def now(moment: Moment) -> float:
        best, waited, rate = math.inf, 0, 1.0
        for loss in moment.valid_losses:
            if loss is not None and loss < best:
                best, waited = loss, 0
            else:
                waited += 1
            if waited > patience:
                rate, waited = max(least, rate * factor), 0
        return rate

    return now


def _arc(first: float, last: float, way: float) -> float:
    """From `first` to `last` along half a cosine, `way` in 0..1."""
    return last + (first - last) * (1 + math.cos(math.pi * way)) / 2
