"""The CNN-RNN: its sizes, and what its two readings of the course convolve over."""

from __future__ import annotations

import pytest
import torch

from earmark.errors import ModelError, UsageError
from earmark.models.cnn_rnn import CNNRNN
from earmark.models.parameters import parameter_count


def keras_count(
    bands: int,
    classes: int,
    *,
    convolution: str = "1d",
    cell: str = "lstm",
    bidirectional: bool = False,
    pooling: str = "last",
) -> int:
    """Layer by layer, as Keras' summary lists it: its LSTM has one bias a gate, its GRU (reset_after) two."""

    def recurrent(inputs: int, units: int) -> int:
        one_way = 4 * units * (inputs + units + 1) if cell == "lstm" else 3 * units * (inputs + units + 2)
        return ways * one_way

    ways = 2 if bidirectional else 1
    if convolution == "1d":
        convolutions, features = 8 * (4 * bands + 1) + 6 * (3 * 8 + 1), 6
    else:
        convolutions, features = 8 * (4 * 4 + 1) + 6 * (3 * 3 * 8 + 1), 6 * (((bands - 3) // 2 - 2) // 2)
    layers = recurrent(features, 128) + recurrent(128 * ways, 32)
    score = 32 * ways if pooling == "attention" else 0
    return convolutions + layers + score + (32 * ways + 1) * 200 + 201 * classes


@pytest.mark.parametrize("convolution", ["1d", "2d"])
@pytest.mark.parametrize("shape", [(80, 80), (128, 96), (11, 11), (14, 200)])
def test_parameters_follow_from_the_shape(shape: tuple[int, int], convolution: str) -> None:
    model = CNNRNN(shape, 5, convolution=convolution)
    assert parameter_count(model) == keras_count(shape[0], 5, convolution=convolution)
    assert model(torch.zeros(2, *shape)).shape == (2, 5)


def test_the_course_counts_100654_parameters() -> None:
    assert parameter_count(CNNRNN((80, 80), 8)) == 100_654


# Of the same layers in Keras 3.15: count_params() of the model.
IN_KERAS = {
    ("lstm", False, "last"): 100_654,
    ("lstm", False, "attention"): 100_686,
    ("lstm", True, "mean"): 229_550,
    ("lstm", True, "attention"): 229_614,
    ("gru", False, "last"): 78_702,
    ("gru", True, "last"): 177_454,
    ("gru", True, "attention"): 177_518,
}


@pytest.mark.parametrize(("cell", "bidirectional", "pooling"), IN_KERAS)
def test_variants_have_the_parameters_that_keras_counts(cell: str, bidirectional: bool, pooling: str) -> None:
    options = {"cell": cell, "bidirectional": bidirectional, "pooling": pooling}
    model = CNNRNN((80, 80), 8, **options)
    assert parameter_count(model) == IN_KERAS[cell, bidirectional, pooling] == keras_count(80, 8, **options)
    assert model(torch.zeros(2, 80, 80)).shape == (2, 8)


def test_what_runs_of_the_first_network_saved_still_loads() -> None:
    recurrent = {
        f"lstm_{layer}.{kind}_l0" for layer in ("sequence", "last") for kind in ("weight_ih", "weight_hh", "bias_ih")
    }
    dense = {
        f"{layer}.{kind}"
        for layer in ("convolutions.0", "convolutions.3", "head.0", "head.3")
        for kind in ("weight", "bias")
    }
    assert set(CNNRNN((80, 80), 8).state_dict()) == recurrent | dense


def pooled(model: CNNRNN, frames: torch.Tensor) -> torch.Tensor:
    """What the head is given of frames (frames, batch, features)."""
    with torch.no_grad():
        return model._pooled(*model.lstm_last(model.lstm_sequence(frames)[0]))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_last_states_of_two_directions_are_those_at_either_end(cell: str) -> None:
    """Read backwards, the clip gives the halves in each other's place where both directions have the same weights."""
    model = CNNRNN((80, 80), 8, cell=cell, bidirectional=True)
    frames = torch.randn(18, 3, 6, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for layer in (model.lstm_sequence, model.lstm_last):
            for name, parameter in layer.named_parameters():
                if name.endswith("_reverse"):
                    parameter.copy_(getattr(layer, name.removesuffix("_reverse")))
        kernel = model.lstm_last.weight_ih_l0
        kernel[:, 128:] = kernel[:, :128]  # which halves of the sequence's states it reads does not matter then
        model.lstm_last.weight_ih_l0_reverse.copy_(kernel)
    forwards, backwards = pooled(model, frames), pooled(model, frames.flip(0))
    assert torch.allclose(forwards, backwards.roll(32, dims=1), atol=1e-6)
    assert not torch.allclose(forwards, backwards, atol=1e-3)


def test_attention_without_preference_is_the_mean_and_with_one_picks_a_frame() -> None:
    model = CNNRNN((80, 80), 8, pooling="attention")
    frames = torch.randn(18, 3, 6, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        states = model.lstm_last(model.lstm_sequence(frames)[0])[0]
        model.score.weight.zero_()
        assert torch.allclose(pooled(model, frames), states.mean(0), atol=1e-6)
        model.score.weight[0, 5] = 1e6
        picked = states[states[..., 5].argmax(0), torch.arange(3)]
    assert torch.allclose(pooled(model, frames), picked, atol=1e-6)
    model.pooling = "mean"
    assert torch.equal(pooled(model, frames), states.mean(0))


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
    with pytest.raises(UsageError, match=r"convolution = '2D' is none of 1d, 2d; did you mean '2d'\?"):
        CNNRNN((80, 80), 8, convolution="2D")
    with pytest.raises(UsageError, match=r"cell = 'GRUs' is none of lstm, gru; did you mean 'gru'\?"):
        CNNRNN((80, 80), 8, cell="GRUs")
    with pytest.raises(UsageError, match=r"pooling = 'atention' is none of last, mean, attention; did you mean 'atten"):
        CNNRNN((80, 80), 8, pooling="atention")
    with pytest.raises(UsageError, match=r"dropout = 1 is not a share"):
        CNNRNN((80, 80), 8, dropout=1.0)
