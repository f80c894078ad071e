"""A folder of music in any order, as a data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.errors import DataError
from earmark.library.collection import collection


def files(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"not read")
    return root


def test_all_audio_below_a_folder_whatever_its_order(library: Path) -> None:
    root = files(library, "b.MP3", "artist/album/a.flac", "cover.jpg", ".hidden.mp3", ".trash/c.mp3", "valid.wav")
    dataset = collection(root)
    assert [track.id for track in dataset.tracks] == ["b.MP3", "valid.wav", "artist/album/a.flac"]
    assert [track.path for track in dataset.tracks] == [str(root / track.id) for track in dataset.tracks]
    assert {(track.genre, track.part) for track in dataset.tracks} == {(None, None)}
    assert (dataset.name, dataset.medium, dataset.genres) == ("library", "audio", ())


def test_folders_of_parts_hand_them_out(library: Path) -> None:
    root = files(library, "train/rock/a.mp3", "Validation/a.mp3", "test/x.mp3", "more/train/b.mp3")
    assert {track.id: track.part for track in collection(root).tracks} == {
        "Validation/a.mp3": "valid",
        "more/train/b.mp3": None,
        "test/x.mp3": "test",
        "train/rock/a.mp3": "train",
    }


def test_one_file(library: Path) -> None:
    assert [track.id for track in collection(files(library, "x/a.mp3") / "x" / "a.mp3").tracks] == ["a.mp3"]


def test_a_folder_without_audio(library: Path) -> None:
    with pytest.raises(DataError, match=f"{library}: no audio files in this folder or below it"):
        collection(files(library, "notes.txt"))
