"""Data sets written as files: every track in its genre's folder, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.audio.waveform import Waveform
from earmark.datasets.write_audio import write_audio
from earmark.errors import AudioError, DataError
from earmark.tracks import Dataset, Track

RATE = 8000


def sound(track: Track) -> Waveform:
    if track.id == "broken":
        raise AudioError("broken: no sound")
    return Waveform(np.sin(np.arange(RATE, dtype=np.float32) / 7), RATE)


def dataset(tracks: Sequence[Track], medium="audio") -> Dataset:
    return Dataset(name="songs", medium=medium, genres=("rock", "pop/rap"), tracks=tuple(tracks), read=sound)


def test_each_track_is_a_file_in_its_genres_folder(tmp_path: Path) -> None:
    tracks = [
        Track(id="rock/a.mp3", genres=("rock",)),
        Track(id="other/a.mp3", genres=("rock",)),
        Track(id="../b#01", genres=("pop/rap",)),
    ]
    heard: list[tuple[int, int]] = []
    assert write_audio(dataset(tracks), tmp_path / "out", progress=lambda *done: heard.append(done)) == []
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [
        "out/pop-rap/-b#01.flac",
        "out/rock/a.mp3.flac",
        "out/rock/other-a.mp3.flac",
    ]
    assert heard == [(1, 3), (2, 3), (3, 3)]
    samples, rate = soundfile.read(tmp_path / "out" / "rock" / "a.mp3.flac")
    assert rate == RATE
    np.testing.assert_allclose(samples, sound(tracks[0]).samples, atol=2 / 2**15)


def test_what_cannot_be_read_is_listed(tmp_path: Path) -> None:
    tracks = [Track(id="broken", genres=("rock",)), Track(id="whole", genres=("rock",))]
    [fault] = write_audio(dataset(tracks), tmp_path)
    assert (fault.where, fault.what) == ("broken", "broken: no sound")
    assert [path.name for path in tmp_path.rglob("*.flac")] == ["whole.flac"]


@pytest.mark.parametrize(
    ("tracks", "medium", "said"),
    [
        ([], "log_mel", "songs: holds log-mel, not audio; there is no sound to write"),
        ([Track(id="a")], "audio", "songs: a has no genre, so that there is no folder for it"),
        (
            [Track(id="rock/a", genres=("rock",)), Track(id="a", genres=("rock",))],
            "audio",
            "songs: rock/a and a would both be rock/a.flac",
        ),
    ],
)
def test_what_has_no_place_is_refused_before_anything_is_written(tmp_path: Path, tracks, medium, said) -> None:
    with pytest.raises(DataError, match=said):
        write_audio(dataset(tracks, medium), tmp_path)
    assert list(tmp_path.iterdir()) == []
