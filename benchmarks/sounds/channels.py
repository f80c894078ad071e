"""The same sound by another recorder: that a recording is dull, noisy or quiet must not say what was recorded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from earmark.audio.log_mel import hz_to_mel, mel_to_hz

Array = NDArray[np.float32]
BANDS = 128
HERTZ = mel_to_hz(np.linspace(0, hz_to_mel(np.array([11_025.0]))[0], BANDS + 2))[1:-1]
STEEPNESS = (24, 80, 400)  # dB an octave: of a loudspeaker, a converter, a codec
SHORTEST = 13  # frames, 1 s, that are repeated


def rerecorded(x: Array, rng: np.random.Generator) -> Array:
    """Log-mel (128, frames) in dB through another tone control, bandwidth, noise and floor; some repeat a piece of it.

    0 dB is the loudest value again.
    """
    if rng.random() < 0.4:
        frames = x.shape[1]
        length = int(np.exp(rng.uniform(np.log(SHORTEST), np.log(frames // 2))))
        start = int(rng.integers(frames - length + 1))
        x = x[:, start + np.arange(frames) % length]
    tone = np.interp(np.arange(BANDS), np.linspace(0, BANDS - 1, 6), np.cumsum(rng.normal(0, 3, 6)))
    y = x + (tone - tone.mean())[:, None]
    if rng.random() < 0.6:
        y = y - _fall(np.log2(HERTZ / np.exp(rng.uniform(np.log(2500), np.log(11_000)))), rng)
    if rng.random() < 0.4:
        y = y - _fall(np.log2(np.exp(rng.uniform(np.log(40), np.log(400))) / HERTZ), rng)
    power = 10 ** (y / 10)
    if rng.random() < 0.7:
        noise = 10 ** (rng.uniform(-7, 0) * np.log2(HERTZ / 1000) / 10)
        noise *= power.sum(0).mean() / noise.sum() * 10 ** (-rng.uniform(10, 70) / 10)
        power = power + noise[:, None] * rng.gamma(3, 1 / 3, power.shape)
    y = 10 * np.log10(np.maximum(power, 1e-12))
    return np.maximum(y - y.max(), -rng.uniform(45, 80) if rng.random() < 0.2 else -80).astype(np.float32)


def _fall(octaves: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """dB that a filter takes from each band, so many octaves beyond its edge."""
    return np.minimum(np.maximum(octaves, 0) * rng.choice(STEEPNESS), 90)[:, None]
