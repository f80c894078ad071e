"""Layers and parameters of models that can be counted by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from earmark.report.model_summary import Layer, summarise


class Small(nn.Module):
    """One convolution, used with one rectifier twice.

    More lines that no page shows.
    """

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.head = nn.Linear(4 * 6 * 8, 5)
        self.scale = nn.Parameter(torch.ones(7))

    def forward(self, x):
        y = self.relu(self.norm(self.conv(x[:, None])))
        return self.relu(self.head(y.flatten(1)))


def test_layers_are_listed_as_they_run():
    summary = summarise("small", Small(), (8, 10))
    assert summary.layers == (
        Layer("conv", "Conv2d", (4, 6, 8), 4 * 9 + 4),
        Layer("norm", "BatchNorm2d", (4, 6, 8), 8),
        Layer("relu", "ReLU", (4, 6, 8), 0),
        Layer("head", "Linear", (5,), 192 * 5 + 5),
        Layer("relu", "ReLU", (5,), 0),
    )
    assert summary.parameters == 40 + 8 + 965 + 7
    assert (summary.name, summary.says) == ("small", "One convolution, used with one rectifier twice.")


def test_a_shared_layer_is_counted_once():
    shared = nn.Linear(6, 6)
    summary = summarise("twice", nn.Sequential(shared, nn.ReLU(), shared), (6,))
    assert [layer.parameters for layer in summary.layers] == [42, 0, 0]
    assert summary.parameters == 42


def test_a_recurrent_layer_gives_its_output_not_its_state():
    assert summarise("rnn", nn.Sequential(nn.GRU(5, 9, batch_first=True)), (20, 5)).layers[0].output == (20, 9)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_stays_as_it_was(training):
    model = Small().train(training)
    model.norm.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    summarise("small", model, (8, 10))
    assert (model.training, model.relu.training, model.norm.training) == (training, training, False)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.conv._forward_hooks


def test_hooks_are_removed_where_the_shape_does_not_fit():
    model = Small()
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        summarise("small", model, (9, 9))
    assert not model.conv._forward_hooks
    assert model.training
