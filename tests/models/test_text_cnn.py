"""Convolutions over words, by themselves and before a recurrent layer."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.parameters import parameter_count
from earmark.models.text_cnn import TextCNN
from earmark.models.text_rnn import TextRNN
from earmark.models.word_convolution import WordConvolution
from earmark.text.vocabulary import PADDING

SHAPE = (12, 30, 4)
VARIANTS: list[nn.Module] = [
    TextCNN(SHAPE, 3, filters=6),
    TextCNN(SHAPE, 3, kernel_sizes=[2], layers=3, filters=6),
    TextCNN(SHAPE, 3, kernel_sizes=[1, 20], filters=6),
    TextRNN(SHAPE, 3, units=5, convolution=5, filters=6),
    TextRNN(SHAPE, 3, units=5, convolution=4, filters=6, shorten=5, bidirectional=True, pooling="max"),
    TextRNN(SHAPE, 3, units=5, convolution=2, filters=6, shorten=1, pooling="attention"),
]


@pytest.fixture
def x() -> Tensor:
    ids = torch.randint(1, 30, (6, 13), generator=torch.Generator().manual_seed(1))
    ids[:, 0] = torch.arange(6) % 4
    ids[0, 3:] = PADDING
    ids[1, 1:] = PADDING  # no word at all
    ids[2, 10:] = PADDING
    return ids


@pytest.mark.parametrize("network", VARIANTS, ids=str)
def test_what_fills_up_a_text_changes_nothing(network: nn.Module, x: Tensor) -> None:
    network.eval()
    with torch.no_grad():
        together = network(x)
        alone = torch.cat([network(x[i : i + 1]) for i in range(len(x))])
    torch.testing.assert_close(together, alone)
    assert together.isfinite().all()


@pytest.mark.parametrize("kernel", [1, 2, 5])
def test_a_convolution_of_a_whole_text_is_torchs_of_the_same_size(kernel: int) -> None:
    convolution = WordConvolution(4, 3, kernel)
    x = torch.randn(2, 7, 4)
    before, after = (kernel - 1) // 2, kernel // 2
    padded = torch.cat([torch.zeros(2, before, 4), x, torch.zeros(2, after, 4)], dim=1)
    expected = convolution.filter(padded.transpose(1, 2)).relu().transpose(1, 2)
    torch.testing.assert_close(convolution(x, torch.tensor([7, 7])), expected)
    cut = convolution(x, torch.tensor([7, 3]))
    assert not cut[1, 3:].any()


def test_what_a_filter_finds_counts_wherever_it_stands(x: Tensor) -> None:
    """The network is blind to where in a text its widest kernel lies, if unknown words of vector 0 surround it."""
    network = TextCNN((12, 30, 0), 3).eval()
    with torch.no_grad():
        network.read.words.weight[1] = 0
        early, late = torch.ones(1, 12, dtype=torch.long), torch.ones(1, 12, dtype=torch.long)
        early[0, 2:5] = late[0, 6:9] = x[3, 1:4]
        torch.testing.assert_close(network(early), network(late))


def test_parameters_are_those_counted_by_hand() -> None:
    words, artists = 30 * 8, 4 * 2
    options: dict[str, Any] = {"width": 8, "artist_width": 2, "filters": 6}
    parallel = TextCNN(SHAPE, 3, kernel_sizes=[3, 5], **options)
    kernels = (3 * 8 + 1) * 6 + (5 * 8 + 1) * 6
    assert parameter_count(parallel) == words + artists + kernels + (12 + 2 + 1) * 3
    deep = TextCNN(SHAPE, 3, kernel_sizes=[5], layers=2, **options)
    assert parameter_count(deep) == words + artists + (5 * 8 + 1) * 6 + (5 * 6 + 1) * 6 + (6 + 2 + 1) * 3
    before_lstm = TextRNN(SHAPE, 3, units=5, convolution=3, **options)
    lstm = 4 * 5 * (6 + 5 + 2)
    assert parameter_count(before_lstm) == words + artists + (3 * 8 + 1) * 6 + lstm + (5 + 2 + 1) * 3


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(
        UsageError, match=r"text_cnn: kernel_sizes = \[\], filters = 64 and layers = 1 must be 1 or more"
    ):
        TextCNN(SHAPE, 3, kernel_sizes=[])
    with pytest.raises(UsageError, match=r"kernel_sizes = \[3, 0\]"):
        TextCNN(SHAPE, 3, kernel_sizes=[3, 0])
    with pytest.raises(UsageError, match=r"text_rnn: convolution = 0, filters = 64 and shorten = 4 must be 1 or more"):
        TextRNN(SHAPE, 3, convolution=0)
