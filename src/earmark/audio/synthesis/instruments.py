"""Pitched sounds from harmonics: plucked and struck, blown and bowed, organ-like, choral, distorted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SAMPLE_RATE = 22_050
TABLE_BITS = 12
CHORUS_SAMPLES = 1 << 15  # 1.5 s: a chorus repeats after that long, too long to be heard as a repetition
CHORUS_PLAYERS = 8
UPPER_HARMONICS_FROM = 3.0
DRIVEN_THROUGH = np.hanning(11)[1:-1].astype(np.float32) / 5  # a loudspeaker: -3 dB at 1.6 kHz


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A sound as few numbers. Times are in seconds.

    slope: harmonic k has amplitude k^-slope. even: level of the even harmonics, 0 is hollow. body: Hz at the centre of
    a resonance, 0 none. decay: time to 1/e, infinite where a note is held by breath, bow or key. dulling: the time in
    which the upper harmonics of a string fade. vibrato: cents to either side. chorus: cents by which many players
    differ, 0 is one player. drive: gain into saturation, 0 none.
    """

    slope: float
    even: float = 1.0
    body: float = 0.0
    attack: float = 0.004
    decay: float = math.inf
    dulling: float = math.inf
    release: float = 0.06
    vibrato: float = 0.0
    chorus: float = 0.0
    drive: float = 0.0


INSTRUMENTS = {
    "accordion": Instrument(slope=0.9, even=0.7, body=1400, attack=0.03, vibrato=4),
    "banjo": Instrument(slope=0.7, body=2200, decay=0.18, dulling=0.08),
    "bell": Instrument(slope=1.6, even=0.15, attack=0.002, decay=0.6, dulling=0.15, release=0.2),
    "brass": Instrument(slope=0.8, body=1100, attack=0.035, vibrato=6, release=0.05),
    "cello": Instrument(slope=1.1, body=450, attack=0.06, vibrato=9, release=0.1),
    "choir": Instrument(slope=1.5, body=800, attack=0.25, chorus=28, release=0.4),
    "clavinet": Instrument(slope=0.6, body=1800, decay=0.3, dulling=0.12, release=0.02),
    "distorted guitar": Instrument(slope=0.8, body=900, decay=1.5, dulling=0.8, release=0.03, drive=9),
    "electric bass": Instrument(slope=1.4, body=300, decay=0.7, dulling=0.15),
    "electric guitar": Instrument(slope=1.1, body=1500, decay=0.6, dulling=0.2, release=0.03),
    "electric piano": Instrument(slope=1.9, even=0.5, decay=0.9, dulling=0.12, release=0.1),
    "flute": Instrument(slope=2.2, attack=0.05, vibrato=10, release=0.08),
    "glass": Instrument(slope=1.2, even=0.3, attack=0.12, chorus=12, release=0.4),
    "harpsichord": Instrument(slope=0.45, body=2600, attack=0.001, decay=0.5, dulling=0.25, release=0.08),
    "jazz guitar": Instrument(slope=1.7, body=500, decay=0.6, dulling=0.12),
    "nylon guitar": Instrument(slope=1.4, body=400, decay=0.5, dulling=0.12, release=0.1),
    "organ": Instrument(slope=1.1, even=0.8, attack=0.008, vibrato=3, release=0.03),
    "overdriven guitar": Instrument(slope=1.0, body=1200, attack=0.01, vibrato=12, drive=5),
    "pedal steel": Instrument(slope=1.3, body=900, attack=0.03, decay=2.0, vibrato=14, release=0.15),
    "piano": Instrument(slope=1.2, body=700, attack=0.002, decay=0.8, dulling=0.18, release=0.12),
    "reed": Instrument(slope=0.9, even=0.25, body=1000, attack=0.03, vibrato=6),
    "saw lead": Instrument(slope=1.0, attack=0.003, decay=0.5, dulling=0.2, chorus=14, release=0.05),
    "slap bass": Instrument(slope=0.8, body=1600, decay=0.35, dulling=0.06, release=0.02),
    "steel guitar": Instrument(slope=0.9, body=1900, decay=0.7, dulling=0.2, release=0.1),
    "strings": Instrument(slope=1.1, body=900, attack=0.1, chorus=16, release=0.2),
    "sub": Instrument(slope=3.0, attack=0.01, decay=1.6, release=0.05),
    "synth bass": Instrument(slope=1.0, even=0.6, attack=0.003, decay=0.5, dulling=0.1, release=0.02),
    "tuba": Instrument(slope=1.7, body=260, attack=0.04, release=0.06),
    "upright bass": Instrument(slope=1.8, body=180, attack=0.008, decay=0.45, dulling=0.08),
    "violin": Instrument(slope=0.9, body=2000, attack=0.05, vibrato=14, release=0.08),
}


def vary(instrument: Instrument, rng: np.random.Generator) -> Instrument:
    """The same kind of instrument as another band owns it: brighter or duller, drier or longer."""
    slope, body, times = rng.normal(0.0, (0.06, 0.1, 0.15))
    longer = math.exp(times)
    return replace(
        instrument,
        slope=max(0.3, instrument.slope + slope),
        body=instrument.body * math.exp(body),
        decay=instrument.decay * longer,
        dulling=instrument.dulling * longer,
        drive=instrument.drive * math.exp(rng.normal(0.0, 0.25)),
    )


