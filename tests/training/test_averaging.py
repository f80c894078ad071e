"""Averaged weights against means taken by hand."""

import pytest
import torch
from torch import nn

from earmark.training.averaging import Averaged, Rule, ema, swa
from earmark.training.schedules import Moment


def follow(values: list[float], rule: Rule) -> list[float]:
    """The average after each step of a model whose one weight takes these values."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, values[0])
    averaged = Averaged(model, rule)
    out = []
    for step, value in enumerate(values):
        nn.init.constant_(model.weight, value)
        averaged.update(model, Moment(step, len(values)))
        out.append(averaged.model.weight.item())
    return out


def test_swa_is_the_plain_mean_from_its_start_on() -> None:
    values = [5.0, 1.0, 2.0, 4.0, 8.0, 16.0, 3.0, 7.0]
    assert follow(values, swa(start=0.5)) == pytest.approx([5, 1, 2, 4, 8, 12, 9, 8.5])


def test_ema_by_its_recursion() -> None:
    values = [3.0, -1.0, 4.0, 1.0, 5.0]
    mean, expected = values[0], []
    for step, value in enumerate(values):
        keep = min(0.5, (1 + step) / (10 + step))
        mean = keep * mean + (1 - keep) * value
        expected.append(mean)
    assert follow(values, ema(decay=0.5)) == pytest.approx(expected)


def test_batch_statistics_are_averaged_and_counters_taken_over() -> None:
    model = nn.BatchNorm1d(2)
    averaged = Averaged(model, swa(start=0.0))
    for step in range(3):
        model(torch.randn(8, 2, generator=torch.Generator().manual_seed(step)))
        averaged.update(model, Moment(step, 3))
    assert int(averaged.model.num_batches_tracked) == 3
    assert not torch.equal(averaged.model.running_mean, model.running_mean)
