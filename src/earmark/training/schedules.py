"""Learning-rate schedules: pure functions of where the training stands, so that nothing of them needs saving."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """Where a training stands: `step` of `steps` in all, counted from 0."""

    step: int
    steps: int


Schedule = Callable[[Moment], float]
"""Gives the factor by which the optimiser's learning rate is multiplied at a moment."""


def constant() -> Schedule:
    """The learning rate as given."""
    return lambda _moment: 1.0


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


def _arc(first: float, last: float, way: float) -> float:
    """From `first` to `last` along half a cosine, `way` in 0..1."""
    return last + (first - last) * (1 + math.cos(math.pi * way)) / 2
