"""What is added to the decibels: one number, a curve over the bands, hiss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from earmark.augment.chain import Augmentation
from earmark.augment.equaliser import equaliser
from earmark.augment.gain import gain
from earmark.augment.noise import noise
from earmark.errors import UsageError


def added(augmentation: Augmentation, *shape: int) -> np.ndarray:
    """What an augmentation adds, in float64: it does not depend on what it is added to."""
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    out, _ = augmentation(x.clone(), torch.zeros(shape[0], 2), torch.Generator().manual_seed(1))
    return (out - x).numpy()


def test_gain_adds_one_even_draw_to_all_of_an_example() -> None:
    level = added(gain(most=0.4), 2000, 3, 4)
    assert np.ptp(level, axis=(1, 2)).max() < 1e-12
    assert stats.kstest(level[:, 0, 0], stats.uniform(-0.4, 0.8).cdf).pvalue > 0.01


def test_equaliser_is_linear_between_its_knots() -> None:
    curve = added(equaliser(most=0.5, knots=5), 300, 21, 3)  # a knot at bands 0, 5, 10, 15, 20
    assert np.ptp(curve, axis=2).max() < 1e-12
    bands, knots = np.arange(21), np.arange(0, 21, 5)
    for row in curve[:, :, 0]:
        np.testing.assert_allclose(row, np.interp(bands, knots, row[knots]), atol=1e-12)
    assert stats.kstest(curve[:, knots, 0].ravel(), stats.uniform(-0.5, 1.0).cdf).pvalue > 0.01


def test_equaliser_of_one_knot_is_a_gain() -> None:
    assert np.ptp(added(equaliser(knots=1), 5, 8, 3), axis=(1, 2)).max() < 1e-12


def test_noise_is_gaussian_of_a_strength_drawn_evenly() -> None:
    hiss = added(noise(most=0.5), 400, 40, 40)
    strength = hiss.std(axis=(1, 2))
    assert stats.kstest(strength, stats.uniform(0, 0.5).cdf).pvalue > 0.01
    assert stats.kstest((hiss / strength[:, None, None])[:10].ravel(), stats.norm.cdf).pvalue > 0.01


def test_noise_is_of_one_strength_in_all_channels_of_a_picture_and_other_in_each() -> None:
    hiss = added(noise(most=0.5), 200, 3, 40, 40)
    strength = hiss.std(axis=(2, 3))
    np.testing.assert_allclose(strength, np.repeat(strength[:, :1], 3, axis=1), rtol=0.1)
    assert stats.kstest(strength[:, 0], stats.uniform(0, 0.5).cdf).pvalue > 0.01
    assert abs(np.corrcoef(hiss[:, 0].ravel(), hiss[:, 1].ravel())[0, 1]) < 0.01


@pytest.mark.parametrize("make", [gain, equaliser, noise])
def test_nothing_is_added_where_nothing_is_asked_for(make) -> None:
    np.testing.assert_array_equal(added(make(most=0.0), 3, 4, 5), 0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: gain(most=-1), "gain: most = -1 must be 0 or more"),
        (lambda: noise(most=-0.5), "noise: most = -0.5 must be 0 or more"),
        (lambda: equaliser(most=float("nan")), "equaliser: most = nan must be 0 or more"),
        (lambda: equaliser(knots=0), "equaliser: knots = 0 must be 1 or more"),
    ],
)
def test_what_cannot_be_is_refused(make, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make()
