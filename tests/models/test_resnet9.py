"""ResNet-9 against its layers written out, and what its keywords change."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.errors import ModelError, UsageError
from earmark.models.parameters import parameter_count
from earmark.models.resnet9 import ResNet9


def convolved(x: Tensor, layer: nn.Module, *, pool: bool) -> Tensor:
    maps = F.conv2d(x, layer.convolution.weight, padding=1)
    return F.relu(layer.normalisation(F.max_pool2d(maps, 2) if pool else maps))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", [(3, 32, 32), (9, 13)])
def test_equals_the_layers_one_by_one(training: bool, shape: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    model = ResNet9(shape, 4, width=2).double().train(training)
    x = torch.randn(5, *shape, dtype=torch.float64)
    first, second, near, third, fourth, far = model.encoder
    maps = convolved(convolved(x.reshape(5, -1, *shape[-2:]), first, pool=False), second, pool=True)
    maps = maps + convolved(convolved(maps, near.pair[0], pool=False), near.pair[1], pool=False)
    maps = convolved(convolved(maps, third, pool=True), fourth, pool=True)
    maps = maps + convolved(convolved(maps, far.pair[0], pool=False), far.pair[1], pool=False)
    expected = F.adaptive_max_pool2d(maps, 1).flatten(1) @ model.head.weight.T / 8
    torch.testing.assert_close(model(x), expected)


@pytest.mark.parametrize("width", [8, 32, 64])
def test_parameters_follow_from_the_width(width: int) -> None:
    w = width
    pairs = [(3, w), (w, 2 * w), *[(2 * w, 2 * w)] * 2, (2 * w, 4 * w), (4 * w, 8 * w), *[(8 * w, 8 * w)] * 2]
    expected = sum(9 * before * after + 4 * after for before, after in pairs) + 8 * w * 100
    assert parameter_count(ResNet9((3, 32, 32), 100, width=width)) == expected


def test_what_it_cannot_take_is_refused() -> None:
    with pytest.raises(UsageError, match="resnet9: width = 0 must be 1 or more"):
        ResNet9((3, 32, 32), 10, width=0)
    with pytest.raises(ModelError, match=r"at least 8 × 8 \(height × width\), not 3 × 7 × 32"):
        ResNet9((3, 7, 32), 10)
