"""The short-chunk residual network: blocks against their formula, statistics against NumPy, sizes by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import ModelError, UsageError
from earmark.models.parameters import parameter_count
from earmark.models.short_chunk_resnet import ShortChunkResNet, _Residual, over_time


def test_statistics_equal_numpys(rng: np.random.Generator) -> None:
    x = rng.standard_normal((3, 5, 7))
    mean, deviation = over_time(torch.from_numpy(x))
    np.testing.assert_allclose(mean, x.mean(axis=2))
    np.testing.assert_allclose(deviation, np.sqrt(x.var(axis=2) + 1e-4))


def test_a_row_that_stands_still_has_a_finite_gradient() -> None:
    x = torch.ones(1, 2, 6, requires_grad=True)
    over_time(x)[1].sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@pytest.mark.parametrize(("before", "after", "stride"), [(3, 3, 1), (3, 6, 1), (3, 6, 2), (4, 4, 2)])
def test_a_residual_block_is_its_formula(before: int, after: int, stride: int) -> None:
    block = _Residual(before, after, stride).double()
    x = torch.randn(5, before, 9, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    active = F.batch_norm(x, None, None, training=True).relu()
    inner = F.conv2d(active, block.first.weight, stride=stride, padding=1)
    inner = F.conv2d(F.batch_norm(inner, None, None, training=True).relu(), block.second.weight, padding=1)
    if (before, stride) == (after, 1):
        expected = x + inner
    else:
        assert block.shortcut is not None
        averaged = F.avg_pool2d(active, stride, ceil_mode=True)
        expected = inner + F.conv2d(averaged, block.shortcut[1].weight)
    torch.testing.assert_close(block(x), expected)


@settings(max_examples=15, deadline=None)
@given(bands=st.integers(4, 70), frames=st.integers(4, 70), stages=st.integers(1, 4), time_stride=st.integers(1, 5))
def test_any_shape_from_four_by_four_gives_logits(bands: int, frames: int, stages: int, time_stride: int) -> None:
    model = ShortChunkResNet((bands, frames), 3, width=4, stages=stages, time_stride=time_stride, units=8)
    assert model(torch.zeros(2, bands, frames)).shape == (2, 3)


def test_parameters_follow_from_the_shape() -> None:
    def block(before: int, after: int) -> int:
        projection = before * after if before != after else 0
        return 4 * before + 9 * before * after + 4 * after + 9 * after * after + projection

    statistics = 2 * 128 * 10
    head = 4 * statistics + statistics * 512 + 4 * 512 + (512 + 1) * 8
    expected = 25 * 32 + block(32, 32) + block(32, 64) + block(64, 128) + 4 * 128 + head
    assert parameter_count(ShortChunkResNet((80, 80), 8)) == expected


@pytest.mark.parametrize("option", ["width", "stages", "blocks", "time_stride", "units"])
def test_a_size_below_one_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match=rf"short_chunk_resnet: {option} = 0 must be 1 or more"):
        ShortChunkResNet((80, 80), 8, **{option: 0})


def test_too_small_a_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"short_chunk_resnet needs examples of at least 4 × 4 .*, not 3 × 80"):
        ShortChunkResNet((3, 80), 8)


def test_a_batch_of_another_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"this short_chunk_resnet was built for examples of 80 × 80"):
        ShortChunkResNet((80, 80), 8)(torch.zeros(2, 80, 96))
