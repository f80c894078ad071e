"""musicnn's log-mel against librosa's, from which its training had it."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.audio.musicnn_mel import musicnn_mel


def by_librosa(y: NDArray[np.float32]) -> NDArray[np.float32]:
    mel = librosa.feature.melspectrogram(y=y, sr=16_000, n_fft=512, hop_length=256, n_mels=96, pad_mode="reflect")
    return np.log10(10_000 * mel.T.astype(np.float16).astype(np.float32) + 1)


@pytest.mark.parametrize("samples", [512, 767, 768, 16_000, 16_129])
def test_it_is_librosas(rng: np.random.Generator, samples: int) -> None:
    y = rng.uniform(-0.9, 0.9, samples).astype(np.float32)
    found = musicnn_mel(y)
    assert found.shape == (1 + samples // 256, 96)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_librosa(y), atol=1e-3)  # one step of float16
    assert np.abs(found - by_librosa(y)).mean() < 1e-5


def test_sound_of_any_level_stays_finite() -> None:
    square = np.tile(np.repeat(np.float32([1, -1]), 40), 100)
    assert np.isfinite(musicnn_mel(square)).all()
    loud = musicnn_mel(square * 30_000)  # whole numbers that were never scaled
    assert np.isfinite(loud).all()
    assert loud.max() == pytest.approx(np.log10(10_000 * 65_504.0), abs=1e-4)
    assert (musicnn_mel(np.zeros(4_000, np.float32)) == 0).all()


def test_the_reference_wave(shared: Path) -> None:
    t = np.arange(96_000) / 16_000
    wave = 0.4 * np.sin(2 * np.pi * 110 * t) * np.exp(-4 * (t % 0.5))
    wave += 0.2 * np.sin(2 * np.pi * (300 * t + 150 * t**2)) + 0.1 * np.sign(np.sin(2 * np.pi * 55 * t + 0.3))
    reference = np.load(shared / "gtzan" / "musicnn_reference_outputs.npz")["wave_logmel"]
    found = musicnn_mel(wave.astype(np.float32))
    assert np.abs(found - reference).mean() < 1e-6
    np.testing.assert_allclose(found, reference, atol=1e-3)
