"""Sound in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.errors import AudioError

SILENCE = 1e-4  # of full scale: -80 dBFS, below the noise of a 16 bit recording with any music in it


@dataclass(frozen=True, eq=False)
class Waveform:
    """Mono sound: `samples` (n,) float32, full scale ±1, `sample_rate` in Hz."""

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / self.sample_rate

    def at(self, sample_rate: int) -> Waveform:
        """The same sound at another rate, through soxr's high-quality filter (20 bit, linear phase)."""
        if sample_rate == self.sample_rate:
            return self
        return Waveform(soxr.resample(self.samples, self.sample_rate, sample_rate, quality="HQ"), sample_rate)


def require_sound(waveform: Waveform, where: str) -> None:
    """Raise AudioError naming `where` if every sample is below -80 dBFS: silence has no genre."""
    if not np.any(np.abs(waveform.samples) >= SILENCE):
        raise AudioError(
            f"{where}: silent: every sample is below -80 dBFS; check how the file was recorded or exported"
        )
