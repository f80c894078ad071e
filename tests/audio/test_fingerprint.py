"""Fingerprints: what they are made of, and what they survive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from earmark.audio.decode import read_audio
from earmark.audio.fingerprint import (
    BITS,
    COLUMNS_PER_SECOND,
    SAMPLE_RATE,
    UNHEARD,
    fingerprint,
    fingerprint_log_mel,
)
from earmark.audio.log_mel import log_mel
from earmark.audio.synthesis import song
from earmark.audio.waveform import Waveform
from earmark.errors import DataError

MUSIC = song("funk", 0, seed=0, seconds=8.0)


def share_equal(a: np.ndarray, b: np.ndarray) -> float:
    """Of the bits."""
    return 1 - float(np.bitwise_xor(a, b).view(np.uint8)[:, None].__and__(1 << np.arange(8)).astype(bool).mean())


def test_each_bit_says_whether_its_step_is_above_what_it_is_around(rng: np.random.Generator) -> None:
    bands = rng.normal(-40, 10, (66, 50)).astype(np.float32)
    words = fingerprint_log_mel(bands)
    pooled = bands.reshape(33, 2, 50).mean(1)
    for step in range(BITS):
        row = pooled[step + 1] - pooled[step]
        higher = gaussian_filter1d(row, 2) > gaussian_filter1d(row, 8)
        heard = np.abs(gaussian_filter1d(row, 2) - gaussian_filter1d(row, 8)) > UNHEARD
        assert np.array_equal((words >> step & 1).astype(bool)[heard], higher[heard])
        assert heard.mean() > 0.9


@pytest.mark.parametrize("bands", [33, 40, 66, 80, 128])
def test_any_number_of_bands_from_33_is_pooled(bands: int, rng: np.random.Generator) -> None:
    words = fingerprint_log_mel(rng.normal(size=(bands, 20)).astype(np.float32))
    assert words.shape == (20,)
    assert words.dtype == np.uint32


def test_fewer_bands_are_refused() -> None:
    with pytest.raises(DataError, match="takes 33 bands or more; there are 32"):
        fingerprint_log_mel(np.zeros((32, 10), np.float32))


def test_a_sound_has_thirteen_columns_a_second_and_silence_has_zeros() -> None:
    assert len(fingerprint(MUSIC)) == pytest.approx(8 * COLUMNS_PER_SECOND, abs=1)
    assert abs(COLUMNS_PER_SECOND - 387 / 30) < 0.1
    assert not fingerprint(Waveform(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE)).any()
    assert fingerprint(MUSIC).all()


def test_a_sound_shorter_than_a_window_has_none() -> None:
    assert fingerprint(Waveform(MUSIC.samples[:100], MUSIC.sample_rate)).shape == (0,)


@given(decibels=st.floats(-40, 20))
def test_gain_changes_hardly_a_bit(decibels: float) -> None:
    louder = Waveform(MUSIC.samples * np.float32(10 ** (decibels / 20)), MUSIC.sample_rate)
    assert share_equal(fingerprint(louder), fingerprint(MUSIC)) > 0.999


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_another_rate_changes_few_bits(rate: int) -> None:
    assert share_equal(fingerprint(MUSIC.at(rate)), fingerprint(MUSIC)) > 0.97


def test_an_equaliser_changes_few_bits() -> None:
    samples = MUSIC.samples.copy()
    samples[1:] -= 0.9 * MUSIC.samples[:-1]  # 25 dB less bass than treble
    assert share_equal(fingerprint(Waveform(samples, MUSIC.sample_rate)), fingerprint(MUSIC)) > 0.9


def test_other_music_has_other_bits() -> None:
    other = song("funk", 4, seed=0, seconds=8.0)
    assert share_equal(fingerprint(other), fingerprint(MUSIC)) == pytest.approx(0.5, abs=0.1)


def test_bands_that_both_lack_are_no_likeness(rng: np.random.Generator) -> None:
    """Half of the bands at the floor, as in old recordings: the lower half decides."""
    a, b = (rng.normal(-30, 10, (66, 600)).astype(np.float32) for _ in range(2))
    a[33:] = b[33:] = -80
    assert share_equal(fingerprint_log_mel(a), fingerprint_log_mel(b)) == pytest.approx(0.5, abs=0.05)


def test_point_samples_of_a_spectrogram_will_do(shared: Path) -> None:
    """Two copies, cut half a column apart and read at single frames of 93 ms, as in GTZAN's mel128.npz."""
    sound = read_audio(shared / "gtzan" / "audio" / "disco" / "disco.00002.flac")
    step = 1709  # samples: 77.5 ms

    def sampled(first: int) -> np.ndarray:
        whole = log_mel(sound.samples[first:], sample_rate=sound.sample_rate, hop_length=step)
        return fingerprint_log_mel(whole)

    one, other = sampled(0), sampled(step // 2)
    shared_columns = min(len(one), len(other))
    assert share_equal(one[:shared_columns], other[:shared_columns]) > 0.8  # 0.65 is what a copy must have
