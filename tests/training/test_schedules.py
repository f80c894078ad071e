"""Schedules against torch's own."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from earmark.training.schedules import Moment, constant, one_cycle


@pytest.mark.parametrize(("steps", "warmup"), [(10, 0.3), (100, 0.3), (37, 0.1), (500, 0.5)])
def test_one_cycle_is_that_of_torch(steps: int, warmup: float) -> None:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=1.0, total_steps=steps, pct_start=warmup, cycle_momentum=False
    )
    ours = one_cycle(warmup=warmup)
    for step in range(steps):
        assert ours(Moment(step, steps)) == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)
        optimiser.step()
        if step < steps - 1:
            theirs.step()


@given(st.integers(1, 2000), st.integers(0, 5000), st.floats(0, 1))
def test_one_cycle_stays_between_its_ends_even_past_the_plan(steps: int, step: int, warmup: float) -> None:
    factor = one_cycle(warmup=warmup)(Moment(step, steps))
    assert 4e-6 - 1e-12 <= factor <= 1.0
    if step >= steps:
        assert factor == pytest.approx(4e-6)


def test_constant_is_the_rate_as_given() -> None:
    assert constant()(Moment(7, 9)) == 1.0
