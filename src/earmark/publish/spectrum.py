"""The log-mel of `earmark.features.log_mel` as a graph of multiplications, which ONNX has and every runtime does well.

The Fourier transform is Cooley & Tukey's, with one division: a window of N = a · b samples as a × b is multiplied by
the transform of its columns, by the twiddle factors, and by the transform of its rows. That is N · (a + b)
multiplications where a convolution with all waves takes N². Since the samples are real, half of the rows say all.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from earmark.audio.log_mel import AMIN, frame_count, mel_filters
from earmark.features.log_mel import LogMel


class MelPower(nn.Module):
    """Power in mel bands of frames that are centred on multiples of the hop, with zeros beyond both ends.

    Input  (…, samples) float32.
    Output (…, frames, bands).
    """

    window: Tensor
    columns: Tensor
    twiddle_real: Tensor
    twiddle_imaginary: Tensor
    rows: Tensor
    filters: Tensor

    def __init__(
        self,
        *,
        sample_rate: int,
        n_fft: int,
        hop_length: int,
        n_mels: int,
        fmin: float = 0.0,
        fmax: float | None = None,
    ) -> None:
        super().__init__()
        self.n_fft, self.hop_length = n_fft, hop_length
        a = next(size for size in range(math.isqrt(n_fft), 0, -1) if n_fft % size == 0)
        b = n_fft // a
        self.shape = (a, b)
        self.kept = a // 2 + 1  # rows: the others are their mirror images
        first, second = torch.arange(self.kept), torch.arange(b)
        columns = _waves(first, torch.arange(a), a)
        twiddle = _waves(first, second, n_fft)
        rows = _waves(second, second, b)
        self.register_buffer("window", torch.hann_window(n_fft, periodic=True))
        self.register_buffer("columns", torch.cat([columns.real, columns.imag]).float())
        self.register_buffer("twiddle_real", twiddle.real.float())
        self.register_buffer("twiddle_imaginary", twiddle.imag.float())
        # One product of (real, imaginary) with this gives both parts of the product of complex numbers.
        mixed = torch.cat([torch.cat([rows.real, rows.imag], 1), torch.cat([-rows.imag, rows.real], 1)])
        self.register_buffer("rows", mixed.float())
        bands = torch.tensor(
            mel_filters(sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
        )  # (bands, bins)
        place = (first[:, None] + a * second).flatten()  # of each value that comes out, its place in the spectrum
        upper = place > n_fft // 2  # which is the mirror image of a lower one; that may be there itself
        filters = (
            bands[:, torch.where(upper, n_fft - place, place)].T * ~(upper & torch.isin(n_fft - place, place))[:, None]
        )
        self.register_buffer("filters", filters)

    def forward(self, samples: Tensor) -> Tensor:
        padded = nn.functional.pad(samples, (self.n_fft // 2, self.n_fft // 2))
        frames = _pieces(padded, self.n_fft, self.hop_length) * self.window
        parts = self.columns @ frames.reshape(*frames.shape[:-1], *self.shape)
        real, imaginary = parts[..., : self.kept, :], parts[..., self.kept :, :]
        turned = torch.cat(
            [
                real * self.twiddle_real - imaginary * self.twiddle_imaginary,
                real * self.twiddle_imaginary + imaginary * self.twiddle_real,
            ],
            dim=-1,
        )
        spectrum = (turned @ self.rows).square()
        b = self.shape[1]
        power: Tensor = (spectrum[..., :b] + spectrum[..., b:]).flatten(-2) @ self.filters
        return power


class LogMelClips(nn.Module):
    """The clips of a waveform, as `LogMel.clips` makes them.

    Input  (samples,) float32 at the features' rate, at least one clip.
    Output (clips, bands, frames) in dB.
    """

    def __init__(self, features: LogMel, *, clip: int, hop: int) -> None:
        super().__init__()
        self.features = features
        self.clip, self.hop = clip, hop
        self.power = MelPower(
            sample_rate=features.sample_rate,
            n_fft=features.n_fft,
            hop_length=features.hop_length,
            n_mels=features.n_mels,
            fmin=features.fmin,
            fmax=features.fmax,
        )

    def forward(self, waveform: Tensor) -> Tensor:
        features = self.features
        if features.reference == "clip":
            power = self.power(_pieces(waveform, self.clip, self.hop))
            db = _decibels(power)
            peak = db.amax((1, 2), keepdim=True)
        else:
            whole = self.power(waveform)
            peak = _decibels(whole).amax((0, 1))
            if self.hop % features.hop_length == 0:
                begins = torch.arange(0, waveform.shape[0] - self.clip + 1, self.hop)
                frames = torch.arange(frame_count(self.clip, features.hop_length))
                db = _decibels(whole[begins[:, None] // features.hop_length + frames])
            else:
                db = _decibels(self.power(_pieces(waveform, self.clip, self.hop)))
        below = torch.maximum(db - peak, torch.tensor(-features.top_db)).mT
        if features.columns is None:
            return below
        kept = (torch.arange(features.columns).double() + 0.5) * below.shape[-1] / features.columns
        return below[..., kept.long()]


def _pieces(samples: Tensor, width: int, hop: int) -> Tensor:
    """(…, pieces, width) of samples (…, n), a piece every `hop`, row by row: sample by sample is slow."""
    row = math.gcd(width, hop)
    begins = torch.arange(0, samples.shape[-1] - width + 1, hop) // row
    places = begins[:, None] + torch.arange(width // row)
    rows = samples[..., : samples.shape[-1] // row * row].reshape(*samples.shape[:-1], -1, row)
    return rows.index_select(-2, places.flatten()).reshape(*samples.shape[:-1], -1, width)


def _decibels(power: Tensor) -> Tensor:
    return power.clamp_min(AMIN).log10() * 10


def _waves(one: Tensor, other: Tensor, period: int) -> Tensor:
    """exp(-2πi · one · other / period), (one, other)."""
    return torch.exp(-2j * math.pi * (one.double()[:, None] * other.double() % period) / period)
