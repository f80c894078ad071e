"""The CNN-RNN: its sizes, and what its two readings of the course convolve over."""

from __future__ import annotations

import pytest
import torch

from earmark.errors import ModelError, UsageError
from earmark.models.cnn_rnn import CNNRNN
from earmark.models.parameters import parameter_count


def keras_count(bands: int, classes: int, *, convolution: str) -> int:
    """Layer by layer, as Keras' summary lists it."""

    def lstm(inputs: int, units: int) -> int:
        return 4 * units * (inputs + units + 1)

    if convolution == "1d":
        convolutions, features = 8 * (4 * bands + 1) + 6 * (3 * 8 + 1), 6
    else:
        convolutions, features = 8 * (4 * 4 + 1) + 6 * (3 * 3 * 8 + 1), 6 * (((bands - 3) // 2 - 2) // 2)
    return convolutions + lstm(features, 128) + lstm(128, 32) + 33 * 200 + 201 * classes


@pytest.mark.parametrize("convolution", ["1d", "2d"])
@pytest.mark.parametrize("shape", [(80, 80), (128, 96), (11, 11), (14, 200)])
def test_parameters_follow_from_the_shape(shape: tuple[int, int], convolution: str) -> None:
    model = CNNRNN(shape, 5, convolution=convolution)
    assert parameter_count(model) == keras_count(shape[0], 5, convolution=convolution)
    assert model(torch.zeros(2, *shape)).shape == (2, 5)


def test_the_course_counts_100654_parameters() -> None:
    assert parameter_count(CNNRNN((80, 80), 8)) == 100_654


def test_80_frames_become_18_steps() -> None:
    # 80 - 3 = 77, pooled 38, - 2 = 36, pooled 18
    assert CNNRNN((80, 80), 8).convolutions(torch.zeros(1, 80, 80)).shape == (1, 6, 18)
    assert CNNRNN((80, 80), 8, convolution="2d").convolutions(torch.zeros(1, 1, 80, 80)).shape == (1, 6, 18, 18)


@pytest.mark.parametrize(("convolution", "order_matters"), [("1d", False), ("2d", True)])
def test_only_the_square_filters_know_which_bands_are_neighbours(convolution: str, order_matters: bool) -> None:
    """A filter over all bands can be relabelled with them; a square one cannot."""
    model = CNNRNN((16, 30), 3, convolution=convolution).eval()
    x = torch.randn(4, 16, 30, generator=torch.Generator().manual_seed(1))
    order = torch.randperm(16, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before = model(x)
        if not order_matters:
            kernel = model.convolutions[0].weight
            kernel.copy_(kernel[:, order])
        assert torch.allclose(model(x[:, order]), before, atol=1e-5) is not order_matters


def test_dropout_acts_in_training_alone() -> None:
    x = torch.randn(4, 80, 80, generator=torch.Generator().manual_seed(1))
    model = CNNRNN((80, 80), 8, dropout=0.9).train()
    assert not torch.equal(model(x), model(x))
    model = CNNRNN((80, 80), 8, dropout=0.0).train()
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize(
    ("shape", "convolution", "says"),
    [
        ((80, 10), "1d", r"cnn_rnn needs examples of at least 1 × 11 \(bands × frames\), not 80 × 10"),
        ((10, 80), "2d", r"cnn_rnn needs examples of at least 11 × 11 \(bands × frames\), not 10 × 80"),
        ((80,), "1d", r"cnn_rnn takes examples of bands × frames, at least 1 × 11, not 80$"),
    ],
)
def test_a_shape_it_cannot_take_is_refused(shape: tuple[int, ...], convolution: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        CNNRNN(shape, 8, convolution=convolution)


def test_options_it_does_not_know_are_refused() -> None:
    with pytest.raises(UsageError, match=r"convolution = '2D' is neither of 1d, 2d; did you mean '2d'\?"):
        CNNRNN((80, 80), 8, convolution="2D")
    with pytest.raises(UsageError, match=r"dropout = 1 is not a share"):
        CNNRNN((80, 80), 8, dropout=1.0)
