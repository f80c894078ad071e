"""What is known of files that were seen: their content, their genres, and what classifiers said of them.

One SQLite file in the cache for all libraries, since it can be made again. A file's answer goes by its content, so that
a renamed or moved file has it still, and by the classifier's, so that another one is asked anew. That a file is the
same as before is seen by its stamp; taggers may keep a file's time and size, but not the time of its last change of
status.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from earmark.errors import DataError
from earmark.folders import cache_folder

FORMAT = 1
PAGE = 1000  # rows fetched at a time: writing goes on in between
SCHEMA = """
CREATE TABLE file (path BLOB PRIMARY KEY, stamp TEXT NOT NULL, digest TEXT NOT NULL, genres TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE answer (digest TEXT, classifier TEXT, size INTEGER NOT NULL, heard BLOB NOT NULL,
    PRIMARY KEY (digest, classifier)) WITHOUT ROWID;
CREATE INDEX answer_size ON answer (classifier, size);
"""
# Of one scan alone, and gone with its connection: on disk, so that memory does not grow with the library.
FOUND = """
CREATE TEMP TABLE found (path BLOB PRIMARY KEY, library BLOB NOT NULL, stamp TEXT NOT NULL, size INTEGER NOT NULL,
    fault TEXT) WITHOUT ROWID;
"""
KNOWN = """EXISTS (SELECT 1 FROM file JOIN answer USING (digest)
    WHERE file.path = found.path AND file.stamp = found.stamp AND answer.classifier = :classifier)"""


class Heard(msgspec.Struct, frozen=True):
    """What a classifier said of a file: probabilities in the order of its genres, and its verdict."""

    probabilities: tuple[float, ...]
    verdict: str


class Seen(msgspec.Struct, frozen=True):
    """A file that was looked at. `genres`: what it says itself."""

    stamp: str
    size: int
    digest: str
    genres: tuple[str, ...]
    heard: Heard


class Found(msgspec.Struct, frozen=True):
    """A file of the library, as it stands after a scan: with a fault, or with its genres and an answer."""

    path: Path
    library: Path
    fault: str | None = None
    genres: tuple[str, ...] = ()
    heard: Heard | None = None


def stamp_of(status: os.stat_result) -> str:
    """What changes whenever a file is written or replaced."""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


class Answers:
    """What is known, as one classifier sees it, and the files found by one scan. Raises DataError where it is unusable.

    Several processes may have it open at once. Each answer is committed as it comes.
    """

    def __init__(self, classifier: str = "", path: Path | None = None) -> None:
        self.path = cache_folder() / "answers.sqlite" if path is None else path
        self.classifier = classifier
        with self._usable():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            with self._transaction():
                (version,) = self._database.execute("PRAGMA user_version").fetchone()
                if version == 0:
                    for statement in SCHEMA.split(";"):
                        self._database.execute(statement)
                    self._database.execute(f"PRAGMA user_version = {FORMAT}")
                elif version != FORMAT:
                    raise DataError(f"{self.path}: its format is {version}, known is {FORMAT}; update earmark")
            self._database.execute(FOUND)

    def close(self) -> None:
        """Let go of the file; what was found is forgotten."""
        self._database.close()

    def add_found(self, files: Iterable[tuple[Path, Path, os.stat_result | str]]) -> None:
        """Note files of the scan: path, library, and its status or why it cannot be used. A path counts once."""
        rows = (
            (os.fsencode(path), os.fsencode(library), "", 0, status)
            if isinstance(status, str)
            else (os.fsencode(path), os.fsencode(library), stamp_of(status), status.st_size, None)
            for path, library, status in files
        )
        with self._usable(), self._transaction("DEFERRED"):  # it concerns this process alone: others go on writing
            self._database.executemany("INSERT OR IGNORE INTO found VALUES (?, ?, ?, ?, ?)", rows)

    def count(self) -> tuple[int, int]:
        """How many files were found, and how many of these are yet to be looked at."""
        query = f"SELECT count(*), total(fault IS NULL AND NOT {KNOWN}) FROM found"
        with self._usable():
            found, unseen = self._database.execute(query, {"classifier": self.classifier}).fetchone()
        return found, int(unseen)

    def unseen(self) -> Iterator[tuple[Path, int]]:
        """Files found that are yet to be looked at, with their sizes, in the order of their paths."""
        for path, size in self._paged(f"SELECT path, size FROM found WHERE fault IS NULL AND NOT {KNOWN}"):
            yield Path(os.fsdecode(path)), size

    def knows_size(self, size: int) -> bool:
        """Whether any content of that many bytes has an answer: if none has, no digest need be made to ask."""
        query = "SELECT 1 FROM answer WHERE classifier = ? AND size = ? LIMIT 1"
        with self._usable():
            return self._database.execute(query, (self.classifier, size)).fetchone() is not None

    def heard(self, digest: str) -> Heard | None:
        """The answer for that content."""
        query = "SELECT heard FROM answer WHERE digest = ? AND classifier = ?"
        with self._usable():
            row = self._database.execute(query, (digest, self.classifier)).fetchone()
        return None if row is None else msgspec.msgpack.decode(row[0], type=Heard)

    def keep(self, path: Path, seen: Seen) -> None:
        """Commit what a file is and what was said of it."""
        name, genres = os.fsencode(path), msgspec.json.encode(seen.genres).decode()
        answer = (seen.digest, self.classifier, seen.size, msgspec.msgpack.encode(seen.heard))
        with self._usable(), self._transaction():
            self._database.execute("REPLACE INTO file VALUES (?, ?, ?, ?)", (name, seen.stamp, seen.digest, genres))
            self._database.execute("REPLACE INTO answer VALUES (?, ?, ?, ?)", answer)
            self._database.execute("UPDATE found SET stamp = ? WHERE path = ?", (seen.stamp, name))

    def fail(self, path: Path, why: str) -> None:
        """Note of this scan alone that a file cannot be used: the next one tries it again."""
        with self._usable():
            self._database.execute("UPDATE found SET fault = ? WHERE path = ?", (why, os.fsencode(path)))

    def stamp(self, path: Path) -> str | None:
        """That of the file when it was last seen."""
        with self._usable():
            row = self._database.execute("SELECT stamp FROM file WHERE path = ?", (os.fsencode(path),)).fetchone()
        return None if row is None else row[0]

    def rewritten(self, path: Path, status: os.stat_result, digest: str, genres: tuple[str, ...]) -> None:
        """Commit that a file seen before has new tags: what all classifiers said of it holds for its new content."""
        name = os.fsencode(path)
        copy = (
            "INSERT OR IGNORE INTO answer SELECT ?, classifier, ?, heard FROM answer"
            " WHERE digest = (SELECT digest FROM file WHERE path = ?)"
        )
        row = (name, stamp_of(status), digest, msgspec.json.encode(genres).decode())
        with self._usable(), self._transaction():
            self._database.execute(copy, (digest, status.st_size, name))
            self._database.execute("REPLACE INTO file VALUES (?, ?, ?, ?)", row)

    def found(self) -> Iterator[Found]:
        """All files of the scan as they stand, in the order of their paths."""
        query = (
            "SELECT found.path, library, fault, genres, heard FROM found LEFT JOIN file USING (path, stamp)"
            " LEFT JOIN answer ON answer.digest = file.digest AND answer.classifier = :classifier WHERE true"
        )
        for path, library, fault, genres, heard in self._paged(query):
            place = Path(os.fsdecode(path)), Path(os.fsdecode(library))
            if fault is not None or heard is None:
                yield Found(*place, fault or "not looked at: the scan was interrupted")
            else:
                yield Found(
                    *place,
                    genres=msgspec.json.decode(genres, type=tuple[str, ...]),
                    heard=msgspec.msgpack.decode(heard, type=Heard),
                )

    def _paged(self, query: str) -> Iterator[tuple[Any, ...]]:
        last = b""
        while True:
            with self._usable():
                rows = self._database.execute(
                    f"{query} AND found.path > :last ORDER BY found.path LIMIT {PAGE}",
                    {"classifier": self.classifier, "last": last},
                ).fetchall()
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    @contextlib.contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        self._database.execute(f"BEGIN {kind}")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"{self.path}: what is known of files seen cannot be read or written: {error}; where it is damaged, "
                "remove it: it is made anew"
            ) from error
