"""Crops in training and in judging."""

import math

import pytest
import torch

from earmark.augment.random_crop import random_crop
from earmark.errors import UsageError
from earmark.models.forward import Crops, Mirrored, Views, batched_logits

GENERATOR_SEED = 3


def test_each_example_keeps_neighbouring_frames_from_anywhere() -> None:
    x = torch.arange(50.0).expand(400, 2, 50).clone()
    target = torch.eye(4)[torch.zeros(400, dtype=torch.long)]
    cut, same = random_crop(frames=8)(x, target, torch.Generator().manual_seed(GENERATOR_SEED))
    assert cut.shape == (400, 2, 8)
    assert torch.equal(same, target)
    assert torch.equal(cut.diff(dim=2), torch.ones(400, 2, 7))
    begins = cut[:, 0, 0].int().tolist()
    assert set(begins) == set(range(43))


def test_a_picture_is_cropped_in_time_and_all_its_channels_alike() -> None:
    x = torch.arange(50.0).expand(40, 3, 2, 50).clone()
    cut, _ = random_crop(frames=8)(x, torch.zeros(40, 2), torch.Generator().manual_seed(GENERATOR_SEED))
    assert cut.shape == (40, 3, 2, 8)
    assert torch.equal(cut.diff(dim=3), torch.ones(40, 3, 2, 7))
    assert torch.equal(cut, cut[:, :1, :1].expand_as(cut))


def test_a_crop_longer_than_the_example_is_refused() -> None:
    with pytest.raises(UsageError, match="frames = 9, but examples have only 8"):
        random_crop(frames=9)(torch.zeros(1, 2, 8), torch.zeros(1, 3), torch.Generator())


@pytest.mark.parametrize(("count", "begins"), [(1, [5]), (2, [0, 10]), (5, [0, 2, 5, 8, 10])])
def test_crops_to_judge_are_spread_evenly(count: int, begins: list[int]) -> None:
    pieces = Crops(4, count).of(torch.arange(14.0).expand(3, 2, 14))
    assert pieces.shape == (3 * count, 2, 4)
    assert pieces[:count, 0, 0].int().tolist() == begins


@pytest.mark.parametrize(("views", "width"), [(Crops(4, 3), 14), (Mirrored(), 4)])
def test_the_probabilities_of_views_are_averaged(views: Views, width: int) -> None:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(8, 3))
    x = torch.randn(5, 2, width, generator=torch.Generator().manual_seed(GENERATOR_SEED))
    with torch.no_grad():
        each = model(views.of(x)).softmax(1).reshape(5, views.count, 3)
    logits = batched_logits(model, x, lambda batch: batch, views=views, batch_size=2)
    torch.testing.assert_close(logits.softmax(1), each.mean(1))
    assert math.isclose(float(logits.exp().sum()), 5.0, rel_tol=1e-5)


def test_a_mirror_image_lies_beside_its_picture() -> None:
    seen = Mirrored().of(torch.arange(12.0).reshape(2, 1, 2, 3))
    assert seen[:, 0, 0].int().tolist() == [[0, 1, 2], [2, 1, 0], [6, 7, 8], [8, 7, 6]]
