"""How high the learning rate may be: a sweep from low to high, and what to take from it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from earmark.errors import ModelError
from earmark.training.loop import Part, Plan, Trainee, feed, seeded
from earmark.training.transfer import hold

DIVERGED = 4.0  # the sweep ends where the smoothed loss is so many times its lowest
SMOOTHING = 0.9


def sweep(
    trainee: Trainee, part: Part, plan: Plan, *, lowest: float = 1e-6, highest: float = 10.0, steps: int = 150
) -> list[tuple[float, float]]:
    """Train for up to `steps` batches while the learning rate rises evenly on a log scale.

    Gives (learning rate, smoothed loss) of each step until the loss diverges. The trainee is spent by it.
    Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks", arXiv:1506.01186, section 3.3.
    """
    model, optimiser = trainee.model.train(), trainee.optimiser
    hold(model, plan.held, epoch=1)
    factors = [group["lr"] / optimiser.param_groups[0]["lr"] for group in optimiser.param_groups]
    curve: list[tuple[float, float]] = []
    mean = 0.0
    with seeded(plan.seed, 0, plan.device):
        augmenting = torch.Generator(plan.device).manual_seed(int(torch.randint(2**62, ())))
        for step in range(steps):
            rate = lowest * (highest / lowest) ** (step / (steps - 1))
            for group, factor in zip(optimiser.param_groups, factors, strict=True):
                group["lr"] = rate * factor
            rows = torch.randint(len(part), (min(plan.batch_size, len(part)),))
            loss, _ = feed(model, part, rows, plan, augmenting)
            mean = SMOOTHING * mean + (1 - SMOOTHING) * loss.item()
            smoothed = mean / (1 - SMOOTHING ** (step + 1))
            if not math.isfinite(smoothed) or (curve and smoothed > DIVERGED * min(loss for _, loss in curve)):
                break
            curve.append((rate, smoothed))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return curve


def suggested(curve: Sequence[tuple[float, float]]) -> float:
    """A good full learning rate: where the loss falls fastest per decade, but a tenth of where it is lowest at most.

    Raises ModelError where the loss never falls.
    """
    rates, losses = np.log10([rate for rate, _ in curve]), np.array([loss for _, loss in curve])
    if len(curve) < 3:
        raise ModelError("the loss diverged at once; standardise the features, or sweep from a lower rate")
    slope = np.gradient(losses, rates)
    if slope.min() >= 0:
        raise ModelError("the loss fell at no learning rate; look at the data and the loss")
    return float(10 ** min(rates[int(slope.argmin())], rates[int(losses.argmin())] - 1))
