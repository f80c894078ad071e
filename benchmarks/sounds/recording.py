"""What all made sounds share: chance, coloured noise, filters, a room, a recorder."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

Sound = NDArray[np.float64]
Span = tuple[float, float]

SAMPLE_RATE = 22_050  # Hz
SECONDS = 30
SAMPLES = SAMPLE_RATE * SECONDS
LOWEST_COLOURED = 20.0  # Hz below which noise rises no further


def within(rng: np.random.Generator, span: Span) -> float:
    """A number within `span`, each as likely."""
    return float(rng.uniform(*span))


def scaled(rng: np.random.Generator, span: Span) -> float:
    """A number within `span`, each octave as likely."""
    return math.exp(rng.uniform(math.log(span[0]), math.log(span[1])))


def seconds(samples: int = SAMPLES) -> Sound:
    """The time of each sample."""
    return np.arange(samples) / SAMPLE_RATE


def coloured(rng: np.random.Generator, slope: Span, samples: int = SAMPLES) -> Sound:
    """Noise of deviation 1 whose power changes by so many dB an octave: 0 is white, -3 pink, -6 brown."""
    frequencies = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), LOWEST_COLOURED)
    spectrum = np.fft.rfft(rng.standard_normal(samples)) * frequencies ** (within(rng, slope) / (20 * math.log10(2)))
    noise = np.fft.irfft(spectrum, samples)
    return noise / noise.std()


def band(x: Sound, low: float, high: float) -> Sound:
    """What lies between `low` and `high` Hz; 0 leaves that side open."""
    if low:
        x = sosfilt(butter(4, low, "high", fs=SAMPLE_RATE, output="sos"), x)
    if 0 < high < 0.98 * SAMPLE_RATE / 2:
        x = sosfilt(butter(6, high, "low", fs=SAMPLE_RATE, output="sos"), x)
    return x


def room(x: Sound, rng: np.random.Generator, *, decay: Span, wet: Span) -> Sound:
    """With an echo of noise that falls by 60 dB within `decay` seconds, and is as loud as the sound times `wet`."""
    tail = round(scaled(rng, decay) * SAMPLE_RATE)
    echo = rng.standard_normal(tail) * np.exp(-math.log(1000) * np.arange(tail) / tail)
    echo *= within(rng, wet) / np.linalg.norm(echo)
    echo[0] += 1
    return fftconvolve(x, echo)[: len(x)]


def drifting(rng: np.random.Generator, rate: float, samples: int = SAMPLES) -> Sound:
    """A course of deviation 1 that turns about `rate` times a second."""
    turns = math.ceil(samples / SAMPLE_RATE * rate) + 4
    return np.interp(np.linspace(0, turns - 1, samples), np.arange(turns), rng.standard_normal(turns))


def recorded(x: Sound, rng: np.random.Generator, *, signal_to_noise: Span) -> Sound:
    """In some room, above some background so many dB lower, through some microphone or telephone."""
    if rng.random() < 0.6:
        x = room(x, rng, decay=(0.15, 1.5), wet=(0.1, 0.9))
    background = coloured(rng, (-7, 0), len(x)) * 10 ** (-within(rng, signal_to_noise) / 20)
    low, high = rng.choice([0, 0, 80, 300]), rng.choice([0, 0, 3400, 5000, 8000])
    return band(x / x.std() + background, float(low), float(high))
