"""Text files read, or refused in one line."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from earmark.errors import DataError
from earmark.text.files import read_text, text_files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_in_the_encodings_that_say_so(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text("Não é\nשלום 🙂", encoding=encoding)
    assert read_text(tmp_path / "a.txt") == "Não é\nשלום 🙂"


def test_standard_input_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO("oi é".encode())))
    assert read_text(Path("-")) == "oi é"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("um\ndois é\n".encode("latin-1"), "a.txt: line 2: the byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("é\n".encode() + "é".encode("latin-1"), "a.txt: line 2: the byte 0xe9 is not UTF-8"),
        (b"ok\nPK\x03\x04\x00\x00", "a.txt: line 2: a NUL byte: this is not a text file"),
        (b"\xff\xfb\x90\x64\x00\x01\xff", "a.txt: line 1: the byte 0xff is not UTF-8"),
    ],
)
def test_what_is_no_text_is_refused_by_line(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_text(tmp_path / "a.txt")
    assert why in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.txt: cannot be read: No such file"):
        read_text(tmp_path / "gone.txt")


def test_folders_are_walked_for_text_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("in/b.txt", "in/a.TXT", "in/song.mp3", "lone.csv"):
        (tmp_path / name).write_text("x")
    files, faults = text_files([tmp_path / "in", Path("-"), tmp_path / "lone.csv", tmp_path / "gone"])
    assert files == [tmp_path / "in" / "a.TXT", tmp_path / "in" / "b.txt", Path("-"), tmp_path / "lone.csv"]
    assert [fault.what for fault in faults] == ["no such file or folder"]
