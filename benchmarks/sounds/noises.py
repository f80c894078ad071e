"""Noise of weather, water, engines, hands and wires."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sounds.recording import (
    SAMPLE_RATE,
    SAMPLES,
    SECONDS,
    Sound,
    Span,
    band,
    coloured,
    drifting,
    scaled,
    seconds,
    within,
)

ANY = (-9.0, 3.0)  # dB an octave


def steady(rng: np.random.Generator) -> Sound:
    return coloured(rng, ANY)


def narrow(rng: np.random.Generator) -> Sound:
    low = scaled(rng, (50, 3000))
    return band(coloured(rng, ANY), low, low * scaled(rng, (1.3, 20))) + 0.003 * coloured(rng, ANY)


def wind(rng: np.random.Generator) -> Sound:
    gusts = np.exp(within(rng, (0.3, 1.2)) * drifting(rng, scaled(rng, (0.2, 2))))
    leaves = coloured(rng, (-5, -3)) * np.exp(drifting(rng, 0.5))
    return coloured(rng, (-10, -7)) * gusts + within(rng, (0, 0.5)) * leaves


def waves(rng: np.random.Generator) -> Sound:
    swell = np.sin(2 * np.pi * seconds() / within(rng, (4, 12)) + drifting(rng, 0.1))
    return coloured(rng, (-6, -2)) * np.exp(within(rng, (0.5, 2)) * swell)


def rain(rng: np.random.Generator) -> Sound:
    drops = [struck(rng, (0.5, 6), (300, 3000), (0, 0)) for _ in range(12)]
    return 2 * scattered(drops, scaled(rng, (20, 400)), 1.0, rng) + within(rng, (0, 0.6)) * coloured(rng, (-5, 1))


def engine(rng: np.random.Generator) -> Sound:
    hertz = scaled(rng, (15, 130)) * np.exp(within(rng, (0, 0.4)) * drifting(rng, scaled(rng, (0.05, 0.6))))
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    k = np.arange(1, 26)
    levels = rng.lognormal(0, 0.8, 25) / k ** within(rng, (0.3, 1.2))
    x = sum(a * np.sin(n * phase + rng.uniform(0, 2 * np.pi)) for n, a in zip(k, levels, strict=True))
    fumes = coloured(rng, (-8, -1)) * (1 + 0.4 * np.sin(phase / rng.choice([1, 2, 4])))
    return x / x.std() + within(rng, (0.1, 1.5)) * fumes


def hum(rng: np.random.Generator) -> Sound:
    hertz = float(rng.choice([50, 60, 100, 120, 400])) * within(rng, (0.99, 1.01))
    x = sum(rng.lognormal(0, 1) / k * np.sin(2 * np.pi * hertz * k * seconds()) for k in range(1, rng.integers(2, 16)))
    return x / x.std() + scaled(rng, (0.003, 1)) * coloured(rng, (-6, 0))


def applause(rng: np.random.Generator) -> Sound:
    hands = [struck(rng, (3, 15), (400, 1200), (2000, 8000)) for _ in range(20)]
    return scattered(hands, scaled(rng, (15, 250)), 0.7, rng) * np.exp(0.4 * drifting(rng, 0.3)) + 0.02 * steady(rng)


def clicks(rng: np.random.Generator) -> Sound:
    things = [struck(rng, (1, 60), (60, 2000), (0, 0)) for _ in range(5)]
    return scattered(things, scaled(rng, (0.3, 6)), 0.6, rng) + scaled(rng, (0.001, 0.1)) * steady(rng)


def traffic(rng: np.random.Generator) -> Sound:
    x = within(rng, (0.1, 0.5)) * coloured(rng, (-8, -6))
    for _ in range(rng.integers(2, 8)):
        passing = np.exp(-0.5 * ((seconds() - within(rng, (0, SECONDS))) / within(rng, (0.7, 4))) ** 2)
        x = x + coloured(rng, (-6, -2)) * passing * rng.lognormal(0, 0.5)
    return x


def struck(rng: np.random.Generator, decay: Span, low: Span, high: Span) -> Sound:
    """A stroke of noise that falls to 1/e in `decay` ms, between so many Hz."""
    fall = scaled(rng, decay) * SAMPLE_RATE / 1000
    top = scaled(rng, high) if high[0] else 0.0
    samples = int(6 * fall) + 60
    return band(rng.standard_normal(samples) * np.exp(-np.arange(samples) / fall), scaled(rng, low), top)


def scattered(things: list[Sound], rate: float, spread: float, rng: np.random.Generator) -> Sound:
    """Now one, now another of `things`, `rate` a second, at random moments and of random loudness."""
    x = np.zeros(SAMPLES)
    for start in rng.integers(0, SAMPLES, rng.poisson(rate * SECONDS)):
        thing = things[rng.integers(len(things))][: SAMPLES - start]
        x[start : start + len(thing)] += thing * rng.lognormal(0, spread)
    return x


NOISES: dict[str, Callable[[np.random.Generator], Sound]] = {
    made.__name__: made for made in (steady, narrow, wind, waves, rain, engine, hum, applause, clicks, traffic)
}
