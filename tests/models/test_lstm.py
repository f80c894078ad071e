"""The LSTM of one bias against the equations of Keras' layer."""

from __future__ import annotations

import copy

import numpy as np
import torch

from earmark.models.lstm import LSTM


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def keras_lstm(x: np.ndarray, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(steps, batch, inputs) → (steps, batch, units), float64; gates in Keras' order input, forget, cell, output."""
    units = recurrent_kernel.shape[0]
    h = c = np.zeros((x.shape[1], units))
    states = []
    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack(states)


def test_equals_the_equations(rng: np.random.Generator) -> None:
    lstm = LSTM(3, 5)
    x = rng.standard_normal((7, 2, 3), dtype=np.float32)
    weights = (lstm.weight_ih_l0.T, lstm.weight_hh_l0.T, lstm.bias_ih_l0)
    expected = keras_lstm(x, *(w.detach().double().numpy() for w in weights))
    with torch.no_grad():
        np.testing.assert_allclose(lstm(torch.from_numpy(x))[0].numpy(), expected, atol=1e-6)


def test_the_second_bias_is_neither_trained_nor_saved_and_stays_zero_wherever_the_model_goes() -> None:
    lstm = LSTM(3, 5, num_layers=2, bidirectional=True)
    names = {
        f"{kind}_l{layer}{way}"
        for kind in ("weight_ih", "weight_hh", "bias_ih")
        for layer in (0, 1)
        for way in ("", "_reverse")
    }
    assert {name for name, _ in lstm.named_parameters()} == names
    assert set(lstm.state_dict()) == names
    for moved in (lstm, copy.deepcopy(lstm), copy.deepcopy(lstm).double()):
        dtype = moved.weight_ih_l0.dtype
        optimiser = torch.optim.SGD(moved.parameters(), lr=0.1, weight_decay=0.1)
        before, _ = moved(torch.ones(4, 2, 3, dtype=dtype))
        before.sum().backward()
        optimiser.step()
        assert not torch.equal(moved(torch.ones(4, 2, 3, dtype=dtype))[0], before)
        assert not moved.bias_hh_l1_reverse.any()
        assert moved.bias_hh_l0.dtype == dtype
