"""Sound in memory: its length, its rate, its silence."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from earmark.audio.waveform import Waveform, require_sound
from earmark.errors import AudioError


def test_another_rate_is_the_same_sound(song):
    waveform = Waveform(song, 22_050)
    assert waveform.at(22_050) is waveform
    slower = waveform.at(16_000)
    assert (slower.sample_rate, slower.seconds, slower.samples.dtype) == (16_000, 4.0, np.float32)
    np.testing.assert_array_equal(slower.samples, soxr.resample(song, 22_050, 16_000, quality="HQ"))


def test_a_tone_keeps_its_level_and_what_cannot_be_told_apart_is_gone():
    time = np.arange(88_200) / 44_100
    low, high = (np.sin(2 * np.pi * f * time).astype(np.float32) for f in (1000.0, 15_000.0))
    middle = slice(1000, -1000)
    level = Waveform(low, 44_100).at(22_050).samples[middle].std()
    assert level == pytest.approx(np.sqrt(0.5), rel=1e-3)
    assert np.abs(Waveform(high, 44_100).at(22_050).samples[middle]).max() < 1e-5


@pytest.mark.parametrize("loudest", [0.0, 0.99e-4])
def test_silence_is_refused(loudest):
    samples = np.zeros(1000, np.float32)
    samples[500] = -loudest
    with pytest.raises(AudioError, match=r"^a\.wav: silent: every sample is below -80 dBFS"):
        require_sound(Waveform(samples, 8000), "a.wav")


def test_the_quietest_sound_passes():
    samples = np.zeros(1000, np.float32)
    samples[500] = -1.01e-4
    require_sound(Waveform(samples, 8000), "a.wav")
