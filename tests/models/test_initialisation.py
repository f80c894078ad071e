"""First weights against Keras' defaults."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from earmark.models.initialisation import initialise_as_keras
from earmark.models.lstm import LSTM


def started(layer: nn.Module) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        initialise_as_keras(nn.Sequential(layer))
    return layer


def assert_glorot(weight: Tensor, *, fan_in: int, fan_out: int) -> None:
    """Uniform in ± sqrt(6 / (fan_in + fan_out)); Glorot & Bengio 2010, equation 16."""
    limit = math.sqrt(6 / (fan_in + fan_out))
    assert 0.97 * limit < weight.abs().max() <= limit
    assert weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.1)


@pytest.mark.parametrize(
    ("layer", "fan_in", "fan_out"),
    [
        (nn.Linear(50, 20), 50, 20),
        (nn.Conv1d(40, 8, 4), 40 * 4, 8 * 4),
        (nn.Conv2d(6, 8, 4), 6 * 16, 8 * 16),
    ],
)
def test_kernels_are_glorot_uniform_and_biases_0(layer: nn.Module, fan_in: int, fan_out: int) -> None:
    started(layer)
    assert_glorot(layer.weight, fan_in=fan_in, fan_out=fan_out)
    assert not layer.bias.any()


def test_a_layer_without_bias_is_taken() -> None:
    assert_glorot(started(nn.Linear(50, 20, bias=False)).weight, fan_in=50, fan_out=20)


def test_lstm_remembers_at_first() -> None:
    lstm = started(LSTM(30, 8))
    assert_glorot(lstm.weight_ih_l0, fan_in=30, fan_out=4 * 8)
    torch.testing.assert_close(lstm.weight_hh_l0.T @ lstm.weight_hh_l0, torch.eye(8), atol=1e-5, rtol=0)
    assert lstm.bias_ih_l0.tolist() == [0.0] * 8 + [1.0] * 8 + [0.0] * 16


def test_gru_biases_begin_at_0() -> None:
    gru = started(nn.GRU(30, 8))
    assert not gru.bias_ih_l0.any()
    assert not gru.bias_hh_l0.any()
