"""From paper to sound: a band plays a score in its room, and it is recorded."""

from __future__ import annotations

import math

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from earmark.audio.synthesis import drums, instruments
from earmark.audio.synthesis.band import Band
from earmark.audio.synthesis.composition import Score
from earmark.audio.synthesis.instruments import SAMPLE_RATE

RMS = 0.14  # of full scale, before the noise
LOWEST = 30.0  # Hz below which the tilt rises no further
TAKES = 2  # recordings of each drum, played by turns
CLICKS_PER_SECOND = 9.0


def render(score: Score, band: Band, rng: np.random.Generator, *, start: float, seconds: float) -> NDArray[np.float32]:
    """What is heard from `start` on, for `seconds`: float32 (n,) at SAMPLE_RATE, peak below 1.

    `rng` draws what is never twice the same in sound: phases, noise, the reflections of the room.
    """
    first = round(start * SAMPLE_RATE)
    mix = np.zeros(first + round(seconds * SAMPLE_RATE), dtype=np.float32)
    _play_notes(mix, score, band, rng)
    _play_drums(mix, score, band, rng)
    return _record(mix, band, rng)[first:]


def _play_notes(mix: NDArray[np.float32], score: Score, band: Band, rng: np.random.Generator) -> None:
    concert_pitch = 440 * 2 ** (band.cents / 1200)
    for name, notes in score.notes.items():
        known: dict[tuple[tuple[int, ...], float], NDArray[np.float32]] = {}
        for note in notes:
            key = note.pitches, note.seconds
            if key not in known:
                hertz = [concert_pitch * 2 ** ((pitch - 69) / 12) for pitch in note.pitches]
                known[key] = instruments.sound(band.instruments[name], hertz, note.seconds, rng)
            _add(mix, known[key], note.start, note.velocity * band.gains[name])


def _play_drums(mix: NDArray[np.float32], score: Score, band: Band, rng: np.random.Generator) -> None:
    takes = {
        name: [drums.hit(band.kit[name], rng) for _ in range(TAKES)]
        for name in sorted({hit.drum for hit in score.hits})
    }
    for turn, hit in enumerate(score.hits):
        _add(mix, takes[hit.drum][turn % TAKES], hit.start, hit.velocity * band.gains["drums"])


def _add(mix: NDArray[np.float32], sound: NDArray[np.float32], start: float, gain: float) -> None:
    first = round(start * SAMPLE_RATE)
    audible = sound[: max(0, len(mix) - first)]
    mix[first : first + len(audible)] += audible * np.float32(gain)


def _record(mix: NDArray[np.float32], band: Band, rng: np.random.Generator) -> NDArray[np.float32]:
    """The room, the tone of the record, its loudness, its hiss and clicks; saturated, so that nothing clips."""
    tail = round(band.room * SAMPLE_RATE)
    echo = rng.standard_normal(tail, dtype=np.float32)
    echo *= np.exp(np.arange(tail, dtype=np.float32) * np.float32(-math.log(1000) / tail))
    echo *= np.float32(band.wet / math.sqrt(float(echo @ echo)))
    echo[0] += 1
    size = scipy.fft.next_fast_len(len(mix) + tail, real=True)
    frequencies = np.arange(size // 2 + 1, dtype=np.float32) * np.float32(SAMPLE_RATE / size)
    tone = (np.maximum(frequencies, np.float32(LOWEST)) / 1000) ** np.float32(band.tilt / (20 * math.log10(2)))
    tone /= np.sqrt(1 + (frequencies / np.float32(band.ceiling)) ** 12)
    spectrum = scipy.fft.rfft(mix, size) * scipy.fft.rfft(echo, size) * tone
    sound: NDArray[np.float32] = scipy.fft.irfft(spectrum, size, overwrite_x=True)[: len(mix)]
    if power := float(sound @ sound):
        sound *= np.float32(RMS / math.sqrt(power / len(sound)))
    sound += rng.standard_normal(len(sound), dtype=np.float32) * np.float32(band.noise)
    clicks = rng.integers(0, len(sound), rng.poisson(CLICKS_PER_SECOND * len(sound) / SAMPLE_RATE))
    np.add.at(sound, clicks, (band.clicks * rng.exponential(1.0, len(clicks))).astype(np.float32))
    return np.tanh(sound, out=sound)
