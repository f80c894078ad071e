"""A band: what its songs share, from the instruments to the sound of its records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.audio.synthesis import drums, instruments
from earmark.audio.synthesis.composition import pick, within
from earmark.audio.synthesis.drums import KITS, Drum
from earmark.audio.synthesis.instruments import INSTRUMENTS, Instrument
from earmark.audio.synthesis.styles import Part, Style

LEVEL_DB = 1.2  # standard deviation of a player's level from band to band
CENTS = 40.0  # at most so far from 440 Hz to either side
CLICKS_ABOVE_NOISE_DB = 24.0


@dataclass(frozen=True)
class Band:
    """Who plays what on which instrument, and how it is recorded; `gains`, `noise` and `clicks` are amplitudes."""

    parts: dict[str, Part]
    instruments: dict[str, Instrument]
    kit: dict[str, Drum]
    gains: dict[str, float]
    cents: float
    tilt: float
    ceiling: float
    room: float
    wet: float
    noise: float
    clicks: float


def form(style: Style, rng: np.random.Generator) -> Band:
    """Draw a band of that style."""
    parts = {name: part for name, part in style.parts.items() if rng.random() < part.chance}
    levels = {name: part.level for name, part in parts.items()} | {"drums": style.drums}
    kit = KITS[pick(style.kits, rng)]
    noise = within(style.noise, rng)
    return Band(
        parts=parts,
        instruments={
            name: instruments.vary(INSTRUMENTS[pick(part.instruments, rng)], rng) for name, part in parts.items()
        },
        kit={name: drums.vary(drum, rng) for name, drum in kit.items()},
        gains={name: amplitude(level + rng.normal(0.0, LEVEL_DB)) for name, level in levels.items()},
        cents=within((-CENTS, CENTS), rng),
        tilt=within(style.tilt, rng),
        ceiling=within(style.ceiling, rng),
        room=within(style.room, rng),
        wet=within(style.wet, rng),
        noise=amplitude(noise),
        clicks=amplitude(noise + CLICKS_ABOVE_NOISE_DB) if rng.random() < style.crackle else 0.0,
    )


def amplitude(decibels: float) -> float:
    """The factor that so many dB are."""
    return float(10 ** (decibels / 20))
