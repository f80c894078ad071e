"""What the shipped classifier says of what is no music, by the voice that needs no download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark.audio.waveform import Waveform
from earmark.classifier.answer import Answer
from earmark.classifier.fusion import Fusion, alone
from earmark.classifier.loading import DEFAULT, SHIPPED, load_fusion


@pytest.fixture(scope="module")
def sound() -> Fusion:
    """The default's own voice."""
    return alone(load_fusion(SHIPPED / DEFAULT), 1, note="")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("198-209-0000.ogg", "sounds like speech"), ("3436-172162-0000.ogg", "sounds like speech"), ("pibble.ogg", None)],
)
def test_speech_and_a_dog_get_no_genre(sound: Fusion, shared: Path, name: str, reason: str | None) -> None:
    answer = sound.predict(shared / "open_audio" / name)
    assert answer.verdict == "not music"
    assert answer.strange == (reason or answer.strange)
    assert len(answer.verdicts_over_time) == len(answer.starts)
    assert "not music" in answer.verdicts_over_time


@pytest.mark.parametrize(
    "name", ["audio/hiphop/hiphop.00002", "audio/classical/classical.00001", "audio/metal/metal.00003"]
)
def test_music_does(sound: Fusion, shared: Path, name: str) -> None:
    answer = sound.predict(shared / "gtzan" / f"{name}.flac")
    assert (answer.verdict, answer.strange) == ("music", None)


def test_hiss_does_not(sound: Fusion, rng: np.random.Generator) -> None:
    hiss = Waveform(rng.normal(0, 0.1, 40 * 22_050).astype(np.float32), 22_050)
    assert sound.predict(hiss).verdict == "not music"


def test_what_is_no_music_is_not_even_unsure() -> None:
    row = np.array([0.4, 0.6])
    answer = Answer("song", ("a", "b"), row, np.zeros(2), np.stack([row, row]), 0.7, "silent", (None, "silent"))
    assert answer.verdict == "not music"
    assert answer.verdicts_over_time == ["unsure", "not music"]
