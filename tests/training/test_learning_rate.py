"""The sweep on a problem whose stable rates are known."""

import numpy as np
import pytest
import torch
from torch import nn

from earmark.errors import ModelError
from earmark.training.learning_rate import suggested, sweep
from earmark.training.loop import Part, Plan, Trainee
from earmark.training.optimisers import sgd
from earmark.training.schedules import constant


def test_a_quadratic_diverges_where_theory_says(rng: np.random.Generator) -> None:
    # Loss c w² / 2 with one weight: gradient descent is stable up to a rate of 2 / c.
    curvature = 50.0
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 3.0)
    plan = Plan(
        loss=lambda _output, _target: curvature * model.weight.square().sum() / 2,
        schedule=constant(),
        epochs=1,
        batch_size=4,
        seed=1,
        device=torch.device("cpu"),
        prepare=lambda x: x,
    )
    part = Part.of(rng.normal(size=(8, 1)).astype(np.float32), np.zeros(8, dtype=np.int64))
    curve = sweep(Trainee(model, sgd(model, learning_rate=1.0)), part, plan, lowest=1e-5, highest=100.0, steps=200)
    assert len(curve) < 200
    assert curve[-1][0] > 2 / curvature
    lowest = min(loss for _, loss in curve)
    assert 1e-4 < suggested(curve) < 2 / curvature
    assert lowest < 0.1 * curve[0][1]


def test_suggested_by_hand_and_its_refusals() -> None:
    rates = np.logspace(-4, 0, 41)
    falling = [(float(rate), 1 / (1 + (rate / 1e-2) ** 2)) for rate in rates]
    assert suggested(falling) == pytest.approx(1e-2, rel=0.5)
    with pytest.raises(ModelError, match="fell at no learning rate"):
        suggested([(float(rate), float(rate)) for rate in rates])
    with pytest.raises(ModelError, match="diverged at once"):
        suggested([(1e-6, 1.0)])
