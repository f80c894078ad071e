"""Schedules against torch's own, and Keras' formula."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from earmark.training.schedules import Moment, constant, cosine, inverse_time, one_cycle, plateau, step


def theirs(
    steps: int, schedule: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler]
) -> list[float]:
    """The learning rates that a schedule of torch gives for `steps` steps from a rate of 1."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = schedule(optimiser)
    rates = []
    for number in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if number < steps - 1:
            scheduler.step()
    return rates


@pytest.mark.parametrize(("steps", "warmup"), [(10, 0.3), (100, 0.3), (37, 0.1), (500, 0.5)])
def test_one_cycle_is_that_of_torch(steps: int, warmup: float) -> None:
    expected = theirs(
        steps,
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, 1.0, total_steps=steps, pct_start=warmup, cycle_momentum=False
        ),
    )
    ours = one_cycle(warmup=warmup)
    assert [ours(Moment(i, steps)) for i in range(steps)] == pytest.approx(expected, abs=1e-9)


def test_cosine_is_that_of_torch() -> None:
    expected = theirs(50, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=49, eta_min=0.1))
    assert [cosine(end=0.1)(Moment(i, 50)) for i in range(50)] == pytest.approx(expected)


def test_step_is_that_of_torch() -> None:
    expected = theirs(12, lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=5, gamma=0.5))
    ours = step(every=5, factor=0.5)
    assert [ours(Moment(3 * epoch, 36, epoch)) for epoch in range(12)] == pytest.approx(expected)


def test_plateau_is_that_of_torch() -> None:
    losses = [5.0, 4.0, 4.5, 4.2, 4.1, 4.3, 3.0, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 3.7]
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=2, threshold=0.0)
    ours = plateau(patience=2, factor=0.5)
    for epoch, loss in enumerate(losses):
        moment = Moment(epoch, len(losses), epoch, losses[:epoch])
        assert ours(moment) == pytest.approx(optimiser.param_groups[0]["lr"])
        scheduler.step(loss)


def test_inverse_time_is_keras_decay() -> None:
    assert [inverse_time(decay=0.01)(Moment(i, 1000)) for i in (0, 1, 100)] == pytest.approx([1, 1 / 1.01, 0.5])


@given(st.integers(1, 2000), st.integers(0, 5000), st.floats(0, 1))
def test_one_cycle_stays_between_its_ends_even_past_the_plan(steps: int, now: int, warmup: float) -> None:
    factor = one_cycle(warmup=warmup)(Moment(now, steps))
    assert 4e-6 - 1e-12 <= factor <= 1.0
    if now >= steps:
        assert factor == pytest.approx(4e-6)


def test_constant_is_the_rate_as_given() -> None:
    assert constant()(Moment(7, 9)) == 1.0
