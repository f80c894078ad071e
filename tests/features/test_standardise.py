"""Scales fitted to training examples, beside NumPy and scikit-learn."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from earmark.features.standardise import Standardiser, fit_standardiser


@pytest.fixture
def x(rng: np.random.Generator) -> np.ndarray:
    """Examples of six bands with levels and spreads of their own, more than one block of them."""
    level = np.linspace(-70, -10, 6)[:, None]
    return (level + np.linspace(1, 12, 6)[:, None] * rng.standard_normal((600, 6, 9))).astype(np.float32)


def apply(standardiser: Standardiser, x: np.ndarray) -> np.ndarray:
    return standardiser(torch.from_numpy(x)).numpy()


def test_per_band_is_scikit_learns_scaler_over_all_frames(x: np.ndarray) -> None:
    frames = x.transpose(0, 2, 1).reshape(-1, 6)
    scaler = StandardScaler().fit(frames.astype(np.float64))
    fitted = fit_standardiser(x, "per_band", top_db=80)
    np.testing.assert_allclose(fitted.mean, scaler.mean_, rtol=1e-10)
    np.testing.assert_allclose(fitted.spread, scaler.scale_, rtol=1e-10)
    expected = scaler.transform(frames).reshape(600, 9, 6).transpose(0, 2, 1)
    np.testing.assert_allclose(apply(fitted, x), expected, atol=1e-5)


def test_global_is_one_mean_and_one_deviation(x: np.ndarray) -> None:
    fitted = fit_standardiser(x, "global", top_db=80)
    whole = x.astype(np.float64)
    np.testing.assert_allclose(apply(fitted, x), (whole - whole.mean()) / whole.std(), atol=1e-5)
    assert len(fitted.mean) == len(fitted.spread) == 1


@pytest.mark.parametrize("examples", [3, 300])
def test_per_channel_is_one_scale_a_colour(rng: np.random.Generator, examples: int) -> None:
    pictures = rng.random((examples, 3, 8, 5), dtype=np.float32) * np.array([1, 0.5, 0.1], np.float32)[:, None, None]
    fitted = fit_standardiser(pictures, "per_channel")
    np.testing.assert_allclose(fitted.mean, pictures.mean((0, 2, 3), dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(fitted.spread, pictures.std((0, 2, 3), dtype=np.float64), rtol=1e-6)
    standardised = apply(fitted, pictures)
    np.testing.assert_allclose(standardised.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(standardised.std((0, 2, 3)), 1, atol=1e-5)


def test_global_takes_pictures_too(rng: np.random.Generator) -> None:
    pictures = rng.random((4, 3, 8, 5), dtype=np.float32)
    fitted = fit_standardiser(pictures, "global")
    np.testing.assert_allclose([*fitted.mean, *fitted.spread], [pictures.mean(), pictures.std()], rtol=1e-5)
    np.testing.assert_allclose(apply(fitted, pictures).std(), 1, atol=1e-5)


def test_unit_and_none_do_not_look_at_the_examples() -> None:
    decibels = np.array([[[-60.0, -30.0, 0.0]]], dtype=np.float32)
    np.testing.assert_allclose(apply(fit_standardiser(decibels, "unit", top_db=60), decibels), [[[0, 0.5, 1]]])
    np.testing.assert_array_equal(apply(fit_standardiser(decibels, "none", top_db=60), decibels), decibels)


def test_a_band_that_never_changes_is_only_centred(x: np.ndarray) -> None:
    x[:, 2] = -80
    fitted = fit_standardiser(x, "per_band", top_db=80)
    assert fitted.spread[2] == 1
    assert np.abs(apply(fitted, x)[:, 2]).max() == 0


def test_statistics_do_not_lose_digits_far_from_zero(rng: np.random.Generator) -> None:
    x = (10_000 + rng.standard_normal((300, 2, 50))).astype(np.float32)
    fitted = fit_standardiser(x, "per_band", top_db=80)
    np.testing.assert_allclose(fitted.spread, x.astype(np.float64).std(axis=(0, 2)), rtol=1e-6)


def test_it_comes_back_from_json_to_the_last_bit(x: np.ndarray) -> None:
    fitted = fit_standardiser(x, "per_band", top_db=80)
    assert msgspec.json.decode(msgspec.json.encode(fitted), type=Standardiser) == fitted
