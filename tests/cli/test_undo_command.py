"""`earmark undo`: taggings listed, and one of them undone."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest
from tones import write_tone

from earmark.library.change import Change
from earmark.library.journal import open_journal
from earmark.library.tags import read_genres
from earmark.library.write import write_changes


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))


def tagged(library: Path, *names: str) -> str:
    """A library of those files, all given the genre Jazz; the tagging's name."""
    changes = []
    for name in names:
        write_tone(library / "tone.wav", 300, seed=1)
        path = (library / "tone.wav").rename(library / name)
        changes.append(Change(path=path, old=(), new=("Jazz",), probability=None, classifier="a test"))
    with contextlib.closing(open_journal(library)) as journal:
        tagging = write_changes(changes, journal)
    assert tagging.faults == ()
    return tagging.id


def test_it_lists_and_undoes(earmark, tmp_path):
    assert earmark("undo") == (0, "", "nothing has been tagged yet\n")
    name = tagged(tmp_path / "music", "a.wav", "b.wav")
    code, out, _ = earmark("undo")
    assert (code, out.split("\t")[0], out.split("\t")[2:]) == (0, name, ["2", "0", f"{tmp_path / 'music'}\n"])
    code, out, _ = earmark("undo", name)
    assert (code, out) == (0, "".join(f"{tmp_path / 'music' / f}\tJazz\t\n" for f in ("b.wav", "a.wav")))
    assert read_genres(tmp_path / "music" / "a.wav") == ()
    (listed,) = json.loads(earmark("undo", "--json")[1])
    assert (listed["written"], listed["undone"]) == (0, 2)
    code, _, err = earmark("undo", name)
    assert (code, err) == (3, f"earmark: {tmp_path / 'music'}: nothing to undo\n")


def test_what_is_left_alone_is_listed(earmark, tmp_path):
    name = tagged(tmp_path / "music", "a.wav", "b.wav")
    (tmp_path / "music" / "a.wav").unlink()
    code, out, err = earmark("undo", name, "--json")
    found = json.loads(out)
    assert code == 1
    assert [row["file"] for row in found["restored"]] == [str(tmp_path / "music" / "b.wav")]
    assert found["kept"] == [{"file": str(tmp_path / "music" / "a.wav"), "why": "No such file or directory"}]
    missing = tmp_path / "music" / "a.wav"
    assert err == f"1 skipped:\n  {missing}: No such file or directory\n1 taken back, 1 left alone\n"


def test_a_library_that_has_moved(earmark, tmp_path):
    name = tagged(tmp_path / "music", "a.wav")
    (tmp_path / "music").rename(tmp_path / "moved")
    assert earmark("undo", name, "--library", tmp_path / "moved")[0] == 0
    assert read_genres(tmp_path / "moved" / "a.wav") == ()


def test_a_wrong_name_is_one_line(earmark, tmp_path):
    name = tagged(tmp_path / "music", "a.wav")
    code, _, err = earmark("undo", name[:-1] + "_")
    assert (code, err) == (
        2,
        f"earmark: no tagging {name[:-1] + '_'!r}; did you mean {name!r}?; `earmark undo` lists those there are\n",
    )


@pytest.mark.skipif(os.name != "posix", reason="elsewhere all names are text")
def test_a_name_that_is_no_text(earmark, tmp_path):
    name = tagged(tmp_path / "music", os.fsdecode(b"\xff\xfe.wav"))
    code, out, _ = earmark("undo", name)
    assert (code, out.rpartition("/")[2]) == (0, "\\udcff\\udcfe.wav\tJazz\t\n")
