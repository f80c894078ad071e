"""Tones of three kinds, and a recipe that tells them apart in a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 8000
PITCHES = {"high": 2000, "low": 200, "middle": 700}
RECIPE = """
rationale = "Tones are told apart by their pitch."
[data]
name = "folder"
path = "{path}"
[split]
valid = 0.25
test = 0.25
[features]
name = "log_mel"
sample_rate = 8000
n_fft = 512
hop_length = 256
n_mels = 16
clip_seconds = 1.0
[model]
name = "cnn_rnn"
[training]
epochs = 6
batch_size = 8
optimiser = {{ name = "adam", learning_rate = 0.01 }}
[evaluation]
resamples = 100
"""


def write_tone(path: Path, pitch: float, seed: int, seconds: float = 2.5) -> None:
    """A tone of about that pitch, with some noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 0.3 * np.sin(2 * np.pi * pitch * rng.uniform(0.9, 1.1) * time) + 0.01 * rng.standard_normal(len(time))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone, RATE)
