"""Small sounds and spectrograms to make data sets of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

Tone = Callable[..., Path]


@pytest.fixture
def tone() -> Tone:
    """Writes a sine of so many Hz to a file, in the format of its suffix."""

    def write(path: Path, *, hertz: float = 440.0, seconds: float = 0.5, peak: float = 0.5, rate: int = 8000) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        times = np.arange(round(seconds * rate)) / rate
        soundfile.write(path, peak * np.sin(2 * np.pi * hertz * times), rate)
        return path

    return write
