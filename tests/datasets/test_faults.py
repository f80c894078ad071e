"""Reading everything once: each kind of fault is found, and sound data have none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from earmark.datasets.faults import find_faults
from earmark.datasets.folder import folder
from earmark.datasets.gtzan import gtzan
from earmark.tracks import Dataset, Fault, Track

Tone = Callable[..., Path]


def test_every_kind_of_fault_in_sound_is_found(tmp_path: Path, tone: Tone) -> None:
    for number, genre in enumerate(("jazz", "rock")):
        tone(tmp_path / genre / "good.wav", seconds=2, hertz=300 + number)
    tone(tmp_path / "rock" / "short.wav", seconds=0.25)
    tone(tmp_path / "rock" / "silent.wav", seconds=2, peak=0)
    tone(tmp_path / "rock" / "clipped.wav", seconds=2, peak=0.99999)
    samples, rate = soundfile.read(tmp_path / "rock" / "good.wav", dtype="int16")
    soundfile.write(tmp_path / "rock" / "same.flac", samples, rate)
    tone(tmp_path / "rock" / "was jazz.wav", seconds=2, hertz=300)
    (tmp_path / "rock" / "broken.wav").write_bytes(b"RIFF....WAVE")
    seen: list[tuple[int, int]] = []
    found = find_faults(folder(path=tmp_path), progress=lambda done, of: seen.append((done, of)))
    said = {fault.where: fault.what for fault in found}
    assert said.pop("rock/broken.wav").startswith(str(tmp_path / "rock" / "broken.wav"))
    assert said.pop("rock/clipped.wav").startswith("clipped: ")
    assert said == {
        "rock/same.flac": "the same as rock/good.wav",
        "rock/short.wav": "only 0.25 s long",
        "rock/silent.wav": "silent: every sample is below -80 dBFS",
        "rock/was jazz.wav": "the same as jazz/good.wav, whose genre is jazz and not rock",
    }
    assert [fault.where for fault in found] == sorted(fault.where for fault in found)
    assert seen == [(done, 8) for done in range(1, 9)]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (np.array([[0.0, np.nan], [np.inf, 1.0]], np.float32), "2 of 4 values are not finite"),
        (np.full((2, 3), -80, np.float32), "every value is -80"),
        (np.zeros((0, 3), np.float32), "empty"),
        ("", "empty"),
    ],
)
def test_faults_of_other_media(content: Any, what: str) -> None:
    tracks = (Track(id="a", genres=("x",)), Track(id="b", genres=("y",)))
    good = "words" if isinstance(content, str) else np.eye(3, dtype=np.float32)
    dataset = Dataset("d", "text", ("x", "y"), tracks, read=lambda track: content if track.id == "a" else good)
    assert find_faults(dataset) == [Fault("a", what)]


def test_real_recordings_are_sound(shared: Path) -> None:
    assert find_faults(gtzan(path=shared / "gtzan" / "audio", genres=["blues", "classical"])) == []
