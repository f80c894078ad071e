"""The stacked CNN against its layers written out one by one, and against hand-counted shapes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from earmark.errors import ModelError
from earmark.models.parameters import parameter_count
from earmark.models.stacked_cnn import EXAMPLES_AT_ONCE, Block, Stack, StackedCNN


def same_pool(x: Tensor) -> Tensor:
    """Max-pool of 3 at steps of 2 as Keras states it: ceil(n / 2) windows, the odd cell of padding after."""
    padding: list[int] = []
    for length in (x.shape[3], x.shape[2]):
        missing = max((-(-length // 2) - 1) * 2 + 3 - length, 0)
        padding += [missing // 2, missing - missing // 2]
    return F.max_pool2d(F.pad(x, padding, value=float("-inf")), 3, stride=2)


def layer_by_layer(x: Tensor, stack: Stack) -> Tensor:
    x = x.unsqueeze(1)
    for block in stack:
        assert isinstance(block, Block)
        x = same_pool(F.relu(block.convolution(x)))
        x = block.normalisation(x)
    return x.flatten(1)


@settings(max_examples=10, deadline=None)
@given(
    bands=st.integers(23, 60),
    frames=st.integers(23, 60),
    examples=st.integers(2, 2 * EXAMPLES_AT_ONCE + 1),
    training=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_equals_the_layers_one_by_one(bands: int, frames: int, examples: int, training: bool, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    stack = Stack(4).double().train(training)
    x = torch.randn(examples, bands, frames, dtype=torch.float64, generator=generator)
    values = stack(x)
    assert values.shape == (examples, stack.flat_size((bands, frames)))
    torch.testing.assert_close(values, layer_by_layer(x, stack))


def test_gradients_equal_those_of_the_layers_one_by_one() -> None:
    generator = torch.Generator().manual_seed(1)
    stack = Stack(4).double()
    x = torch.randn(EXAMPLES_AT_ONCE + 3, 30, 27, dtype=torch.float64, generator=generator)
    upstream = torch.randn(len(x), stack.flat_size((30, 27)), dtype=torch.float64, generator=generator)
    found = torch.autograd.grad(stack(x), list(stack.parameters()), upstream)
    expected = torch.autograd.grad(layer_by_layer(x, stack), list(stack.parameters()), upstream)
    torch.testing.assert_close(found, expected)


def test_an_exported_graph_takes_any_batch() -> None:
    model = StackedCNN((24, 24), 3, filters=2).eval()
    batch = torch.export.Dim("batch", min=1, max=1024)
    graph = torch.export.export(model, (torch.zeros(2, 24, 24),), dynamic_shapes=({0: batch},)).module()
    x = torch.randn(EXAMPLES_AT_ONCE + 1, 24, 24, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(graph(x), model(x))


def test_the_course_counts_97896_parameters() -> None:
    convolutions = (9 * 1 + 1) * 32 + 2 * (9 * 32 + 1) * 32 + (4 * 32 + 1) * 32
    normalisations = 4 * 4 * 32
    dense = (4 * 4 * 32 + 1) * 128 + (128 + 1) * 64 + (64 + 1) * 8
    assert convolutions + normalisations + dense == 97_896
    assert parameter_count(StackedCNN((80, 80), 8)) == 97_896


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((22, 80), r"stacked_cnn needs examples of at least 23 × 23 \(bands × frames\), not 22 × 80"),
        ((80, 22), r"not 80 × 22"),
        ((80,), r"stacked_cnn takes examples of bands × frames"),
    ],
)
def test_a_shape_it_cannot_take_is_refused(shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        StackedCNN(shape, 8)


def test_the_least_shape_leaves_one_value_a_filter() -> None:
    assert Stack(5).flat_size((23, 23)) == 5


def test_a_batch_of_another_shape_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"this stacked_cnn was built for examples of 80 × 80, the batch holds 80 × 96"
    ):
        StackedCNN((80, 80), 8)(torch.zeros(2, 80, 96))
