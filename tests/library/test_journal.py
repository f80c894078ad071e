"""The journal: where it lies, what it keeps, and when it refuses."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from pathlib import Path

import pytest
import songs

from earmark.errors import DataError, UsageError
from earmark.folders import data_folder
from earmark.library.change import Change
from earmark.library.journal import Journal, journal_files, open_journal
from earmark.library.tags import read_genres
from earmark.library.undo import all_taggings, journal_of, undo
from earmark.library.write import write_changes


def write(library: Path, *genres: str, name: str = "flac") -> str:
    path = library / f"{name}.{songs.FORMATS[name][0]}"
    if not path.exists():
        songs.make(library, name)
    with contextlib.closing(open_journal(library)) as journal:
        change = Change(path=path, old=read_genres(path), new=genres, probability=0.75, classifier="a test")
        tagging = write_changes([change], journal)
    assert tagging.faults == ()
    return tagging.id


def test_it_keeps_what_is_needed_to_judge_and_to_undo(library):
    whole = songs.make(library, "flac", genres=("Rock", "Pop")).read_bytes()
    name = write(library, "Jazz")
    with contextlib.closing(open_journal(library)) as journal:
        (entry,) = journal.entries(name)
    assert entry.path == library / "flac.flac"
    assert (entry.old, entry.new, entry.raw) == (("Rock", "Pop"), ("Jazz",), (b"genre=Rock", b"genre=Pop"))
    assert (entry.kind, entry.size, entry.state) == ("Vorbis comment", len(whole), "written")
    assert (entry.classifier, entry.probability) == ("a test", 0.75)
    assert entry.digest_before != entry.digest_after


def test_it_is_flushed_before_anything_is_written(library):
    with contextlib.closing(open_journal(library)) as journal:
        assert journal._database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert journal._database.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_library_is_known_by_its_place_and_nothing_lies_in_it(library, own_data, tmp_path):
    (tmp_path / "link").symlink_to(library)
    for path in (library, tmp_path / "link", library / ".." / library.name):
        open_journal(path).close()
    assert len(journal_files()) == 1
    assert journal_files()[0].is_relative_to(own_data)
    assert list(library.iterdir()) == []


def test_taggings_of_all_libraries_are_listed_and_found(tmp_path):
    names = [write(tmp_path / place, "Jazz") for place in ("one", "two")]
    assert {overview.tagging for overview in all_taggings()} == set(names)
    with contextlib.closing(journal_of(names[1])) as journal:
        assert journal.library == tmp_path / "two"
    with pytest.raises(UsageError, match=f"no tagging '{names[0]}x'; did you mean '{names[0]}'"):
        journal_of(names[0] + "x")


def test_the_newest_is_undone_first_and_each_once(library):
    first, second = write(library, "Jazz"), write(library, "Soul")
    with contextlib.closing(open_journal(library)) as journal:
        (fault,) = undo(journal, first).kept
        assert fault.what == "it says 'Soul' now, not 'Jazz' as was written: left alone"
        assert [undo(journal).tagging for _ in range(2)] == [second, first]
        with pytest.raises(DataError, match="nothing to undo"):
            undo(journal)
        with pytest.raises(DataError, match="nothing to undo"):
            undo(journal, "no such tagging")
    assert [(overview.written, overview.undone) for overview in all_taggings()] == [(0, 1), (0, 1)]


def test_a_tag_that_became_another_kind_is_left_alone(library):
    import mutagen.id3

    path = songs.make(library, "mp3_v23", genres=("Rock",))
    write(library, "Jazz", name="mp3_v23")
    mutagen.id3.ID3(path).save(path, v2_version=4)
    with contextlib.closing(open_journal(library)) as journal:
        (fault,) = undo(journal).kept
    assert fault.what == "its tag was ID3v2.3 and is ID3v2.4 now; its genre was 'Rock'"
    assert read_genres(path) == ("Jazz",)


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {"EARMARK_DATA": "/here"}, "/here"),
        ("linux", {"XDG_DATA_HOME": "/data", "EARMARK_DATA": ""}, "/data/earmark"),
        ("linux", {"HOME": "/home/me", "XDG_DATA_HOME": "", "EARMARK_DATA": ""}, "/home/me/.local/share/earmark"),
        ("darwin", {"HOME": "/home/me", "EARMARK_DATA": ""}, "/home/me/Library/Application Support/earmark"),
        ("win32", {"LOCALAPPDATA": "/local", "EARMARK_DATA": ""}, "/local/earmark/Data"),
    ],
)
def test_it_lies_where_the_platform_keeps_data(platform, variables, folder, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert data_folder() == Path(folder)


def test_no_folder_no_journal(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder; a library is a folder of music"):
        open_journal(tmp_path / "nowhere")


def test_a_newer_or_damaged_journal_is_refused_by_name(library):
    open_journal(library).close()
    (path,) = journal_files()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(DataError, match="the journal has format 9, known is 1; update earmark"):
        open_journal(library)
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(DataError, match="the journal cannot be used, and without it nothing is written: file is not"):
        Journal(path)
