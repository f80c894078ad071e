"""`earmark.audio.track_statistics` as a graph: the same numbers by sums, products and sorting alone.

Fourier transforms of a few frequencies are products with their waves, means over neighbouring bands products with a
matrix of shares. The logarithm of a covariance takes no eigenvectors, which ONNX does not have: of a root of it that is
nearly 1 the logarithm is a short series, and roots are found by products alone (Higham 2008, "Functions of matrices",
sections 6.7 and 11.5: the coupled Newton-Schulz iteration; inverse scaling and squaring).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from scipy.fft import dct, next_fast_len, rfftfreq
from torch import Tensor, nn

from earmark.audio.track_statistics import HIGHEST, LONGEST_LAG, LOWEST

ROOTS = (17, 13, 10, 9, 8, 8)  # steps of each square root; the first starts at eigenvalues of 1/2000
TERMS = 12  # of the series: what is left is below 1e-13


class TrackStatistics(nn.Module):
    """All groups of `track_statistics` side by side.

    Input  (n, bands, frames) float32 log-mel in dB.
    Output (n, numbers) float64.
    """

    def __init__(self, shape: tuple[int, int], *, frames_per_second: float) -> None:
        super().__init__()
        self.bands, self.frames = shape
        self.rate = frames_per_second
        cepstrum = dct(np.eye(self.bands), axis=0, norm="ortho")[:20]
        self.register_buffer("cepstrum", torch.from_numpy(cepstrum).float(), persistent=False)
        width = 7
        around = np.clip(np.arange(self.bands)[:, None] + np.arange(width) - width // 2, 0, self.bands - 1)
        outstanding = np.eye(self.bands)
        np.subtract.at(outstanding, (np.arange(self.bands)[:, None], around), 1 / width)
        self.register_buffer("outstanding", torch.from_numpy(outstanding).float(), persistent=False)
        length = next_fast_len(max(self.frames, int(np.ceil(8 * self.rate / LOWEST))), real=True)
        frequency = rfftfreq(length, 1 / self.rate)
        edges = np.geomspace(LOWEST, HIGHEST, 9)
        within = [np.flatnonzero((frequency >= a) & (frequency < b)) for a, b in itertools.pairwise(edges)]
        bins = np.concatenate(within)
        turn = 2 * np.pi * np.outer(np.arange(self.frames), bins) / length
        waves = np.hanning(self.frames)[:, None] * np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
        self.register_buffer("waves", torch.from_numpy(waves).float(), persistent=False)
        ranges = np.zeros((len(bins), len(within)))
        for place, (last, own) in enumerate(zip(np.cumsum([len(own) for own in within]), within, strict=True)):
            ranges[last - len(own) : last, place] = 1 / (len(own) * self.frames)
        self.register_buffer("ranges", torch.from_numpy(ranges).float(), persistent=False)
        lags = np.unique(np.rint(np.linspace(0, LONGEST_LAG, 40)[1:] * self.rate).astype(int))
        self.longest_lag = int(lags.max())
        later = lags[:, None] + np.arange(self.frames - 1)
        self.register_buffer("later", torch.from_numpy(later), persistent=False)

    cepstrum: Tensor
    outstanding: Tensor
    waves: Tensor
    ranges: Tensor
    later: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([group.double() for group in self._groups(x)], dim=1)

    def _groups(self, x: Tensor) -> Iterator[Tensor]:
        slow = self.cepstrum @ x
        change = x.diff(dim=2)
        bands, steps = _pooled(x, 32), _pooled(x, 16)
        fast = slow.diff(dim=2)
        motions = (torch.cat([slow[:, :10, 1:], fast[:, :10]], dim=1), fast[:, :13], steps.diff(dim=2))
        power = torch.pow(10.0, x / 10)

        yield _level(10 * power.sum(1).log10())
        yield _shape(power / power.sum(1, keepdim=True))
        yield _percentiles(bands, (10, 50, 90)).transpose(1, 2).flatten(1)
        yield _contrast(x)
        yield torch.cat([slow.mean(2), _std(slow)], dim=1)
        yield torch.cat([_pooled(change.abs().mean(2), 32), _std(bands.diff(dim=2).clamp_min(0))], dim=1)
        yield _third_and_fourth_moment(bands.diff(dim=2))
        yield from _log_covariances(motions)
        yield _grain(x)
        yield _distances(x)
        yield self._persistence(x)
        yield self._modulation(_pooled(x, 8), relative=True)
        yield self._modulation(slow[:, :13], relative=False)
        yield self._onsets(change.clamp_min(0))

    def _persistence(self, x: Tensor) -> Tensor:
        outstanding = self.outstanding @ x
        energy = _pooled(outstanding.square().mean(2), 16)
        parts = [_pooled(outstanding.mean(2).abs(), 16)]
        for lag in (1, 3, 6):
            both = _pooled((outstanding[:, :, lag:] * outstanding[:, :, :-lag]).mean(2), 16)
            parts.append(both / (energy + 1e-3))
        return torch.cat(parts, dim=1)

    def _modulation(self, x: Tensor, *, relative: bool) -> Tensor:
        real, imaginary = ((x - x.mean(2, keepdim=True)) @ self.waves).square().chunk(2, dim=2)
        logs = ((real + imaginary) @ self.ranges + 1e-5).log()
        return (logs - logs.mean(2, keepdim=True) if relative else logs).flatten(1)

    def _onsets(self, rises: Tensor) -> Tensor:
        low, high = self.bands // 10, self.bands * 2 // 5
        onsets = torch.stack([p.mean(1) for p in (rises, rises[:, :low], rises[:, low:high], rises[:, high:])], dim=1)
        onsets = onsets - onsets.mean(2, keepdim=True)
        spread = _std(onsets)
        later = nn.functional.pad(onsets, (0, self.longest_lag))[:, :, self.later]  # (n, 4, lags, frames)
        energy = onsets.square().sum(2, keepdim=True)
        returns = (later * onsets[:, :, None]).sum(3) / (energy + 1e-6)
        highest = returns[:, :, 2:].topk(5, dim=2).values
        skew = (onsets * onsets * onsets).mean(2) / (spread * spread * spread + 1e-6)
        return torch.cat([returns.flatten(1), highest.flatten(1), (spread + 1e-3).log(), skew], dim=1)


def _pooled(x: Tensor, groups: int) -> Tensor:
    """Mean over `groups` neighbourhoods of bands, which are axis 1."""
    bands = x.shape[1]
    edges = np.append(np.arange(groups) * bands // groups, bands)
    within = np.zeros((groups, bands), dtype=np.float32)  # by numpy: a constant, and no steps of the graph
    for group, (first, last) in enumerate(itertools.pairwise(edges)):
        within[group, first:last] = 1 / (last - first)
    shares = torch.from_numpy(within)
    return shares @ x if x.ndim == 3 else x @ shares.T


def _std(x: Tensor) -> Tensor:
    return x.std(-1, correction=0)


def _percentiles(x: Tensor, percents: tuple[int, ...]) -> Tensor:
    """(…, percents) of x (…, values), between two values in proportion."""
    ordered = x.sort(dim=-1).values
    place = torch.tensor(percents, dtype=torch.float64) / 100 * (x.shape[-1] - 1)
    below = place.floor().long()
    share = (place - below).float()
    return ordered[..., below] * (1 - share) + ordered[..., (below + 1).clamp_max(x.shape[-1] - 1)] * share


def _level(level: Tensor) -> Tensor:
    mean = level.mean(1, keepdim=True)
    parts = [
        _percentiles(level, (5, 25, 50, 75, 95)),
        mean,
        _std(level)[:, None],
        (level < mean).float().mean(1, keepdim=True),
        level.diff(dim=1).abs().mean(1, keepdim=True),
    ]
    return torch.cat(parts, dim=1)


def _shape(power: Tensor) -> Tensor:
    band = torch.arange(power.shape[1], dtype=torch.float32)[:, None]
    centroid = (power * band).sum(1)
    spread = (power * (band - centroid[:, None]).square()).sum(1).sqrt()
    roll_off = (power.cumsum(1) < 0.85).float().sum(1)
    flatness = (power + 1e-9).log().mean(1)
    shape = torch.stack([centroid, spread, roll_off, flatness], dim=1)
    return torch.cat([shape.mean(2), _std(shape), shape.diff(dim=2).abs().mean(2)], dim=1)


def _contrast(x: Tensor) -> Tensor:
    parts = []
    for piece in x.tensor_split(8, dim=1):
        ordered = piece.sort(dim=1).values
        few = max(1, ordered.shape[1] // 5)
        valley, peak = ordered[:, :few].mean(1), ordered[:, -few:].mean(1)
        parts += [(peak - valley).mean(1), _std(peak - valley), valley.mean(1), _std(valley)]
    return torch.stack(parts, dim=1)


def _third_and_fourth_moment(x: Tensor) -> Tensor:
    scaled = x / (_std(x)[..., None] + 1e-3)
    cubed = scaled * scaled * scaled
    return torch.cat([cubed.mean(2), (cubed * scaled).mean(2)], dim=1)


def _log_covariances(motions: tuple[Tensor, ...]) -> Iterator[Tensor]:
    """Upper triangles (n, …) of the logarithms of the covariances of each of some rows (n, rows, frames)."""
    largest = max(motion.shape[1] for motion in motions)
    scaled, scales = [], []
    for motion in motions:
        centred = (motion - motion.mean(2, keepdim=True)).double()
        covariance = centred @ centred.mT / motion.shape[2]
        mean_variance = covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
        covariance = covariance + (0.01 * mean_variance + 1e-6) * torch.eye(motion.shape[1], dtype=torch.float64)
        trace = covariance.diagonal(dim1=1, dim2=2).sum(1)[:, None, None]
        spare = largest - motion.shape[1]  # filled up with ones, whose logarithm is 0
        ones = torch.diag(torch.cat([torch.zeros(motion.shape[1]), torch.ones(spare)])).double()
        scaled.append(nn.functional.pad(covariance / trace, (0, spare, 0, spare)) + ones)
        scales.append(trace.log())
    for motion, logarithm, scale in zip(motions, _logarithm(torch.stack(scaled)), scales, strict=True):
        size = motion.shape[1]
        whole = logarithm[:, :size, :size] + scale * torch.eye(size, dtype=torch.float64)
        row, column = np.triu_indices(size)
        yield whole.flatten(1)[:, torch.from_numpy(row * size + column)]


def _logarithm(matrix: Tensor) -> Tensor:
    """Of symmetric positive matrices (…, size, size) float64 with eigenvalues from 1/2000 to 1."""
    one = torch.eye(matrix.shape[-1], dtype=torch.float64)
    start, half = 1.5 * one, 0.5 * one.expand_as(matrix)
    for steps in ROOTS:
        inverse = half  # of the root, halved
        for _ in range(steps):
            step = start - inverse @ matrix
            matrix, inverse = matrix @ step, step @ inverse
    rest = one - matrix
    series = one / TERMS
    for term in range(TERMS - 1, 0, -1):
        series = one / term + rest @ series
    logarithm: Tensor = (rest @ series) * -float(2 ** len(ROOTS))
    return logarithm


def _grain(x: Tensor) -> Tensor:
    centre = x[:, 1:-1, 1:-1]
    tones = _median(x[:, 1:-1, :-2], centre, x[:, 1:-1, 2:])
    strokes = _median(x[:, :-2, 1:-1], centre, x[:, 2:, 1:-1])
    pairs = ((tones, strokes), (centre, tones), (centre, strokes))
    return torch.cat([_pooled((one - other).abs().mean(2), 16) for one, other in pairs], dim=1)


def _median(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.maximum(torch.minimum(a, b), torch.minimum(torch.maximum(a, b), c))


def _distances(x: Tensor) -> Tensor:
    in_time = [_pooled((x[:, :, lag:] - x[:, :, :-lag]).abs().mean(2), 16) for lag in (1, 2, 4, 8, 16)]
    in_frequency = [_pooled((x[:, lag:] - x[:, :-lag]).abs().mean(2), 15) for lag in (1, 2, 4, 8)]
    return torch.cat([*in_time, *in_frequency], dim=1)
