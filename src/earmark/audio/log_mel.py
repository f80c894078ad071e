"""Log-mel spectrograms as librosa defines them, computed in blocks that stay in the processor's cache.

Definition (librosa 0.11, `feature.melspectrogram` then `power_to_db(ref=np.max)`): frames centred on multiples of the
hop with zeros beyond both ends, periodic Hann window, power, mel bands on Slaney's scale (Auditory Toolbox, 1998:
linear below 1 kHz, logarithmic above) each of unit area, decibels.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from earmark.errors import AudioError, UsageError

AMIN = 1e-10  # power; anything less counts as this, as in librosa
BLOCK_FRAMES = (
    64  # at n_fft 2048 half a megabyte of samples, as much of spectrum: one core's cache; 32 and 192 are slower
)
BANDS_PER_GROUP = 16  # fewer: more calls; more: more multiplications by zero

_BREAK_HZ = 1000.0
_LINEAR_HZ_PER_MEL = 200.0 / 3
_LOG_STEP = np.log(6.4) / 27


def hz_to_mel(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hz to Slaney's mels, elementwise."""
    above: NDArray[np.float64] = np.log(np.maximum(frequencies, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.minimum(frequencies, _BREAK_HZ) / _LINEAR_HZ_PER_MEL + above


def mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's mels to Hz, elementwise: the inverse of `hz_to_mel`."""
    knee = _BREAK_HZ / _LINEAR_HZ_PER_MEL
    growth: NDArray[np.float64] = np.exp(_LOG_STEP * np.maximum(mels - knee, 0.0))
    return np.minimum(mels, knee) * _LINEAR_HZ_PER_MEL * growth


@lru_cache(maxsize=32)
def mel_filters(
    *, sample_rate: int, n_fft: int = 2048, n_mels: int = 128, fmin: float = 0.0, fmax: float | None = None
) -> NDArray[np.float32]:
    """Triangular bands, shape (n_mels, 1 + n_fft // 2), each of unit area; read-only.

    `fmin` and `fmax` in Hz; `fmax=None` is half the sample rate. Raises UsageError where a value is out of range or a
    band is so narrow that no bin of the transform falls into it.
    """
    nyquist = sample_rate / 2
    top = nyquist if fmax is None else fmax
    if min(sample_rate, n_fft, n_mels) < 1 or n_fft % 2:
        raise UsageError(
            f"sample_rate={sample_rate}, n_fft={n_fft}, n_mels={n_mels}: each must be 1 or more, and n_fft even"
        )
    if not 0 <= fmin < top:
        raise UsageError(f"fmin={fmin:g} Hz must be 0 or more and below fmax={top:g} Hz")
    if top > nyquist:
        raise UsageError(
            f"fmax={top:g} Hz is above {nyquist:g} Hz, half of sample_rate={sample_rate}; lower it or raise sample_rate"
        )
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    low, high = hz_to_mel(np.array([fmin, top]))
    edges = mel_to_hz(np.linspace(low, high, n_mels + 2))
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    filters = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    empty = np.flatnonzero(filters.max(axis=1) == 0)
    if len(empty):
        raise UsageError(
            f"n_mels={n_mels} is too many for n_fft={n_fft} at sample_rate={sample_rate}: {len(empty)} bands hold no "
            f"frequency bin, first band {empty[0]} around {edges[empty[0] + 1]:.0f} Hz; lower n_mels or raise n_fft"
        )
    single: NDArray[np.float32] = filters.astype(np.float32)
    single.flags.writeable = False
    return single


class _Group(NamedTuple):
    """Neighbouring bands, the only bins they hear, and the weights (bins, bands)."""

    bands: slice
    bins: slice
    weights: NDArray[np.float32]


@lru_cache(maxsize=32)
def _groups(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float | None) -> tuple[_Group, ...]:
    """The filters cut into dense diagonal blocks: a bin lies in two bands at most, so all else would multiply zeros."""
    filters = mel_filters(sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    groups = []
    for first in range(0, n_mels, BANDS_PER_GROUP):
        bands = slice(first, min(first + BANDS_PER_GROUP, n_mels))
        heard = np.flatnonzero(filters[bands].any(axis=0))
        bins = slice(int(heard[0]), int(heard[-1]) + 1)
        groups.append(_Group(bands, bins, np.ascontiguousarray(filters[bands, bins].T)))
    return tuple(groups)


def frame_count(samples: int, hop_length: int) -> int:
    """Frames of a signal of so many samples."""
    return 1 + samples // hop_length


def mel_power(
    y: NDArray[np.float32],
    *,
    sample_rate: int,
    n_fft: int = 2048,
    hop_length: int = 512,
    n_mels: int = 128,
    fmin: float = 0.0,
    fmax: float | None = None,
) -> NDArray[np.float32]:
    """Power in mel bands of mono sound `y` (n,), shape (n_mels, 1 + n // hop_length) float32.

    Raises AudioError where `y` is empty, not mono, or not finite, UsageError as `mel_filters` does.
    """
    if y.ndim != 1 or not len(y):
        raise AudioError(f"log-mel needs mono sound of shape (n,) with n at least 1, not {y.shape}")
    if hop_length < 1:
        raise UsageError(f"hop_length={hop_length} must be 1 or more")
    groups = _groups(sample_rate, n_fft, n_mels, fmin, fmax)
    signal = torch.nn.functional.pad(
        torch.from_numpy(np.ascontiguousarray(y, dtype=np.float32)), (n_fft // 2, n_fft // 2)
    )
    frames = signal.unfold(0, n_fft, hop_length)
    window = torch.hann_window(n_fft, periodic=True)
    out = np.empty((len(frames), n_mels), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # said below
        for first in range(0, len(frames), BLOCK_FRAMES):
            # torch transforms float32 faster than SciPy, NumPy multiplies such narrow matrices faster than torch
            spectrum = torch.fft.rfft(frames[first : first + BLOCK_FRAMES] * window).numpy()
            power = np.square(spectrum.real) + np.square(spectrum.imag)
            for group in groups:
                out[first : first + BLOCK_FRAMES, group.bands] = power[:, group.bins] @ group.weights
    if not np.isfinite(out.max()):
        raise AudioError(
            "log-mel needs finite samples; the sound holds NaN, infinity, or values whose square overflows"
        )
    return np.ascontiguousarray(out.T)


def power_to_db(
    power: NDArray[np.float32], *, reference: float | None = None, top_db: float | None = 80.0
) -> NDArray[np.float32]:
    """Decibels relative to `reference` (a power; None: the largest value), same shape, float32.

    Nothing lies more than `top_db` below the largest value; None keeps all. Raises UsageError where a value is not
    positive. Source: librosa 0.11, `power_to_db`.
    """
    if (reference is not None and not reference > 0) or (top_db is not None and not top_db > 0):
        raise UsageError(f"reference={reference} and top_db={top_db} must be above 0")
    db = torch.from_numpy(power).clamp(min=AMIN).log10_().mul_(10)
    peak = float(db.max())
    if top_db is not None:
        db.clamp_(min=peak - top_db)
    zero = peak if reference is None else 10 * np.log10(max(reference, AMIN))
    return db.sub_(zero).numpy()


def log_mel(
    y: NDArray[np.float32],
    *,
    sample_rate: int,
    n_fft: int = 2048,
    hop_length: int = 512,
    n_mels: int = 128,
    fmin: float = 0.0,
    fmax: float | None = None,
    top_db: float | None = 80.0,
    reference: float | None = None,
) -> NDArray[np.float32]:
    """Log-mel spectrogram of mono sound `y` (n,) in dB, shape (n_mels, 1 + n // hop_length) float32.

    `reference` is the power that is 0 dB (None: the loudest value, so that the range is -top_db…0).
    Raises as `mel_power` and `power_to_db` do.
    """
    power = mel_power(
        y, sample_rate=sample_rate, n_fft=n_fft, hop_length=hop_length, n_mels=n_mels, fmin=fmin, fmax=fmax
    )
    return power_to_db(power, reference=reference, top_db=top_db)
