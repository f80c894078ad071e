"""A folder per genre: what is taken, what is passed over and said, what is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.audio.waveform import Waveform
from earmark.datasets.folder import folder
from earmark.errors import AudioError, DataError, UsageError
from earmark.tracks import Dataset, Fault

Tone = Callable[..., Path]


@pytest.fixture
def two_genres(tmp_path: Path, tone: Tone) -> Path:
    tone(tmp_path / "rock" / "b.wav", hertz=200)
    tone(tmp_path / "rock" / "album" / "deep" / "a.FLAC", hertz=300)
    tone(tmp_path / "jazz" / "z.ogg", hertz=400)
    tone(tmp_path / "jazz" / "é è.wav", hertz=500)
    return tmp_path


def test_every_audio_file_at_any_depth_is_a_track(two_genres: Path) -> None:
    dataset = folder(path=two_genres)
    assert [track.id for track in dataset.tracks] == [
        "jazz/z.ogg",
        "jazz/é è.wav",
        "rock/album/deep/a.FLAC",
        "rock/b.wav",
    ]
    assert dataset.genres == ("jazz", "rock")
    assert dataset.counts() == {"jazz": 2, "rock": 2}
    assert {track.part for track in dataset.tracks} == {None}
    assert dataset.faults == ()


def test_a_track_is_read_as_it_lies_there(two_genres: Path) -> None:
    dataset = folder(path=two_genres)
    samples, rate = soundfile.read(two_genres / "rock" / "b.wav", dtype="float32")
    sound = dataset.read(dataset.track("rock/b.wav"))
    assert isinstance(sound, Waveform)
    assert sound.sample_rate == rate
    np.testing.assert_array_equal(sound.samples, samples)


def test_what_is_no_audio_is_passed_over_and_said(two_genres: Path, tone: Tone) -> None:
    tone(two_genres / "jazz" / "._z.wav")
    tone(two_genres / "jazz" / ".trash" / "old.wav")
    tone(two_genres / ".hidden" / "x.wav")
    (two_genres / "rock" / "album" / "cover.jpg").write_bytes(b"jpeg")
    (two_genres / "readme.txt").write_text("two genres")
    (two_genres / "rock" / "loop").symlink_to(two_genres / "rock")
    dataset = folder(path=two_genres)
    assert len(dataset) == 4
    assert set(dataset.faults) == {
        Fault("readme.txt", "ignored: not in a genre's folder"),
        Fault("jazz/._z.wav", "ignored: a hidden file"),
        Fault("jazz/.trash", "ignored: a hidden folder, or a link to one"),
        Fault("rock/album/cover.jpg", "ignored: not an audio file"),
        Fault("rock/loop", "ignored: a hidden folder, or a link to one"),
    }


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="file names are always text here")
def test_a_name_that_no_table_can_hold_is_passed_over_and_said(two_genres: Path) -> None:
    (two_genres / "rock" / os.fsdecode(b"caf\xe9.wav")).write_bytes(b"RIFF")
    dataset = folder(path=two_genres)
    assert dataset.faults == (Fault("rock/caf\\udce9.wav", "ignored: its name is not UTF-8"),)


def test_parts_above_the_genres_are_handed_on(tmp_path: Path, tone: Tone) -> None:
    for part, genre in [("train", "jazz"), ("train", "rock"), ("Validation", "jazz"), ("test", "rock")]:
        tone(tmp_path / part / genre / "a.wav")
    dataset = folder(path=tmp_path)
    assert {track.id: track.part for track in dataset.tracks} == {
        "train/jazz/a.wav": "train",
        "train/rock/a.wav": "train",
        "Validation/jazz/a.wav": "valid",
        "test/rock/a.wav": "test",
    }
    assert dataset.counts() == {"jazz": 2, "rock": 2}


def test_some_genres_alone_in_the_order_asked_for(two_genres: Path, tone: Tone) -> None:
    tone(two_genres / "blues" / "a.wav")
    (two_genres / "unsorted").mkdir()
    dataset = folder(path=two_genres, genres=["rock", "blues"])
    assert dataset.genres == ("rock", "blues")
    assert dataset.counts() == {"rock": 2, "blues": 1}


def test_files_are_cut_into_clips_of_their_song(tmp_path: Path, tone: Tone) -> None:
    tone(tmp_path / "rock" / "exact.wav", seconds=2.0)
    tone(tmp_path / "rock" / "nearly.wav", seconds=1.95)
    tone(tmp_path / "jazz" / "short.wav", seconds=1.2)
    (tmp_path / "jazz" / "broken.wav").write_bytes(b"RIFF")
    dataset = folder(path=tmp_path, clips_per_track=4, clip_seconds=0.5)
    starts = {track.id: track.start for track in dataset.tracks}
    assert starts == {
        "jazz/short.wav#00": 0.0,
        "jazz/short.wav#01": 0.5,
        "rock/exact.wav#00": 0.0,
        "rock/exact.wav#01": 0.5,
        "rock/exact.wav#02": 1.0,
        "rock/exact.wav#03": 1.5,
        "rock/nearly.wav#00": 0.0,
        "rock/nearly.wav#01": 0.5,
        "rock/nearly.wav#02": 1.0,
        "rock/nearly.wav#03": 1.45,
    }
    assert {len(dataset.read(track).samples) for track in dataset.tracks} == {4000}
    assert {track.song for track in dataset.tracks} == {"jazz/short.wav", "rock/exact.wav", "rock/nearly.wav"}
    said = {fault.where: fault.what for fault in dataset.faults}
    assert said["jazz/short.wav"] == "2 of 4 clips left out: it ends at 1.2 s"
    assert "cannot be read as sound" in said["jazz/broken.wav"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        ([], r"no folders of genres in it; it should hold one folder of audio files"),
        (["rock/a.wav"], r"only the genre rock in it; .* two or more genres"),
        (["rock/a.wav", "jazz/"], r"jazz: no audio files of the genre jazz; add some or remove"),
        (["train/rock/a.wav", "jazz/a.wav"], r"train is a part and jazz a genre; put all genres inside parts or none"),
    ],
)
def test_a_folder_of_another_shape_is_refused(tmp_path: Path, tone: Tone, make: list[str], message: str) -> None:
    for name in make:
        if name.endswith("/"):
            (tmp_path / name).mkdir(parents=True)
        else:
            tone(tmp_path / name)
    with pytest.raises(DataError, match=message):
        folder(path=tmp_path)


def test_a_missing_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"music: no such folder; it should hold one folder of audio files per genre"):
        folder(path=tmp_path / "music")


def test_wrong_options_are_refused(two_genres: Path) -> None:
    with pytest.raises(UsageError, match=r"no genre 'jaz'; did you mean 'jazz'\?; there are: jazz, rock"):
        folder(path=two_genres, genres=["jaz", "rock"])
    with pytest.raises(UsageError, match="belong together"):
        folder(path=two_genres, clips_per_track=3)
    with pytest.raises(UsageError, match=r"0 clips of 1.0 s cannot be cut"):
        folder(path=two_genres, clips_per_track=0, clip_seconds=1.0)


def content_digest(dataset: Dataset, track: str) -> str:
    assert dataset.digest is not None
    return dataset.digest(dataset.track(track))


def test_the_digest_follows_the_content_and_not_the_name(two_genres: Path, tone: Tone) -> None:
    tone(two_genres / "jazz" / "copy.wav", hertz=200)
    dataset = folder(path=two_genres)
    assert content_digest(dataset, "jazz/copy.wav") == content_digest(dataset, "rock/b.wav")
    assert content_digest(dataset, "jazz/é è.wav") != content_digest(dataset, "rock/b.wav")
    (two_genres / "rock" / "b.wav").unlink()
    with pytest.raises(AudioError, match=r"b\.wav: cannot be read: No such file"):
        content_digest(dataset, "rock/b.wav")
