"""Tones of machines: test tones, sirens, telephones, alarms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sounds.recording import SAMPLE_RATE, SECONDS, Sound, coloured, drifting, recorded, scaled, seconds, within

ROWS = np.array([697.0, 770.0, 852.0, 941.0])  # Hz of a telephone's keys (ITU-T Q.23)
COLUMNS = np.array([1209.0, 1336.0, 1477.0, 1633.0])
MORSE = ["1000", "1110", "10", "1110", "100000"]  # dots and dashes, and what separates them


def sine(rng: np.random.Generator) -> Sound:
    return np.sin(2 * np.pi * scaled(rng, (50, 8000)) * seconds()) + scaled(rng, (1e-5, 0.1)) * coloured(rng, (-9, 3))


def sweep(rng: np.random.Generator) -> Sound:
    low, high = sorted((scaled(rng, (50, 9000)), scaled(rng, (50, 9000))))
    place = (seconds() / scaled(rng, (1, 30))) % 1
    phase = 2 * np.pi * np.cumsum(low * (high / low) ** place) / SAMPLE_RATE
    return np.sin(phase) + scaled(rng, (1e-5, 0.1)) * coloured(rng, (-9, 3))


def siren(rng: np.random.Generator) -> Sound:
    swing = within(rng, (0.2, 0.6)) * np.sin(2 * np.pi * scaled(rng, (0.1, 4)) * seconds())
    phase = 2 * np.pi * np.cumsum(scaled(rng, (400, 1200)) * 2**swing) / SAMPLE_RATE
    x = sum(np.sin(k * phase) / k for k in range(1, rng.integers(2, 9)))
    return recorded(x, rng, signal_to_noise=(5, 40))


def dialling(rng: np.random.Generator) -> Sound:
    step = within(rng, (0.1, 0.5))
    key = (seconds() / step).astype(int)
    row, column = (rng.choice(tones, int(SECONDS / step) + 2)[key] for tones in (ROWS, COLUMNS))
    pressed = ((seconds() / step) % 1 < within(rng, (0.3, 0.8))) & (drifting(rng, 0.4) > -0.6)
    x = pressed * (np.sin(2 * np.pi * row * seconds()) + np.sin(2 * np.pi * column * seconds()))
    return recorded(x, rng, signal_to_noise=(15, 60))


def beeps(rng: np.random.Generator) -> Sound:
    on = (seconds() / scaled(rng, (0.2, 6))) % 1 < within(rng, (0.1, 0.7))
    if rng.random() < 0.4:
        on &= (seconds() * within(rng, (4, 30))) % 1 < 0.5
    hertz = scaled(rng, (300, 4000))
    x = np.sin(2 * np.pi * hertz * seconds())
    if rng.random() < 0.5:
        x += np.sin(2 * np.pi * hertz * within(rng, (1.05, 1.5)) * seconds())
    return recorded(on * (np.sign(x) if rng.random() < 0.3 else x), rng, signal_to_noise=(10, 60))


def morse(rng: np.random.Generator) -> Sound:
    dot, hertz = within(rng, (0.04, 0.12)), within(rng, (400, 1000))
    keyed = np.array([int(on) for on in "".join(rng.choice(MORSE, 400))])
    on = keyed[(seconds() / dot).astype(int) % len(keyed)]
    return recorded(on * np.sin(2 * np.pi * hertz * seconds()), rng, signal_to_noise=(5, 50))


SIGNALS: dict[str, Callable[[np.random.Generator], Sound]] = {
    made.__name__: made for made in (sine, sweep, siren, dialling, beeps, morse)
}
