"""What is no music is told from what is, and says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from earmark.audio.decode import read_audio
from earmark.audio.synthesis import song
from earmark.audio.waveform import Waveform
from earmark.classifier.kinds import KINDS, MUSIC, REASONS, SILENT, Musicality
from earmark.classifier.musicality import SHIPPED, musicality
from earmark.classifier.pieces import cut
from earmark.classifier.runs import load_run
from earmark.errors import ModelError
from earmark.features.log_mel import log_mel_features

FEATURES = log_mel_features(like="gtzan_mel128", standardise="none")
RATE = FEATURES.sample_rate
TIME = np.arange(30 * RATE) / RATE
ONE_PIECE = np.zeros((1, 128, 387), np.float32)


def log_mel(waveform: Waveform) -> NDArray[np.float32]:
    pieces = cut(waveform, 30.0, where="a test").at(RATE)
    return np.concatenate([FEATURES.clips(piece, "a test")[0] for piece in pieces])


def heard(samples: NDArray[np.floating]) -> Musicality:
    return musicality(log_mel(Waveform(samples.astype(np.float32), RATE)))


@pytest.fixture(scope="module")
def tune() -> NDArray[np.float32]:
    return log_mel(song("swing", 0, seconds=30.0))


@pytest.mark.parametrize("name", ["198-209-0000", "3436-172162-0000"])
def test_read_speech_is_speech(shared: Path, name: str) -> None:
    said = musicality(log_mel(read_audio(shared / "open_audio" / f"{name}.ogg")))
    assert said.music < 0.1
    assert said.reason == "sounds like speech"


@pytest.mark.parametrize("name", ["glacier-bay-humpback", "pibble"])
def test_a_whale_and_a_dog_are_no_music(shared: Path, name: str) -> None:
    said = musicality(log_mel(read_audio(shared / "open_audio" / f"{name}.ogg")))
    assert said.reason is not None
    assert None not in said.reasons_over_time


@pytest.mark.parametrize("word", ["waltz", "ragtime", "Hungarian", "Fishin", "Sugar_Plum", "Drum-bass", "solo-trumpet"])
def test_openly_licensed_music_is_music(shared: Path, word: str) -> None:
    (path,) = (shared / "open_audio").glob(f"*{word}*.ogg")
    assert musicality(log_mel(read_audio(path))).reason is None


def test_real_clips_of_every_genre_are_music(shared: Path) -> None:
    firsts = [sorted(folder.glob("*.flac"))[0] for folder in sorted((shared / "gtzan" / "audio").iterdir())]
    assert len(firsts) == 10
    assert [path.name for path in firsts if musicality(log_mel(read_audio(path))).reason] == []


@pytest.mark.parametrize("colour", [0.0, 0.5, 1.0])
def test_noise_of_any_colour_is_noise(rng: np.random.Generator, colour: float) -> None:
    frequency = np.maximum(np.fft.rfftfreq(len(TIME), 1 / RATE), 20)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(len(TIME))) / frequency**colour, len(TIME))
    assert heard(noise / np.abs(noise).max()).reason == "sounds like noise"


@pytest.mark.parametrize("hertz", [60, 440, 3000])
def test_a_tone_that_never_changes_is_no_music(hertz: int) -> None:
    assert heard(0.3 * np.sin(2 * np.pi * hertz * TIME)).reason is not None


def test_songs_by_rule_are_music(tune: NDArray[np.float32]) -> None:
    said = musicality(tune)
    assert said.music > 0.5
    assert said.reasons_over_time == [None]


def test_silence_is_silent() -> None:
    said = musicality(ONE_PIECE - 80)
    assert said.music == 0
    assert said.reason == SILENT


def test_a_silent_piece_says_nothing_of_the_others(tune: NDArray[np.float32]) -> None:
    said = musicality(np.concatenate([tune, ONE_PIECE - 80]))
    np.testing.assert_array_equal(said.probabilities, musicality(tune).probabilities)
    assert said.reasons_over_time == [None, SILENT]


def test_each_piece_is_judged_by_itself(tune: NDArray[np.float32], rng: np.random.Generator) -> None:
    noise = log_mel(Waveform(rng.standard_normal(30 * RATE).astype(np.float32) / 5, RATE))
    said = musicality(np.concatenate([tune, noise]))
    assert said.reasons_over_time == [None, "sounds like noise"]
    np.testing.assert_allclose(said.probabilities, said.over_time.mean(0))
    np.testing.assert_allclose(said.over_time.sum(1), 1)


@settings(max_examples=10, deadline=None)
@given(decibels=st.floats(-60, 60, width=32))
def test_how_loud_a_piece_is_says_nothing(tune: NDArray[np.float32], decibels: float) -> None:
    louder = musicality(tune + np.float32(decibels))
    np.testing.assert_allclose(louder.probabilities, musicality(tune).probabilities, atol=1e-3)


def test_every_kind_is_music_or_has_its_reason() -> None:
    assert load_run(SHIPPED).genres == KINDS
    for place, kind in enumerate(KINDS):
        sure = np.eye(len(KINDS))[place]
        assert Musicality(sure, sure[None]).reason == (None if kind in MUSIC else REASONS[kind])


def test_another_shape_is_refused() -> None:
    with pytest.raises(ModelError, match=r"musicality: examples have shape \(128, 100\)"):
        musicality(np.random.default_rng(1).normal(size=(1, 128, 100)).astype(np.float32))
