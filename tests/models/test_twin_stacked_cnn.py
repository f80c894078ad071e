"""The twin stacked CNN: its counts, and that both of its stacks are seen by the dense layers."""

from __future__ import annotations

import pytest
import torch

from earmark.errors import ModelError
from earmark.models.parameters import parameter_count
from earmark.models.twin_stacked_cnn import TwinStackedCNN


def test_the_course_counts_320936_parameters() -> None:
    def stack(filters: int) -> int:
        convolutions = (9 + 1) * filters + 2 * (9 * filters + 1) * filters + (4 * filters + 1) * filters
        return convolutions + 4 * 4 * filters

    dense = (4 * 4 * (32 + 64) + 1) * 128 + (128 + 1) * 64 + (64 + 1) * 8
    assert stack(32) + stack(64) + dense == 320_936
    assert parameter_count(TwinStackedCNN((80, 80), 8)) == 320_936


def test_the_dense_layers_take_the_narrow_stack_first() -> None:
    model = TwinStackedCNN((40, 40), 3, narrow=2, wide=4).eval()
    x = torch.randn(3, 40, 40, generator=torch.Generator().manual_seed(1))
    joined = torch.cat([model.narrow(x), model.wide(x)], dim=1)
    assert joined.shape[1] == model.dense[1].in_features == (2 + 4) * 2 * 2
    torch.testing.assert_close(model(x), model.dense(joined))


def test_too_small_a_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"twin_stacked_cnn needs examples of at least 23 × 23 .*, not 20 × 80"):
        TwinStackedCNN((20, 80), 8)


def test_a_batch_of_another_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"this twin_stacked_cnn was built for examples of 40 × 40"):
        TwinStackedCNN((40, 40), 3)(torch.zeros(2, 40, 48))
