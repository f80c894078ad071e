"""Counts against what Keras prints for the same layers."""

from __future__ import annotations

import pytest
from torch import nn

from earmark.models.lstm import LSTM
from earmark.models.parameters import parameter_count


@pytest.mark.parametrize(
    ("model", "count"),
    [
        (nn.Linear(32, 200), 6_600),
        (nn.Conv2d(3, 64, 3), 1_792),
        (LSTM(6, 128), 69_120),
        (LSTM(128, 32, bidirectional=True), 41_216),
        (nn.GRU(6, 128), 52_224),  # Keras' reset_after=True, its default
        (nn.BatchNorm2d(64), 256),
        (nn.BatchNorm1d(64, affine=False), 128),
        (nn.BatchNorm1d(64, track_running_stats=False), 128),
        (nn.LayerNorm(64), 128),
    ],
)
def test_counts_as_keras(model: nn.Module, count: int) -> None:
    assert parameter_count(model) == count


def test_frozen_layers_count_and_shared_ones_count_once() -> None:
    layer = nn.Linear(10, 10).requires_grad_(False)
    assert parameter_count(nn.Sequential(layer, nn.ReLU(), layer)) == 110
