"""Files of one kind below folders: all of them, in a settled order, and nothing that was hidden."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.audio.files import audio_files
from earmark.images.decode import IMAGE_SUFFIXES
from earmark.images.files import image_files
from earmark.tracks import Fault
from earmark.walk import files_of, once


def test_folders_are_walked_in_the_order_of_names_and_files_taken_as_they_are(tmp_path: Path) -> None:
    for name in ("b/2.TXT", "b/10.md", "a.txt", "b/cover.jpg", ".hidden.txt", ".trash/x.txt", "b/c/deep.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found, faults = files_of([tmp_path], {".txt", ".md"}, what="notes")
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a.txt", "b/10.md", "b/2.TXT", "b/c/deep.md"]
    assert faults == []
    named = [tmp_path / "b" / "cover.jpg", tmp_path / "a.txt"]
    assert files_of(named, {".txt"}, what="notes") == (named, [])  # what it is, reading it will tell


def test_what_is_not_there_is_listed_and_spoils_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").touch()
    paths = [tmp_path / "gone.txt", tmp_path / "a.txt", tmp_path / "empty"]
    found, faults = files_of(paths, {".txt", ".md"}, what="notes")
    assert found == [tmp_path / "a.txt"]
    assert [(Path(fault.where).name, fault.what) for fault in faults] == [
        ("gone.txt", "no such file or folder"),
        ("empty", "no notes in this folder or below it (looked for .md, .txt)"),
    ]


def test_a_folder_that_cannot_be_read_is_listed_and_the_others_are_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/1.txt", "b/2.txt", "c/3.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    scandir = os.scandir

    def refusing(path: str | Path) -> object:  # whoever runs the tests may be one to whom nothing is refused
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found, faults = files_of([tmp_path], {".txt"}, what="notes")
    assert [path.name for path in found] == ["1.txt", "3.txt"]
    assert faults == [Fault(str(tmp_path / "b"), "this folder cannot be read: Permission denied")]


@pytest.mark.parametrize(
    ("walk", "suffixes", "what"),
    [(audio_files, AUDIO_SUFFIXES, "audio files"), (image_files, IMAGE_SUFFIXES, "pictures")],
)
def test_sound_and_pictures_are_found_by_all_their_suffixes(tmp_path: Path, walk, suffixes, what: str) -> None:
    for suffix in (*AUDIO_SUFFIXES, *IMAGE_SUFFIXES):
        (tmp_path / "full" / f"x{suffix}").parent.mkdir(exist_ok=True)
        (tmp_path / "full" / f"x{suffix}").touch()
    (tmp_path / "empty").mkdir()
    found, [fault] = walk([tmp_path / "full", tmp_path / "empty"])
    assert {path.suffix for path in found} == suffixes
    assert fault.what.startswith(f"no {what} in this folder or below it")


def test_a_link_repeats_no_file(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"b")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    outside = tmp_path / "elsewhere" / "c"
    outside.parent.mkdir()
    outside.write_bytes(b"c")
    for name in ("c", "d"):
        (tmp_path / name).symlink_to(outside)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    files = [tmp_path / name for name in ("a", "b", "c", "d", "gone", "loop")]
    assert [file.name for file in once(files)] == ["b", "c", "gone", "loop"]
