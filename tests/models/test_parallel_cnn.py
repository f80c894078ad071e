"""The parallel CNN against the layers it stands for, written out one by one."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from earmark.errors import ModelError, UsageError
from earmark.models.parallel_cnn import ParallelCNN, PooledConvolution, _Largest
from earmark.models.parameters import parameter_count


def layer_by_layer(x: Tensor, layer: PooledConvolution) -> Tensor:
    """The same as Keras states it: pad, convolve, leaky ReLU, max-pool."""
    padding = {8: (3, 4, 3, 4), 4: (1, 2, 1, 2)}[layer.kernel_size[0]]
    answers = F.conv2d(F.pad(x, padding), layer.weight, layer.bias)
    return F.max_pool2d(F.leaky_relu(answers, layer.slope), layer.pool)


def with_biases(model: ParallelCNN, generator: torch.Generator) -> ParallelCNN:
    for parameter in (model.wide.bias, model.fine.bias, model.dense.bias):
        torch.nn.init.normal_(parameter, generator=generator)
    return model


@settings(max_examples=25, deadline=None)
@given(bands=st.integers(4, 30), frames=st.integers(4, 30), slope=st.sampled_from([0.0, 0.3, 1.5]), seed=st.integers(0))
def test_equals_the_layers_one_by_one(bands: int, frames: int, slope: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed % 2**63)
    model = with_biases(ParallelCNN((bands, frames), 3, slope=slope), generator)
    x = torch.randn(2, bands, frames, generator=generator, requires_grad=True)
    picture = x.unsqueeze(1)
    branches = [layer_by_layer(picture, model.wide), layer_by_layer(picture, model.fine)]
    reference = model.dense(torch.cat([branch.flatten(1) for branch in branches], dim=1))
    logits = model(x)
    torch.testing.assert_close(logits, reference, rtol=1e-5, atol=2e-5)

    inputs = [x, *model.parameters()]
    upstream = torch.randn(logits.shape, generator=generator)
    found = torch.autograd.grad(logits, inputs, upstream)
    expected = torch.autograd.grad(reference, inputs, upstream)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("size", "pool", "before"), [(8, 4, 3), (4, 2, 1)])
def test_an_even_filter_reaches_one_further_after_than_before(size: int, pool: int, before: int) -> None:
    layer = PooledConvolution(1, size=size, pool=pool, slope=0.3)
    with torch.no_grad():
        layer.weight.zero_()[0, 0, 0, 0] = 1.0  # moves the picture down and right by `before`
        layer.bias.zero_()
        for band in range(16 - before):
            x = torch.zeros(1, 1, 16, 16)
            x[0, 0, band, 5] = 1.0
            assert layer(x).nonzero().tolist() == [[0, 0, (band + before) // pool, (5 + before) // pool]]


@given(bands=st.integers(4, 200), frames=st.integers(4, 200), classes=st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_parameters_follow_from_the_shape(bands: int, frames: int, classes: int) -> None:
    flat = 3 * (bands // 4) * (frames // 4) + 4 * (bands // 2) * (frames // 2)
    expected = 3 * (8 * 8 + 1) + 4 * (4 * 4 + 1) + (flat + 1) * classes
    assert parameter_count(ParallelCNN((bands, frames), classes)) == expected


def test_the_course_counts_61071_parameters() -> None:
    assert parameter_count(ParallelCNN((80, 80), 8)) == 61_071


def test_equal_maxima_share_the_gradient() -> None:  # of 2, 1, 2 and of 2, 0, 5
    values = torch.tensor([2.0, 1.0, 2.0, 2.0, 0.0, 5.0]).view(1, 2, 3, 1).requires_grad_()
    _Largest.apply(values).sum().backward()
    assert values.grad is not None
    assert values.grad.flatten().tolist() == [0.5, 0.0, 0.5, 0.0, 0.0, 1.0]


def test_a_falling_slope_is_refused() -> None:
    with pytest.raises(UsageError, match=r"slope = -0\.1: .* give 0 or more"):
        ParallelCNN((80, 80), 8, slope=-0.1)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((3, 80), r"parallel_cnn needs examples of at least 4 × 4 \(bands × frames\), not 3 × 80"),
        ((80, 3), r"not 80 × 3"),
        ((3, 96, 96), r"parallel_cnn takes examples of bands × frames, at least 4 × 4, not 3 × 96 × 96"),
    ],
)
def test_a_shape_it_cannot_take_is_refused(shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        ParallelCNN(shape, 8)


def test_a_batch_of_another_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"built for examples of 80 × 80, the batch holds 80 × 96"):
        ParallelCNN((80, 80), 8)(torch.zeros(2, 80, 96))
