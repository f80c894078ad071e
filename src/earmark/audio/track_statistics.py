"""A whole track's log-mel in some hundred numbers, in groups that each say one thing of its sound."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, irfft, next_fast_len, rfft, rfftfreq

Array = NDArray[np.float32]
BANDS, FRAMES = 32, 32  # the least there must be
LOWEST, HIGHEST = 0.25, 6.0  # Hz, of the modulations: from four seconds a bar to sixteenths
SLOWEST_RATE = 2 * HIGHEST  # frames a second
LONGEST_LAG = 3.0  # seconds, of the onsets' return
BLOCK = 16  # tracks worked on at a time: they stay in the cache


def track_statistics(x: Array, *, frames_per_second: float) -> dict[str, Array]:
    """Statistics (tracks, numbers) by group, of log-mel `x` (tracks, bands, frames) in dB.

    At least 32 bands, 32 frames and 12 frames a second; frames may be samples of a denser spectrogram, as long as they
    lie evenly. Tracks are looked at one by one: what a track gives does not depend on its company.
    """
    blocks = [
        dict(_groups(np.ascontiguousarray(x[start : start + BLOCK], dtype=np.float32), frames_per_second))
        for start in range(0, len(x), BLOCK)
    ]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _groups(x: Array, rate: float) -> Iterator[tuple[str, Array]]:
    slow = dct(x, axis=1, norm="ortho")[:, :20]  # the mel cepstrum
    change = np.diff(x, axis=2)
    bands, steps = _pooled(x, 32), _pooled(x, 16)
    fast = np.diff(slow, axis=2)

    yield "level", _level(x)
    yield "shape", _shape(x)
    yield "bands", np.concatenate(list(np.percentile(bands, [10, 50, 90], axis=2)), axis=1).astype(np.float32)
    yield "contrast", _contrast(x)
    yield "timbre", np.concatenate([slow.mean(2), slow.std(2)], axis=1)
    yield "flux", np.concatenate([_pooled(np.abs(change).mean(2), 32), np.maximum(np.diff(bands, axis=2), 0).std(2)], 1)
    yield "attack", _third_and_fourth_moment(np.diff(bands, axis=2))
    yield "timbre_motion", _log_covariance(np.concatenate([slow[:, :10, 1:], fast[:, :10]], axis=1))
    yield "timbre_change", _log_covariance(fast[:, :13])
    yield "band_change", _log_covariance(np.diff(steps, axis=2))
    yield "grain", _grain(x)
    yield "distances", _distances(x)
    yield "persistence", _persistence(x)
    yield "modulation", _modulation(_pooled(x, 8), rate, relative=True)
    yield "timbre_modulation", _modulation(slow[:, :13], rate, relative=False)
    yield "onsets", _onsets(np.maximum(change, 0), rate)


def _pooled(x: Array, groups: int) -> Array:
    """Mean over `groups` neighbourhoods of bands, which are axis 1."""
    edges = np.arange(groups) * x.shape[1] // groups
    sizes = np.diff(np.append(edges, x.shape[1])).reshape(-1, *[1] * (x.ndim - 2))
    pooled: Array = (np.add.reduceat(x, edges, axis=1) / sizes).astype(np.float32)
    return pooled


def _level(x: Array) -> Array:
    """How loud, how evenly, and how often below the mean (Tzanetakis & Cook's low-energy rate)."""
    level = 10 * np.log10(np.power(10, x / 10).sum(1))
    mean = level.mean(1, keepdims=True)
    parts = [
        np.percentile(level, [5, 25, 50, 75, 95], axis=1).T,
        mean,
        level.std(1, keepdims=True),
        (level < mean).mean(1, keepdims=True),
        np.abs(np.diff(level)).mean(1, keepdims=True),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _shape(x: Array) -> Array:
    """Centroid, spread, roll-off and flatness of each frame: mean, deviation, mean step."""
    power = np.power(10, x / 10)
    power /= power.sum(1, keepdims=True)
    band = np.arange(x.shape[1], dtype=np.float32)[:, None]
    centroid = (power * band).sum(1)
    spread = np.sqrt((power * np.square(band - centroid[:, None])).sum(1))
    roll_off = (power.cumsum(1) < 0.85).sum(1)
    flatness = np.log(power + 1e-9).mean(1)
    shape = np.stack([centroid, spread, roll_off, flatness], axis=1).astype(np.float32)
    return np.concatenate([shape.mean(2), shape.std(2), np.abs(np.diff(shape, axis=2)).mean(2)], axis=1)


def _contrast(x: Array) -> Array:
    """Peaks over valleys within eight ranges (after Jiang et al. 2002, Music type classification by spectral contrast
    feature, ICME)."""
    parts = []
    for piece in np.array_split(x, 8, axis=1):
        ordered = np.sort(piece, axis=1)
        few = max(1, ordered.shape[1] // 5)
        valley, peak = ordered[:, :few].mean(1), ordered[:, -few:].mean(1)
        parts += [(peak - valley).mean(1), (peak - valley).std(1), valley.mean(1), valley.std(1)]
    return np.stack(parts, axis=1)


def _third_and_fourth_moment(x: Array) -> Array:
    scaled = x / (x.std(2, keepdims=True) + 1e-3)
    cubed = scaled * scaled * scaled
    return np.concatenate([cubed.mean(2), (cubed * scaled).mean(2)], axis=1)


def _log_covariance(x: Array) -> Array:
    """Upper triangle of the covariance's matrix logarithm, in which covariances may be subtracted and averaged
    (Arsigny et al. 2006, Log-Euclidean metrics for fast and simple calculus on diffusion tensors)."""
    centred = (x - x.mean(2, keepdims=True)).astype(np.float64)
    covariance = centred @ centred.transpose(0, 2, 1) / x.shape[2]
    size = x.shape[1]
    mean_variance = np.trace(covariance, axis1=1, axis2=2) / size
    values, vectors = np.linalg.eigh(covariance + (0.01 * mean_variance + 1e-6)[:, None, None] * np.eye(size))
    logarithm: NDArray[np.float64] = (vectors * np.log(values)[:, None, :]) @ vectors.transpose(0, 2, 1)
    return logarithm[(slice(None), *np.triu_indices(size))].astype(np.float32)


def _grain(x: Array) -> Array:
    """How far each value lies from its neighbours' median in time, and in frequency, and these from each other: steady
    tones pass the first, strokes the second (after Fitzgerald 2010, Harmonic/percussive separation using median
    filtering, DAFx)."""
    centre = x[:, 1:-1, 1:-1]
    tones = _median(x[:, 1:-1, :-2], centre, x[:, 1:-1, 2:])
    strokes = _median(x[:, :-2, 1:-1], centre, x[:, 2:, 1:-1])
    pairs = ((tones, strokes), (centre, tones), (centre, strokes))
    return np.concatenate([_pooled(np.abs(one - other).mean(2), 16) for one, other in pairs], axis=1)


def _median(a: Array, b: Array, c: Array) -> Array:
    median: Array = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return median


def _distances(x: Array) -> Array:
    """Mean difference between values some frames, or some bands, apart."""
    in_time = [_pooled(np.abs(x[:, :, lag:] - x[:, :, :-lag]).mean(2), 16) for lag in (1, 2, 4, 8, 16)]
    in_frequency = [_pooled(np.abs(x[:, lag:] - x[:, :-lag]).mean(2), 15) for lag in (1, 2, 4, 8)]
    return np.concatenate([*in_time, *in_frequency], axis=1)


def _persistence(x: Array) -> Array:
    """What stands out from its neighbours in frequency: how much, and how far it is still there some frames on."""
    width = 7
    sums = np.cumsum(np.pad(x, ((0, 0), (width // 2 + 1, width // 2), (0, 0)), mode="edge"), axis=1, dtype=np.float64)
    outstanding = (x - (sums[:, width:] - sums[:, :-width]) / width).astype(np.float32)
    energy = _pooled(np.square(outstanding).mean(2), 16)
    parts = [_pooled(np.abs(outstanding.mean(2)), 16)]
    for lag in (1, 3, 6):
        both = _pooled((outstanding[:, :, lag:] * outstanding[:, :, :-lag]).mean(2), 16)
        parts.append(both / (energy + 1e-3))
    return np.concatenate(parts, axis=1)


def _modulation(x: Array, rate: float, *, relative: bool) -> Array:
    """Log power of each row's changes in eight ranges from LOWEST to HIGHEST Hz; `relative` to the mean of these."""
    frames = x.shape[2]
    length = next_fast_len(max(frames, int(np.ceil(8 * rate / LOWEST))), real=True)
    power = np.square(np.abs(rfft((x - x.mean(2, keepdims=True)) * np.hanning(frames), n=length, axis=2))) / frames
    frequency = rfftfreq(length, 1 / rate)
    edges = np.geomspace(LOWEST, HIGHEST, 9)
    ranges = [power[:, :, (frequency >= a) & (frequency < b)].mean(2) for a, b in itertools.pairwise(edges)]
    logs = np.log(np.stack(ranges, axis=2) + 1e-5)
    if relative:
        logs -= logs.mean(2, keepdims=True)
    return logs.reshape(len(x), -1).astype(np.float32)


def _onsets(rises: Array, rate: float) -> Array:
    """Autocorrelation of the onsets in all bands, low, middle and high ones; its five highest returns; their peaks."""
    low, high = rises.shape[1] // 10, rises.shape[1] * 2 // 5
    onsets = np.stack([part.mean(1) for part in (rises, rises[:, :low], rises[:, low:high], rises[:, high:])], axis=1)
    onsets -= onsets.mean(2, keepdims=True)
    spread = onsets.std(2)
    lags = np.unique(np.rint(np.linspace(0, LONGEST_LAG, 40)[1:] * rate).astype(int))
    length = next_fast_len(onsets.shape[2] + int(lags.max()), real=True)
    returns = irfft(np.square(np.abs(rfft(onsets, n=length, axis=2))), n=length, axis=2)
    returns = returns[:, :, lags] / (returns[:, :, :1] + 1e-6)
    returns[:, :, lags >= onsets.shape[2]] = 0  # beyond the end, where there would be the transform's rounding
    highest = -np.sort(-returns[:, :, 2:], axis=2)[:, :, :5]
    skew = np.power(onsets, 3).mean(2) / (spread**3 + 1e-6)
    parts = [returns.reshape(len(rises), -1), highest.reshape(len(rises), -1), np.log(spread + 1e-3), skew]
    return np.concatenate(parts, axis=1).astype(np.float32)
