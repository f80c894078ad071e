"""Whatever fails, a file is the old one or the new one, and the journal knows which."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import songs

from earmark.errors import DataError, TagError
from earmark.library import journal as journal_module
from earmark.library import rewrite as rewrite_module
from earmark.library import undo as undo_module
from earmark.library import write as write_module
from earmark.library.change import Change
from earmark.library.journal import Journal, open_journal
from earmark.library.rewrite import rewrite
from earmark.library.tags import read_genres
from earmark.library.tags.flac import FLAC
from earmark.library.tags.genre import Genre
from earmark.library.tags.mp3 import MP3
from earmark.library.tags.splice import Splice
from earmark.library.undo import undo
from earmark.library.write import Tagging, write_changes

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def write(library: Path, *paths: Path, genre: str = "Jazz") -> Tagging:
    changes = [Change(path=p, old=read_genres(p), new=(genre,), probability=0.5, classifier="a test") for p in paths]
    with contextlib.closing(open_journal(library)) as journal:
        return write_changes(changes, journal)


def states(library: Path) -> list[str]:
    """What the journal says of its entries after those of killed processes are settled."""
    with contextlib.closing(open_journal(library)) as journal, journal.turn():
        return [entry.state for entry in journal._select("1")]


def fail(*_arguments: object, **_options: object) -> None:
    raise FULL


def copying_stops(patch: pytest.MonkeyPatch) -> None:
    def half(file, splices):
        for piece in spliced(file, splices):
            yield piece[:5000]
            raise FULL

    spliced = rewrite_module.spliced
    patch.setattr(rewrite_module, "spliced", half)
    patch.setattr(write_module, "digests", lambda _file, _splices: ("before", "after"))
    patch.setattr(undo_module, "digests", lambda _file, _splices: ("before", "after"))


STEPS = {
    "copy": copying_stops,
    "mode and owner": lambda patch: patch.setattr(shutil, "copystat", fail),
    "time": lambda patch: patch.setattr(os, "utime", fail),
    "flush": lambda patch: patch.setattr(os, "fsync", fail),
    "read the copy": lambda patch: patch.setattr(rewrite_module, "file_digest", fail),
    "read back": lambda patch: patch.setattr(rewrite_module, "file_digest", lambda _path: "another"),
    "read by mutagen": lambda patch: patch.setattr(write_module, "check_unharmed", fail),
    "rename": lambda patch: patch.setattr(Path, "replace", fail),
    "the file changed": lambda patch: patch.setattr(rewrite_module, "is_same", lambda _one, _other: False),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_write_that_fails_at_any_step_leaves_the_old_file(step, library):
    path = songs.make(library, "mp3_v23", genres=("Rock",))
    whole = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        open_journal(library).close()
        STEPS[step](patch)
        (fault,) = write(library, path).faults
    assert fault.where == str(path)
    assert path.read_bytes() == whole
    assert list(library.iterdir()) == [path]
    assert states(library) == ["failed"]
    assert write(library, path).faults == ()
    undo_all(library)
    assert path.read_bytes() == whole


def undo_all(library: Path, **options: object):
    with contextlib.closing(open_journal(library)) as journal:
        return undo(journal, **options)


@pytest.mark.parametrize("step", sorted(STEPS.keys() - {"read by mutagen", "copy"}))
def test_undoing_that_fails_at_any_step_leaves_what_was_written_and_goes_on(step, library):
    path = songs.make(library, "flac", genres=("Rock",))
    whole = path.read_bytes()
    write(library, path)
    written = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        STEPS[step](patch)
        assert len(undo_all(library).kept) == 1
    assert path.read_bytes() == written
    assert list(library.iterdir()) == [path]
    assert states(library) == ["written"]
    assert undo_all(library).kept == ()
    assert path.read_bytes() == whole


def test_a_folder_that_is_not_flushed_is_said_and_the_file_is_new(library, monkeypatch):
    path = songs.make(library, "flac")
    whole = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(rewrite_module, "flush_folder", fail)
        (fault,) = write(library, path).faults
    assert fault.what.startswith("its genre was written, and after that went wrong: [Errno 28] No space left on device")
    assert (read_genres(path), states(library)) == (("Jazz",), ["written"])
    with monkeypatch.context() as patch:
        patch.setattr(rewrite_module, "flush_folder", fail)
        (fault,) = undo_all(library).kept
    assert fault.what.startswith("it was undone, and after that went wrong: [Errno 28]")
    assert (path.read_bytes(), states(library)) == (whole, ["undone"])


class Killed(BaseException):
    """What no one catches, as no one catches a kill."""


def killed(act: Callable[[], object], owner: object, name: str) -> None:
    """Act, and die where that function is called."""

    def die(*_arguments: object, **_options: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, die)
        with pytest.raises(Killed):
            act()


def test_killed_between_renaming_and_the_journal(library):
    path = songs.make(library, "m4a")
    whole = path.read_bytes()
    killed(lambda: write(library, path), Journal, "settle")
    assert read_genres(path) == ("Jazz",)
    assert states(library) == ["written"]
    killed(lambda: undo_all(library), Journal, "settle")
    assert path.read_bytes() == whole
    assert states(library) == ["undone"]


def test_killed_with_a_copy_lying_there(library, monkeypatch):
    path = songs.make(library, "m4a")
    whole = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_arguments, **_options: None)
        killed(lambda: write(library, path), rewrite_module, "file_digest")
    assert len(list(library.iterdir())) == 2
    assert path.read_bytes() == whole
    assert states(library) == ["failed"]
    assert list(library.iterdir()) == [path]


@pytest.mark.parametrize(("content", "state"), [(None, "written"), (songs.sound("flac"), "failed"), (b"?", "failed")])
def test_changed_by_another_after_the_kill(content, state, library):
    """Where neither digest fits any more, the genre decides."""
    path = songs.make(library, "flac")
    killed(lambda: write(library, path), Journal, "settle")
    path.write_bytes(path.read_bytes() + b"\0" if content is None else content)
    assert states(library) == [state]


def test_a_drive_that_is_away_is_settled_when_it_is_back(library):
    path = songs.make(library / "drive", "flac")
    killed(lambda: write(library, path), Journal, "settle")
    (library / "drive").rename(library / "away")
    assert states(library) == ["planned"]
    (library / "away").rename(library / "drive")
    assert states(library) == ["written"]


def test_a_journal_that_cannot_be_written_stops_everything(library, monkeypatch):
    paths = [songs.make(library, name) for name in ("flac", "mp3_v24")]
    whole = [path.read_bytes() for path in paths]
    with contextlib.closing(open_journal(library)) as journal:
        journal._database.execute("PRAGMA max_page_count = 1")  # SQLite's own disk full
        changes = [Change(path=p, old=(), new=("Jazz",), probability=None, classifier="") for p in paths]
        with monkeypatch.context() as patch:
            patch.setattr(journal_module.zlib, "compress", lambda _data, **_options: bytes(1 << 20))
            with pytest.raises(DataError, match="without it nothing is written: database or disk is full"):
                write_changes(changes, journal)
    assert [path.read_bytes() for path in paths] == whole


def test_a_limit_on_the_size_of_files(library):
    """As a quota or a full disk: the system ends the copy in the middle."""
    path = songs.make(library, "wav")
    whole = path.read_bytes()
    open_journal(library).close()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) - 1000, hard))
    try:
        (fault,) = write(library, path).faults
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert fault.what == "File too large"
    assert path.read_bytes() == whole
    assert list(library.iterdir()) == [path]
    assert states(library) == ["failed"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB, where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this process may not mount a file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting is for root")
def test_a_full_disk(small_disk):
    paths = [songs.make(small_disk, name) for name in ("wav", "flac", "m4a")]
    whole = [path.read_bytes() for path in paths]
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(bytes(1 << 21))
    assert [fault.what for fault in write(small_disk, *paths).faults] == ["No space left on device"] * 3
    assert [path.read_bytes() for path in paths] == whole
    filler.unlink()
    assert sorted(small_disk.iterdir()) == sorted(paths)
    assert write(small_disk, *paths).faults == ()
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free))
    assert len(undo_all(small_disk).kept) == 3
    filler.unlink()
    assert undo_all(small_disk).kept == ()
    assert [path.read_bytes() for path in paths] == whole


def test_more_than_the_genre_would_change(library, monkeypatch):
    """Should the splices ever be wrong, mutagen's reading of the copy stops them."""
    path = songs.make(library, "mp3_v24", genres=("Rock",))
    whole = path.read_bytes()

    def careless(file, raw):
        title = whole.index("Übung".encode("utf-16-le"))
        return [*MP3.place(file, raw), Splice(title, title + 2, b"u\0")]

    genre = Genre(kind="ID3v2.4", texts=("Rock",), raw=())
    monkeypatch.setattr(write_module, "read_field", lambda _file: (MP3._replace(place=careless), genre))
    (fault,) = write(library, path).faults
    assert fault.what == "writing its genre would change TIT2 as well, as mutagen reads it"
    assert path.read_bytes() == whole


def test_what_the_copy_says_must_be_what_was_wanted(library, monkeypatch):
    path = songs.make(library, "flac", genres=("Rock",))
    whole = path.read_bytes()
    genre = Genre(kind="Vorbis comment", texts=("Rock",), raw=())
    deaf = FLAC._replace(place=lambda file, _raw: FLAC.place(file, (b"GENRE=Pop",)))
    monkeypatch.setattr(write_module, "read_field", lambda _file: (deaf, genre))
    (fault,) = write(library, path).faults
    assert fault.what == "its genre would read 'Pop' (earmark), not 'Jazz'; left alone"
    assert path.read_bytes() == whole


def test_a_name_that_is_taken_is_not_overwritten(library):
    path = songs.make(library, "flac")
    (library / "taken").write_text("mine")
    with pytest.raises(FileExistsError):
        rewrite(
            path, [], temporary=library / "taken", digest="", mtime_ns=None, seen=path.stat(), check=lambda _copy: None
        )
    assert (library / "taken").read_text() == "mine"


def test_tag_errors_are_of_one_kind():
    with pytest.raises(TagError, match="no genre to write"):
        write_module.check_texts(())
