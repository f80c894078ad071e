"""Crops, flips, squares covered and boxes exchanged: pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from earmark.augment.boxes import boxes
from earmark.augment.crop import crop
from earmark.augment.cutmix import cutmix
from earmark.augment.cutout import cutout
from earmark.augment.flip import flip
from earmark.errors import UsageError

N = 400


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = N, channels: int = 2, height: int = 5, width: int = 6) -> Tensor:
    return torch.randn((n, channels, height, width), generator=generator(3))


def targets(n: int = N) -> Tensor:
    return torch.eye(n)


def test_a_flip_mirrors_whole_pictures_about_half_the_time() -> None:
    x = pictures()
    out, target = flip()(x.clone(), targets(), generator())
    turned = [bool(torch.equal(a, b.flip(-1))) for a, b in zip(out, x, strict=True)]
    kept = [bool(torch.equal(a, b)) for a, b in zip(out, x, strict=True)]
    assert all(a != b for a, b in zip(turned, kept, strict=True))
    assert 0.4 < np.mean(turned) < 0.6
    assert torch.equal(target, targets())


@pytest.mark.parametrize(("probability", "mirrored"), [(0.0, False), (1.0, True)])
def test_a_flip_is_as_probable_as_asked(probability: float, mirrored: bool) -> None:
    x = pictures()
    out, _ = flip(probability=probability)(x.clone(), targets(), generator())
    assert torch.equal(out, x.flip(-1) if mirrored else x)


def test_a_crop_is_a_window_of_the_padded_picture_and_any_of_them() -> None:
    x = pictures()
    out, target = crop(pad=2)(x.clone(), targets(), generator())
    padded = np.pad(x.numpy(), [(0, 0), (0, 0), (2, 2), (2, 2)])
    found = [
        [(i, j) for i in range(5) for j in range(5) if np.array_equal(window, around[:, i : i + 5, j : j + 6])]
        for window, around in zip(out.numpy(), padded, strict=True)
    ]
    assert all(len(places) == 1 for places in found)
    assert {places[0] for places in found} == {(i, j) for i in range(5) for j in range(5)}
    assert torch.equal(target, targets())
    assert torch.equal(crop(pad=0)(x.clone(), targets(), generator())[0], x)


def test_cutout_covers_one_square_cut_off_at_the_edges() -> None:
    out, target = cutout(size=3)(torch.ones(N, 2, 5, 6), targets(), generator())
    assert torch.equal(out[:, 0], out[:, 1])
    shapes, centres = set(), set()
    for covered in (out[:, 0] == 0).numpy():
        rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
        assert covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert covered.sum() == len(rows) * len(columns)
        shapes.add((len(rows), len(columns)))
        centres.add((rows[0], rows[-1], columns[0], columns[-1]))
    assert shapes == {(a, b) for a in (2, 3) for b in (2, 3)}
    assert len(centres) == 5 * 6  # a square about every pixel
    assert torch.equal(target, targets())
    assert torch.equal(cutout(size=0)(pictures(), targets(), generator())[0], pictures())


def test_boxes_are_as_large_as_asked_where_they_fit() -> None:
    x = pictures(200, height=9, width=11)
    inside = boxes(x, torch.full((200,), 3), torch.full((200,), 4), generator())
    assert inside.shape == (200, 1, 9, 11)
    assert int(inside.flatten(1).sum(1).max()) == 12


def test_cutmix_lays_a_box_of_another_picture_over_each_and_shares_the_target_by_area() -> None:
    x = torch.arange(N, dtype=torch.float32)[:, None, None, None].expand(N, 2, 5, 6).clone()
    out, target = cutmix(probability=1.0)(x, targets(), generator())
    assert torch.equal(out[:, 0], out[:, 1])
    shares = [np.bincount(picture.long().flatten(), minlength=N) / 30 for picture in out[:, 0]]
    np.testing.assert_allclose(target.numpy(), shares, atol=1e-6)
    assert max(np.count_nonzero(share) for share in shares) == 2
    assert 0.3 < float(target.diagonal().mean()) < 0.8


@pytest.mark.parametrize(("probability", "low", "high"), [(0.0, 0, 0), (0.5, 0.3, 0.5), (1.0, 0.7, 1)])
def test_cutmix_is_as_probable_as_asked(probability: float, low: float, high: float) -> None:
    _, target = cutmix(probability=probability)(pictures(), targets(), generator())
    assert low <= float((target.diagonal() < 1).double().mean()) <= high


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="flip: probability = 2 must be from 0 to 1"):
        flip(probability=2)
    with pytest.raises(UsageError, match="crop: pad = -1 must be 0 or more"):
        crop(pad=-1)
    with pytest.raises(UsageError, match="cutout: size = -1 must be 0 or more"):
        cutout(size=-1)
    with pytest.raises(UsageError, match="cutmix: alpha = 0 must be above 0"):
        cutmix(alpha=0)
    with pytest.raises(UsageError, match="cutmix: probability = -1 must be from 0 to 1"):
        cutmix(probability=-1)
