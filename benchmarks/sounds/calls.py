"""Calls of animals and people: glides of a voice, bursts of breath, and pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sounds.recording import (
    SAMPLE_RATE,
    SAMPLES,
    SECONDS,
    Sound,
    Span,
    coloured,
    drifting,
    recorded,
    scaled,
    seconds,
    within,
)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What one kind of animal draws its calls from.

    hertz: of the voice. lasts, pause: seconds. glide: octaves. harmonics: how many, each k^-slope. rough: how much
    breath, and how unsteady a voice. repertoire: different calls. bout: calls in quick succession.
    """

    hertz: Span
    lasts: Span
    pause: Span
    glide: Span
    harmonics: tuple[int, int]
    slope: Span
    rough: Span = (0.0, 0.2)
    repertoire: int = 3
    bout: int = 1


CALLERS = {
    "whale": Caller(
        hertz=(80, 900), lasts=(0.5, 4), pause=(0.5, 4), glide=(0.1, 1.5), harmonics=(2, 12), slope=(0.5, 1.5),
        rough=(0, 0.3), repertoire=4,
    ),
    "wolf": Caller(
        hertz=(250, 800), lasts=(0.8, 4), pause=(0.5, 4), glide=(0.2, 0.8), harmonics=(2, 10), slope=(0.7, 1.8)
    ),
    "dog": Caller(
        hertz=(200, 900), lasts=(0.08, 0.3), pause=(0.3, 2.5), glide=(0.2, 0.8), harmonics=(5, 20), slope=(0.3, 1),
        rough=(0.3, 1.2), bout=4,
    ),
    "bird": Caller(
        hertz=(1500, 6500), lasts=(0.04, 0.5), pause=(0.3, 3), glide=(0.1, 1), harmonics=(1, 2), slope=(1, 2),
        rough=(0, 0.1), repertoire=6, bout=8,
    ),
    "gull": Caller(
        hertz=(500, 1800), lasts=(0.2, 1.2), pause=(0.3, 2), glide=(0.2, 1), harmonics=(4, 12), slope=(0.2, 1),
        rough=(0, 0.4), bout=5,
    ),
    "cow": Caller(
        hertz=(80, 300), lasts=(0.4, 2.5), pause=(0.7, 5), glide=(0.1, 0.6), harmonics=(10, 30), slope=(0.4, 1),
        rough=(0.1, 0.6),
    ),
    "frog": Caller(
        hertz=(200, 2500), lasts=(0.05, 0.4), pause=(0.1, 1.2), glide=(0.05, 0.4), harmonics=(3, 15), slope=(0.3, 1),
        rough=(0.1, 0.8), repertoire=2, bout=5,
    ),
    "cough": Caller(
        hertz=(120, 500), lasts=(0.1, 0.6), pause=(0.4, 4), glide=(0.1, 0.6), harmonics=(5, 20), slope=(0.3, 1),
        rough=(0.8, 3), bout=3,
    ),
}  # fmt: skip
INSECTS = "cricket"


def calls(caller: str, rng: np.random.Generator) -> Sound:
    """One that calls by itself, recorded somewhere."""
    return recorded(cricket(rng) if caller == INSECTS else voiced(CALLERS[caller], rng), rng, signal_to_noise=(5, 50))


def voiced(caller: Caller, rng: np.random.Generator) -> Sound:
    repertoire = [
        {
            "hertz": scaled(rng, caller.hertz),
            "lasts": scaled(rng, caller.lasts),
            "glide": within(rng, caller.glide),
            "harmonics": int(rng.integers(*caller.harmonics, endpoint=True)),
            "slope": within(rng, caller.slope),
            "rough": within(rng, caller.rough),
        }
        for _ in range(rng.integers(1, caller.repertoire + 1))
    ]
    x, at, pause = np.zeros(SAMPLES), within(rng, (0, 1)), scaled(rng, caller.pause)
    while at < SECONDS:
        chosen = repertoire[rng.integers(len(repertoire))]
        for _ in range(rng.integers(1, caller.bout + 1)):
            varied = chosen | {
                "hertz": chosen["hertz"] * 2 ** rng.normal(0, 0.08),
                "lasts": chosen["lasts"] * np.exp(rng.normal(0, 0.15)),
            }
            start = min(int(at * SAMPLE_RATE), SAMPLES)
            sound = call(rng, **varied)[: SAMPLES - start]
            x[start : start + len(sound)] += sound * rng.lognormal(0, 0.4)
            at += varied["lasts"] + within(rng, (0.03, 0.25)) * (caller.bout > 1)
        at += pause * rng.exponential() + 0.05
    return x


def call(
    rng: np.random.Generator, *, hertz: float, lasts: float, glide: float, harmonics: int, slope: float, rough: float
) -> Sound:
    """One call: a voice that glides up to `glide` octaves away, swells and dies, and trembles at times."""
    samples = int(lasts * SAMPLE_RATE)
    time = np.linspace(0, 1, samples)
    turns = np.cumsum(rng.normal(0, 1, 4))
    course = np.interp(time, np.linspace(0, 1, 5), np.append(0, turns * glide / np.abs(turns).max()))
    jitter = 1 + 0.05 * rough * drifting(rng, 110, samples)
    pitch = hertz * 2**course * jitter
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    x = rough / 2 * rng.standard_normal(samples)
    for k in range(1, harmonics + 1):
        x += k**-slope * np.sin(k * phase) * (k * pitch < SAMPLE_RATE / 2)
    x *= np.sin(np.pi * time ** within(rng, (0.4, 1.6))) ** within(rng, (0.3, 1.5))
    if rng.random() < 0.3:
        x *= 1 + 0.8 * np.sin(2 * np.pi * scaled(rng, (8, 40)) * time * lasts)
    return x


def cricket(rng: np.random.Generator) -> Sound:
    """Pulses of a high tone, in chirps or without end."""
    pulses = np.maximum(np.sin(2 * np.pi * scaled(rng, (15, 60)) * seconds()), 0) ** 2
    if rng.random() < 0.7:
        beat = np.sin(2 * np.pi * scaled(rng, (0.5, 4)) * seconds() + within(rng, (0, 1)) * drifting(rng, 0.3))
        pulses *= beat > within(rng, (-0.5, 0.7))
    tone = np.sin(2 * np.pi * scaled(rng, (2500, 8000)) * seconds() + 0.5 * drifting(rng, 50))
    return tone * pulses + 0.02 * coloured(rng, (-9, 3))