def sound(
    instrument: Instrument, hertz: Sequence[float], seconds: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """One note or chord, float32 (n,) with n = seconds + release; about 0.25 RMS while it is loudest.

    `rng` draws the phases of harmonics and players. A chorus is made by PADsynth (Nasca Octavian Paul, "PADsynth
    algorithm", documentation of ZynAddSubFX): each harmonic a band of partials with random phases, all summed by one
    inverse Fourier transform.
    """
    n = round((seconds + instrument.release) * SAMPLE_RATE)
    time = np.arange(n, dtype=np.float32) / np.float32(SAMPLE_RATE)
    voice = _chorus if instrument.chorus else _player
    total = sum((voice(instrument, f, time, rng) for f in hertz), np.zeros(n, dtype=np.float32))
    total /= np.float32(math.sqrt(len(hertz)))
    if instrument.drive:
        total = np.convolve(np.tanh(np.float32(4 * instrument.drive) * total), DRIVEN_THROUGH, mode="same")
        total = (total - total.mean()) * np.float32(0.35)
    return total * _envelope(instrument, time, seconds)


def _harmonics(instrument: Instrument, hertz: float) -> NDArray[np.float64]:
    """Amplitudes of harmonics 1, 2, … below half the sample rate."""
    k = np.arange(1.0, max(2, int(SAMPLE_RATE / 2 / hertz)))
    amplitudes: NDArray[np.float64] = k**-instrument.slope
    amplitudes[1::2] *= instrument.even
    if instrument.body:
        octaves = np.log2(k * hertz / instrument.body)
        amplitudes *= 0.35 + np.exp(-0.5 * (octaves / 0.9) ** 2)
    amplitudes /= math.sqrt(float(amplitudes @ amplitudes))
    return amplitudes


def _player(
    instrument: Instrument, hertz: float, time: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    amplitudes = _harmonics(instrument, hertz)
    phases = np.exp(2j * np.pi * rng.random(len(amplitudes)))
    # 32-bit counters wrap just as phases do; the highest bits are the place in the table.
    phase = np.arange(len(time), dtype=np.uint32) * np.uint32(hertz / SAMPLE_RATE * 2**32)
    if instrument.vibrato:
        rate = rng.uniform(4.5, 6.5)
        swing = hertz * (2 ** (instrument.vibrato / 1200) - 1) / (2 * np.pi * rate)
        wobble = np.sin(np.float32(2 * np.pi * rate) * time) * np.float32(swing * 2**32)
        phase += wobble.astype(np.int64).astype(np.uint32)
    place = phase >> np.uint32(32 - TABLE_BITS)
    if instrument.dulling == math.inf:
        return _cycle(amplitudes * phases).take(place)
    dull = amplitudes * np.exp(-np.arange(len(amplitudes)) / UPPER_HARMONICS_FROM)
    fading: NDArray[np.float32] = np.exp(time * np.float32(-1 / instrument.dulling))
    return _cycle(dull * phases).take(place) + _cycle((amplitudes - dull) * phases).take(place) * fading


def _cycle(harmonics: NDArray[np.complex128]) -> NDArray[np.float32]:
    """One cycle of the wave with these harmonics, as a table."""
    size = 1 << TABLE_BITS
    spectrum = np.zeros(size // 2 + 1, dtype=np.complex64)
    count = min(len(harmonics), size // 2 - 1)
    spectrum[1 : count + 1] = harmonics[:count] * (0.25 * size / math.sqrt(2))
    cycle: NDArray[np.float32] = scipy.fft.irfft(spectrum, size)
    return cycle


def _chorus(
    instrument: Instrument, hertz: float, time: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    amplitudes = _harmonics(instrument, hertz)
    shape = (len(amplitudes), CHORUS_PLAYERS)
    cents = rng.normal(0.0, instrument.chorus, shape)
    k = np.arange(1, len(amplitudes) + 1)[:, None]
    bins = np.rint(k * hertz * 2 ** (cents / 1200) * (CHORUS_SAMPLES / SAMPLE_RATE)).astype(np.int64)
    partials = amplitudes[:, None] / math.sqrt(CHORUS_PLAYERS) * np.exp(2j * np.pi * rng.random(shape))
    spectrum = np.zeros(CHORUS_SAMPLES // 2 + 1, dtype=np.complex64)
    below = bins < CHORUS_SAMPLES // 2
    np.add.at(spectrum, bins[below], partials[below] * (0.25 * CHORUS_SAMPLES / math.sqrt(2)))
    return np.resize(scipy.fft.irfft(spectrum, CHORUS_SAMPLES), len(time))


def _envelope(instrument: Instrument, time: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    envelope: NDArray[np.float32] = np.minimum(1, time / np.float32(instrument.attack))
    if instrument.decay < math.inf:
        envelope *= np.exp(time * np.float32(-1 / instrument.decay))
    held = round(seconds * SAMPLE_RATE)
    envelope[held:] *= np.linspace(1, 0, len(time) - held, dtype=np.float32)
    return envelope
