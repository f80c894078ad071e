"""One instrument that plays alone: the music that is most easily taken for something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sounds.recording import SAMPLE_RATE, SAMPLES, SECONDS, Sound, coloured, room, within

from earmark.audio.synthesis import drums
from earmark.audio.synthesis.instruments import INSTRUMENTS, Instrument, sound, vary

MODES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10), (0, 2, 3, 5, 7, 9, 10))
LENGTHS = (0.25, 0.5, 0.5, 1, 1, 1.5, 2, 3)  # beats
LONGEST_BREATH = 8.0  # beats
STEPS = 16  # of a drummer's pattern

Phrase = list[tuple[int, float]]  # steps of the scale from the note before, beats


def solo(instrument: str, rng: np.random.Generator) -> Sound:
    """A melody that returns to a motif, with rests; notes alone or chords, dry or in a hall, with or without hiss."""
    played = vary(INSTRUMENTS[instrument], rng)
    if rng.random() < 0.3:  # struck and left to ring, or damped
        played = replace(played, decay=float(rng.uniform(0.05, 0.6)), attack=0.002)
    mode, tonic, beat = MODES[rng.integers(len(MODES))], int(rng.integers(45, 72)), 60 / within(rng, (55, 170))
    motif = phrase(int(rng.integers(3, 8)), rng)
    rests, legato, breath = within(rng, (0, 0.3)), within(rng, (0.3, 1.05)), within(rng, (0, LONGEST_BREATH))
    hurry = float(rng.choice([1, 1, 0.5]))
    chords, slides, swells = rng.random() < 0.35, rng.random() < 0.3, within(rng, (0, 1.2))
    x, at, degree = np.zeros(SAMPLES + 8 * SAMPLE_RATE), 0.0, int(rng.integers(0, 7))
    while at < SECONDS:
        for step, beats in motif if rng.random() < 0.6 else phrase(int(rng.integers(3, 9)), rng):
            length = beats * beat * hurry
            degree = int(np.clip(degree + step, -5, 12))
            if at < SECONDS and rng.random() >= rests:
                pitches = [tonic + tone(mode, degree + above) for above in ((0, 2, 4) if chords else (0,))]
                hertz = [440 * 2 ** ((pitch - 69) / 12) for pitch in pitches]
                note = sound(softer(played, swells * rng.random()), hertz, length * legato, rng)
                if slides and rng.random() < 0.4:
                    note = slid(note, rng)
                start = int(at * SAMPLE_RATE)
                x[start : start + len(note)] += note[: len(x) - start] * rng.lognormal(0, 0.3)
            at += length
        at += breath * beat * rng.random() * (rng.random() < 0.4)
    return kept(x[:SAMPLES], rng)


def softer(instrument: Instrument, by: float) -> Instrument:
    """With fewer overtones, as what is played softly has."""
    return replace(instrument, slope=instrument.slope + by)


def phrase(notes: int, rng: np.random.Generator) -> Phrase:
    return [(int(rng.integers(-3, 4)), float(rng.choice(LENGTHS))) for _ in range(notes)]


def tone(mode: tuple[int, ...], degree: int) -> int:
    octave, step = divmod(degree, len(mode))
    return 12 * octave + mode[step]


def slid(note: Sound, rng: np.random.Generator) -> Sound:
    """Begun up to three semitones too low or too high."""
    bend = 2 ** (within(rng, (-3, 3)) / 12 * np.exp(-np.arange(len(note)) / (within(rng, (0.03, 0.12)) * SAMPLE_RATE)))
    return np.interp(np.cumsum(bend) - 1, np.arange(len(note)), note, right=0.0)


def drumming(kit: str, rng: np.random.Generator) -> Sound:
    """A drummer alone: one pattern, varied at times."""
    pieces = rng.choice(sorted(drums.KITS[kit]), int(rng.integers(2, 6)), replace=False)
    hits = [drums.hit(drums.vary(drums.KITS[kit][piece], rng), rng) for piece in pieces]
    pattern = rng.random((len(hits), STEPS)) < rng.uniform(0.1, 0.5, (len(hits), 1))
    step = 60 / within(rng, (60, 170)) / 4
    x = np.zeros(SAMPLES)
    for at in range(int(SECONDS / step)):
        now = pattern[:, at % STEPS] ^ (rng.random(len(hits)) < 0.04)
        for hit in (hit for hit, on in zip(hits, now, strict=True) if on):
            start = int(at * step * SAMPLE_RATE)
            x[start : start + len(hit)] += hit[: SAMPLES - start] * rng.lognormal(0, 0.2)
    return kept(x, rng)


def kept(x: Sound, rng: np.random.Generator) -> Sound:
    """As it is put on a record."""
    x = room(x, rng, decay=(0.2, 2.5), wet=(0.02, 0.7))
    return x / x.std() + 10 ** (-within(rng, (25, 100)) / 20) * coloured(rng, (-6, 0))
