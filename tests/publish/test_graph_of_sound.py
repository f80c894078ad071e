"""The way from a waveform to numbers, written as a graph, gives what the features give."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from earmark.audio.log_mel import mel_power
from earmark.audio.track_statistics import track_statistics
from earmark.audio.waveform import Waveform
from earmark.features.log_mel import COURSE_CLIP, LogMel
from earmark.publish.spectrum import LogMelClips, MelPower
from earmark.publish.statistics import TrackStatistics


def sound(rng: np.random.Generator, rate: int, seconds: float) -> np.ndarray:
    """A falling, beating tone in noise."""
    times = np.arange(round(rate * seconds)) / rate
    tone = np.sin(2 * np.pi * 440 * times * (1 - 0.05 * times)) * np.exp(-5 * (times % 0.5))
    return (0.4 * tone + rng.normal(0, 0.02, len(times))).astype(np.float32)


@pytest.mark.parametrize("n_fft", [256, 250, 514, 2048])
def test_power_is_that_of_the_features(n_fft: int, rng: np.random.Generator) -> None:
    y = sound(rng, 8000, 1.3)
    settings = {"sample_rate": 8000, "n_fft": n_fft, "hop_length": 100, "n_mels": 20, "fmin": 30.0, "fmax": 3500.0}
    expected = mel_power(y, **settings)
    with torch.inference_mode():
        power = MelPower(**settings)(torch.from_numpy(y)).numpy().T
    np.testing.assert_allclose(power, expected, rtol=1e-4, atol=1e-6 * expected.max())


@pytest.mark.parametrize(
    "features",
    [
        COURSE_CLIP,
        LogMel(n_mels=40, reference="track", clip_seconds=1.5, clip_hop_seconds=0.512 * 1.0, columns=50),
        LogMel(n_mels=40, reference="track", clip_seconds=1.0, clip_hop_seconds=0.3, hop_length=500, top_db=40),
        LogMel(sample_rate=8000, n_fft=500, hop_length=256, n_mels=16, clip_seconds=1.0, fmin=50, fmax=3000),
    ],
)
def test_clips_are_those_of_the_features(features: LogMel, rng: np.random.Generator) -> None:
    y = sound(rng, features.sample_rate, 5.3)
    expected, _ = features.clips(Waveform(y, features.sample_rate), "")
    clip = round((features.clip_seconds or 0) * features.sample_rate)
    hop = round((features.clip_hop_seconds or 0) * features.sample_rate) or clip
    with torch.inference_mode():
        clips = LogMelClips(features, clip=clip, hop=hop)(torch.from_numpy(y)).numpy()
    assert clips.shape == expected.shape
    np.testing.assert_allclose(clips, expected, atol=2e-3)  # dB


@pytest.mark.parametrize(("shape", "rate"), [((128, 387), 12.9), ((40, 60), 20.0)])
def test_statistics_are_those_of_the_estimators(shape: tuple[int, int], rate: float, rng: np.random.Generator) -> None:
    x = np.cumsum(rng.normal(0, 2, (3, *shape)), axis=2).astype(np.float32) - 40
    expected = np.concatenate(list(track_statistics(x, frames_per_second=rate).values()), axis=1)
    with torch.inference_mode():
        numbers = TrackStatistics(shape, frames_per_second=rate)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(numbers, expected, rtol=1e-4, atol=2e-3)
