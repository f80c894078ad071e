"""Mean squared error, PSNR and SSIM: by hand, and against the formulas written out pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from earmark.evaluation.reconstruction import reconstruction, ssim


def pictures(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def ssim_of_one(x: np.ndarray, y: np.ndarray) -> float:
    """Of one channel, window by window; Wang et al. 2004."""
    size = 11
    place = np.arange(size) - 5
    weights = np.exp(-(place[:, None] ** 2 + place**2) / (2 * 1.5**2))
    weights /= weights.sum()
    found = []
    for top in range(x.shape[0] - size + 1):
        for left in range(x.shape[1] - size + 1):
            a, b = (picture[top : top + size, left : left + size] for picture in (x, y))
            mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
            var_a, var_b = (weights * (a - mean_a) ** 2).sum(), (weights * (b - mean_b) ** 2).sum()
            shared = (weights * (a - mean_a) * (b - mean_b)).sum()
            upper = (2 * mean_a * mean_b + 1e-4) * (2 * shared + 9e-4)
            found.append(upper / ((mean_a**2 + mean_b**2 + 1e-4) * (var_a + var_b + 9e-4)))
    return float(np.mean(found))


def test_ssim_is_the_published_formula() -> None:
    x = pictures(3, 2, 14, 16)
    y = (x + 0.3 * pictures(3, 2, 14, 16, seed=2)).clamp(0, 1)
    expected = [
        np.mean([ssim_of_one(a, b) for a, b in zip(one, other, strict=True)])
        for one, other in zip(x.double().numpy(), y.double().numpy(), strict=True)
    ]
    np.testing.assert_allclose(ssim(x, y), expected, rtol=1e-9)
    np.testing.assert_allclose(ssim(x, x), 1, rtol=1e-12)


def test_a_picture_smaller_than_the_window_has_one_too() -> None:
    x = pictures(2, 3, 5, 7)
    np.testing.assert_allclose(ssim(x, x), 1, rtol=1e-12)
    assert (ssim(x, 1 - x) < 0.5).all()


def test_psnr_is_of_the_mean_error_of_all_pictures() -> None:
    x = torch.full((2, 3, 12, 12), 0.5)
    y = x.clone()
    y[0] += 0.1
    y[1] -= 0.3
    figures = reconstruction(x, y, data="set", part="test")
    assert figures.mse.value == pytest.approx((0.01 + 0.09) / 2, rel=1e-5)
    assert figures.psnr.value == pytest.approx(10 * math.log10(1 / 0.05), rel=1e-5)
    assert figures.psnr.value < (20 + 10 * math.log10(1 / 0.09)) / 2
    assert figures.psnr.low == pytest.approx(10 * math.log10(1 / 0.09), rel=1e-5)
    assert figures.psnr.high == pytest.approx(20, rel=1e-5)
    assert (figures.data, figures.part, figures.n, figures.level) == ("set", "test", 2, 0.95)


def test_worse_pictures_have_worse_figures() -> None:
    x, noise = pictures(20, 3, 16, 16), pictures(20, 3, 16, 16, seed=2) - 0.5
    near, far = (reconstruction(x, (x + much * noise).clamp(0, 1), data="", part="") for much in (0.1, 0.6))
    assert near.mse.high < far.mse.low
    assert near.psnr.low > far.psnr.high
    assert near.ssim.low > far.ssim.high
