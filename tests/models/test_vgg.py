"""VGG against its layers written out one by one, and against a count by hand."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from earmark.errors import ModelError, UsageError
from earmark.models.parameters import parameter_count
from earmark.models.stacked_cnn import EXAMPLES_AT_ONCE
from earmark.models.vgg import VGG


@pytest.mark.parametrize("shape", [(17, 22), (3, 17, 22)])
@pytest.mark.parametrize("training", [True, False])
def test_equals_the_layers_one_by_one(training: bool, shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(1)
    model = VGG(shape, 3, width=2, depth=2, dropout=0.0).double().train(training)
    x = torch.randn(EXAMPLES_AT_ONCE + 5, *shape, dtype=torch.float64, generator=generator)
    values = x.reshape(len(x), -1, 17, 22)
    for block in model.blocks:
        values = F.relu(block.first_normalisation(F.conv2d(values, block.first.weight, padding=1)))
        values = F.max_pool2d(F.conv2d(values, block.second.weight, padding=1), 2)
        values = F.relu(block.second_normalisation(values))
    torch.testing.assert_close(model(x), model.head(values.flatten(1)))


@pytest.mark.parametrize(("width", "depth"), [(8, 4), (16, 3), (4, 1)])
def test_parameters_follow_from_width_and_depth(width: int, depth: int) -> None:
    expected, before = 0, 1
    for block in range(depth):
        after = width * 2**block
        expected += 9 * before * after + 9 * after * after + 2 * 4 * after
        before = after
    expected += (before * (80 // 2**depth) ** 2 + 1) * 256 + (256 + 1) * 8
    assert parameter_count(VGG((80, 80), 8, width=width, depth=depth)) == expected


@pytest.mark.parametrize(("width", "depth"), [(0, 4), (8, 0)])
def test_no_width_or_depth_is_refused(width: int, depth: int) -> None:
    with pytest.raises(UsageError, match=rf"vgg: width = {width} and depth = {depth} must be 1 or more"):
        VGG((80, 80), 8, width=width, depth=depth)


def test_a_shape_that_the_pools_use_up_is_refused() -> None:
    with pytest.raises(ModelError, match=r"vgg needs pictures of at least 32 × 32 \(height × width\), not 31 × 80"):
        VGG((31, 80), 8, depth=5)


def test_a_batch_of_another_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"this vgg was built for examples of 80 × 80, the batch holds 80 × 96"):
        VGG((80, 80), 8)(torch.zeros(2, 80, 96))
