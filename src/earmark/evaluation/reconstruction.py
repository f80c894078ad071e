"""How near pictures come back: mean squared error, PSNR and SSIM, in the pictures' own units of 0 to 1."""

from __future__ import annotations

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from earmark.evaluation.intervals import bootstrap, percentiles
from earmark.evaluation.scores import Score

Floats = NDArray[np.float64]
WINDOW, SIGMA = 11, 1.5  # pixels
STEADY = (0.01**2, 0.03**2)


class Reconstruction(msgspec.Struct, frozen=True, kw_only=True):
    """What a part's pictures lost, each figure with its bootstrap interval over pictures.

    mse   mean over pictures, channels and pixels
    psnr  dB: 10 · log10(1 / mse), of the mean over all pictures, which is below the mean of each one's
    ssim  mean over pictures; 1 is equal
    """

    data: str
    part: str
    n: int
    mse: Score
    psnr: Score
    ssim: Score
    level: float


def reconstruction(
    pictures: Tensor, given: Tensor, *, data: str, part: str, level: float = 0.95, resamples: int = 2000
) -> Reconstruction:
    """Figures of what was `given` back for `pictures`, both (n, channels, height, width) in 0…1."""
    each = np.stack([_errors(pictures, given), ssim(pictures, given), np.ones(len(pictures))], axis=1)

    def figures(sums: Floats) -> Floats:
        mse = sums[:, 0] / sums[:, 2]
        return np.stack([mse, -10 * np.log10(np.maximum(mse, np.finfo(np.float64).tiny)), sums[:, 1] / sums[:, 2]], 1)

    value = figures(each.sum(0, keepdims=True))[0]
    low, high = percentiles(bootstrap(each, figures, resamples=resamples, seed=0), level)
    scores = [Score(*(float(x) for x in bounds)) for bounds in zip(value, low, high, strict=True)]
    return Reconstruction(
        data=data, part=part, n=len(pictures), mse=scores[0], psnr=scores[1], ssim=scores[2], level=level
    )


def _errors(pictures: Tensor, given: Tensor) -> Floats:
    squares: Floats = (pictures.double() - given.double()).square().flatten(1).mean(1).numpy()
    return squares


def ssim(pictures: Tensor, given: Tensor) -> Floats:
    """Structural similarity (n,) of pictures (n, channels, height, width) in 0…1, the mean of the channels'.

    Weighted by a Gaussian window of 11 × 11, or as much of it as the picture has room for, wherever that lies inside.
    Source: Wang, Bovik, Sheikh & Simoncelli 2004, "Image quality assessment", IEEE Transactions on Image Processing
    13(4), equation 13 and section III.C.
    """
    n, channels, *size = pictures.shape
    weights = [_gaussian(min(WINDOW, length)) for length in size]
    window = torch.outer(*weights)[None, None]

    def local(values: Tensor) -> Tensor:
        return functional.conv2d(values.reshape(n * channels, 1, *size), window)

    x, y = pictures.double(), given.double()
    mean_x, mean_y = local(x), local(y)
    spread_x, spread_y = local(x * x) - mean_x**2, local(y * y) - mean_y**2
    shared = local(x * y) - mean_x * mean_y
    level = (2 * mean_x * mean_y + STEADY[0]) / (mean_x**2 + mean_y**2 + STEADY[0])
    structure = (2 * shared + STEADY[1]) / (spread_x + spread_y + STEADY[1])
    each: Floats = (level * structure).reshape(n, -1).mean(1).numpy()
    return each


def _gaussian(size: int) -> Tensor:
    place = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-(place**2) / (2 * SIGMA**2))
    return weights / weights.sum()
