"""Examples moved along bands or time: frame by frame what NumPy makes of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from earmark.augment.band_shift import band_shift
from earmark.augment.chain import Augmentation
from earmark.augment.shift import shift
from earmark.augment.spans import taken
from earmark.augment.time_stretch import time_stretch
from earmark.errors import UsageError


def applied(augmentation: Augmentation, x: Tensor, seed: int = 1) -> np.ndarray:
    out, _ = augmentation(x.clone(), torch.zeros(len(x), 2), torch.Generator().manual_seed(seed))
    return out.numpy()


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


@given(st.integers(1, 3), st.lists(st.integers(1, 5), min_size=2, max_size=3), st.integers(1, 7), st.data())
def test_taken_is_numpys_take_of_each_example(batch: int, shape: list[int], size: int, data: st.DataObject) -> None:
    x = noise(batch, *shape)
    for axis in (-1, -2):
        place = torch.tensor(
            data.draw(
                st.lists(
                    st.lists(st.integers(0, shape[axis] - 1), min_size=size, max_size=size),
                    min_size=batch,
                    max_size=batch,
                )
            )
        )
        expected = np.stack([np.take(row, at, axis) for row, at in zip(x.numpy(), place.numpy(), strict=True)])
        np.testing.assert_array_equal(taken(x, place, axis).numpy(), expected)


def steps_of(moved: np.ndarray, x: Tensor, move) -> list[int]:
    """By how many steps each example was moved; raises where no number of steps explains it."""
    tried = range(-x.shape[2], x.shape[2] + 1)
    return [
        next(s for s in sorted(tried, key=abs) if np.array_equal(after, move(before, s)))
        for before, after in zip(x.numpy(), moved, strict=True)
    ]


def test_shift_is_a_permutation_of_the_frames() -> None:
    x = noise(200, 3, 9)
    assert set(steps_of(applied(shift(), x), x, lambda row, s: np.roll(row, s, axis=1))) == set(range(-4, 5))


def test_shift_goes_no_farther_than_asked() -> None:
    x = noise(200, 3, 9)
    assert set(steps_of(applied(shift(farthest=2), x), x, lambda row, s: np.roll(row, s, axis=1))) == set(range(-2, 3))
    np.testing.assert_array_equal(applied(shift(farthest=0), x), x)


def test_band_shift_repeats_the_edge() -> None:
    x = noise(200, 6, 8)

    def move(row: np.ndarray, step: int) -> np.ndarray:
        return np.pad(row, ((max(step, 0), max(-step, 0)), (0, 0)), "edge")[max(-step, 0) : max(-step, 0) + 6]

    assert set(steps_of(applied(band_shift(farthest=2), x), x, move)) == set(range(-2, 3))


def places(most: float, frames: int, batch: int) -> np.ndarray:
    """Where time_stretch reads each frame: a ramp says so itself, since it is linear between frames."""
    ramp = torch.arange(frames, dtype=torch.float32).expand(batch, 1, frames)
    return applied(time_stretch(most=most), ramp)[:, 0]


def test_time_stretch_is_numpys_interpolation() -> None:
    x, read_at = noise(40, 3, 21), places(0.5, 21, 40)
    expected = [
        [np.interp(at, np.arange(21), band) for band in row] for row, at in zip(x.numpy(), read_at, strict=True)
    ]
    np.testing.assert_allclose(applied(time_stretch(most=0.5), x), expected, atol=1e-5)


def test_time_stretch_stays_about_the_middle_and_within_its_factors() -> None:
    read_at = places(0.5, 21, 500)
    np.testing.assert_allclose(read_at[:, 10], 10, atol=1e-5)
    factor = read_at[:, 11] - read_at[:, 10]
    assert 1 / 1.5 <= factor.min() < 0.7
    assert 1.45 < factor.max() <= 1.5
    assert np.median(factor) == pytest.approx(1, abs=0.05)  # as often faster as slower
    unfolded = 10 + np.outer(factor, np.arange(21) - 10)
    np.testing.assert_allclose(read_at, 20 - np.abs(20 - np.abs(unfolded)), atol=1e-4)


def test_time_stretch_by_nothing_changes_nothing() -> None:
    np.testing.assert_allclose(applied(time_stretch(most=0), noise(4, 3, 10)), noise(4, 3, 10), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: shift(farthest=-1), "shift: farthest = -1 must be 0 or more"),
        (lambda: band_shift(farthest=-1), "band_shift: farthest = -1 must be 0 or more"),
        (lambda: time_stretch(most=2.5), "time_stretch: most = 2.5 must be from 0 to 2"),
    ],
)
def test_what_cannot_be_is_refused(make, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make()
