"""Struck sounds: a falling tone and a band of noise, each with its own decay."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from earmark.audio.synthesis.instruments import SAMPLE_RATE

ENDS_AFTER = 5.0  # decay times: -43 dB


@dataclass(frozen=True, kw_only=True)
class Drum:
    """hertz: the tone it settles on, `drop` octaves below where it starts. band: Hz of the noise. Times to 1/e in s."""

    hertz: float = 0.0
    drop: float = 0.0
    tone: float = 0.0
    ring: float = 0.05
    noise: float = 0.0
    rattle: float = 0.05
    band: tuple[float, float] = (200.0, 8000.0)


KITS: dict[str, dict[str, Drum]] = {
    "acoustic": {
        "kick": Drum(hertz=58, drop=1.4, tone=1.0, ring=0.09, noise=0.25, rattle=0.008, band=(800, 5000)),
        "snare": Drum(hertz=190, drop=0.2, tone=0.45, ring=0.05, noise=0.6, rattle=0.07, band=(700, 9000)),
        "rim": Drum(hertz=850, tone=0.5, ring=0.012, noise=0.3, rattle=0.008, band=(1500, 7000)),
        "clap": Drum(noise=0.8, rattle=0.06, band=(900, 3500)),
        "hat": Drum(noise=0.32, rattle=0.022, band=(6000, 11000)),
        "open": Drum(noise=0.32, rattle=0.12, band=(5500, 11000)),
        "ride": Drum(hertz=3100, tone=0.07, ring=0.12, noise=0.22, rattle=0.11, band=(4500, 11000)),
        "brush": Drum(noise=0.35, rattle=0.045, band=(1800, 8500)),
        "shaker": Drum(noise=0.25, rattle=0.035, band=(5000, 10000)),
        "tom": Drum(hertz=105, drop=0.5, tone=0.9, ring=0.11, noise=0.12, rattle=0.02, band=(400, 4000)),
    },
}
KITS["jazz"] = KITS["acoustic"] | {
    "kick": Drum(hertz=72, drop=0.6, tone=0.7, ring=0.08, noise=0.1, rattle=0.01, band=(300, 2500)),
    "snare": Drum(hertz=210, drop=0.1, tone=0.3, ring=0.04, noise=0.45, rattle=0.06, band=(1200, 9000)),
    "ride": Drum(hertz=2700, tone=0.1, ring=0.2, noise=0.2, rattle=0.16, band=(4000, 11000)),
}
KITS["machine"] = KITS["acoustic"] | {
    "kick": Drum(hertz=52, drop=1.8, tone=1.1, ring=0.14, noise=0.3, rattle=0.005, band=(1000, 6000)),
    "snare": Drum(hertz=200, drop=0.3, tone=0.6, ring=0.06, noise=0.65, rattle=0.09, band=(900, 10000)),
    "clap": Drum(noise=0.9, rattle=0.08, band=(800, 4500)),
    "hat": Drum(noise=0.36, rattle=0.03, band=(7000, 11000)),
    "open": Drum(noise=0.36, rattle=0.16, band=(6500, 11000)),
}
KITS["electronic"] = KITS["machine"] | {
    "kick": Drum(hertz=46, drop=2.4, tone=1.2, ring=0.2, noise=0.15, rattle=0.004, band=(1500, 7000)),
    "rim": Drum(hertz=1700, tone=0.5, ring=0.01, noise=0.2, rattle=0.005, band=(2500, 9000)),
    "tom": Drum(hertz=85, drop=0.8, tone=0.9, ring=0.16),
}


def vary(drum: Drum, rng: np.random.Generator) -> Drum:
    """The same drum as another band tunes, dampens and hits it."""
    tuning, damping, balance, colour = np.exp(rng.normal(0.0, (0.06, 0.14, 0.1, 0.08)))
    return replace(
        drum,
        hertz=drum.hertz * tuning,
        ring=drum.ring * damping,
        rattle=drum.rattle * damping,
        noise=drum.noise * balance,
        band=(drum.band[0] * colour, drum.band[1] * colour),
    )


def hit(drum: Drum, rng: np.random.Generator) -> NDArray[np.float32]:
    """One hit, float32 (n,), peak about 1 for a loud drum. `rng` draws its noise."""
    n = scipy.fft.next_fast_len(round(ENDS_AFTER * max(drum.ring, drum.rattle) * SAMPLE_RATE), real=True)
    time = np.arange(n) / SAMPLE_RATE
    spectrum = scipy.fft.rfft(rng.standard_normal(n))
    frequencies = scipy.fft.rfftfreq(n, 1 / SAMPLE_RATE)
    low, high = drum.band
    spectrum *= 1 / (1 + (low / np.maximum(frequencies, 1.0)) ** 4) / (1 + (frequencies / high) ** 6)
    noise = scipy.fft.irfft(spectrum, n)
    noise *= drum.noise / math.sqrt(float(noise @ noise) / n) * np.exp(-time / drum.rattle)
    fall = drum.ring / 4
    octaves = drum.drop * np.exp(-time / fall)
    phase = 2 * np.pi * np.cumsum(drum.hertz * 2**octaves) / SAMPLE_RATE
    tone = drum.tone * np.sin(phase) * np.exp(-time / drum.ring)
    mixed: NDArray[np.float32] = (tone + noise / 2).astype(np.float32)
    return mixed
