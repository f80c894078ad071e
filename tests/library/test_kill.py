"""A tagger that is killed in earnest: no file is damaged, undoing is complete, two at once corrupt nothing."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
import songs
import tagger

from earmark.library.journal import open_journal
from earmark.library.tags import read_genres

COPIES = 3  # of each format


def start(library: Path, genre: str) -> subprocess.Popen[str]:
    """A tagger that has looked at the files and waits for its line."""
    words = [sys.executable, tagger.__file__, str(library), genre]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    return process


def contents(library: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in library.iterdir()}


def versions(library: Path) -> set[tuple[str, int, int]]:
    """Each file by name, inode and time of its last change, which a write makes others."""
    found = set()
    for path in library.iterdir():
        with contextlib.suppress(FileNotFoundError):  # a copy that has become the file meanwhile
            state = path.stat()
            found.add((path.name, state.st_ino, state.st_mtime_ns))
    return found


@pytest.fixture
def full_library(library: Path) -> Path:
    """Several songs of each format, some with a genre and some without."""
    for copy in range(COPIES):
        for name in songs.FORMATS:
            path = songs.make(library, name, genres=("Rock",) if copy else (), tags=copy != 1)
            path.rename(path.with_stem(f"{name}{copy}"))
    return library


def test_killed_again_and_again_no_file_is_damaged_and_all_is_undone(full_library, rng):
    old = contents(full_library)
    process = start(full_library, "Jazz")
    assert (process.communicate("\n")[0], process.returncode) == ("0\n", 0)
    new = contents(full_library)
    assert old.keys() == new.keys()
    assert all(old[name] != new[name] for name in old)
    interrupted = 0
    for genre in ("--undo", "Jazz", "--undo", "Jazz"):
        process = start(full_library, genre)
        before = versions(full_library)
        process.stdin.write("\n")
        process.stdin.flush()
        enough = rng.integers(1, len(old) // 2)  # files, and not seconds: a machine may stand still for a while
        while process.poll() is None and len(versions(full_library) - before) < enough:
            time.sleep(rng.uniform(0, 0.005))
        process.kill()
        interrupted += process.communicate()[0] == ""
        after = contents(full_library)
        copies = [name for name in after if name not in old]
        assert len(copies) <= 1
        assert [name for name in old if after[name] not in (old[name], new[name])] == []
        with contextlib.closing(open_journal(full_library)) as journal, journal.turn():
            pass
        assert contents(full_library).keys() == old.keys()
        assert all((read_genres(full_library / name) == ("Jazz",)) == (after[name] == new[name]) for name in old)
    assert interrupted
    assert start(full_library, "--undo").communicate("\n")[0] == "0\n"
    assert contents(full_library) == old


def test_two_taggers_at_once(full_library):
    old = contents(full_library)
    both = [start(full_library, genre) for genre in ("Jazz", "Soul")]
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    refused = sum(int(process.communicate()[0]) for process in both)
    assert refused == len(old)  # a file that one has written is no longer what the other looked at
    assert contents(full_library).keys() == old.keys()
    assert {read_genres(path) for path in full_library.iterdir()} <= {("Jazz",), ("Soul",)}
    assert start(full_library, "--undo").communicate("\n")[0] == "0\n"
    assert contents(full_library) == old
