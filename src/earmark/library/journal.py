"""What has been written into a library's files, so that it can be finished or undone.

One SQLite file for each library, in the person's data folder and not in the library: undoing must work where the
library lies on a network drive, on which SQLite's write-ahead log is not safe, or is synchronised between machines
while it is written; and a read-only library can be planned without leaving a trace in it. Paths are kept relative to
the library, so that one that has moved is undone at its new place.

An entry is committed and flushed before its file is touched, with the digests of the file as it is and as it will be.
Whoever takes the turn to write next compares the files of unfinished entries with both: that decides what happened.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import zlib
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import msgspec
from filelock import FileLock

from earmark.atomic import replacing
from earmark.checksums import file_digest
from earmark.errors import DataError, TagError
from earmark.folders import data_folder
from earmark.library.tags.files import read_genres
from earmark.library.tags.splice import Splice

FORMAT = 1
TURN_SECONDS = 0.01  # between two looks whether another process has finished its file
SCHEMA = """
CREATE TABLE library (folder BLOB NOT NULL);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    tagging TEXT NOT NULL,
    at TEXT NOT NULL,
    path BLOB NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    classifier TEXT NOT NULL,
    probability REAL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest_before TEXT NOT NULL,
    digest_after TEXT NOT NULL,
    digest_undone TEXT,
    temporary BLOB NOT NULL,
    kind TEXT NOT NULL,
    raw BLOB NOT NULL,
    backwards BLOB NOT NULL
);
CREATE INDEX of_tagging ON entry (tagging);
CREATE INDEX unfinished ON entry (state) WHERE state IN ('planned', 'undoing');
"""
State = Literal["planned", "written", "failed", "undoing", "undone"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One file's genre, written or about to be.

    old, new: what the file said, and says after. raw, kind: the field's bytes before, and the tag they fit into.
    size, mtime_ns, digest_before: the whole file before. digest_after: after. backwards: the splices that lead from
    after to before. temporary: the copy's name while there is one. digest_undone: the file when undoing has finished.
    """

    path: Path
    tagging: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    classifier: str
    probability: float | None
    size: int
    mtime_ns: int
    digest_before: str
    digest_after: str
    temporary: Path
    kind: str
    raw: tuple[bytes, ...]
    backwards: tuple[Splice, ...]
    id: int = 0
    state: State = "planned"
    reason: str = ""
    digest_undone: str | None = None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """One tagging: when it began, and of how many files the genre is written still, or undone."""

    tagging: str
    at: str
    library: Path
    written: int
    undone: int


def open_journal(library: Path) -> Journal:
    """The journal of the library in that folder; it is begun where there is none yet.

    Raises DataError where the folder does not exist, or the journal cannot be opened or is newer than this earmark.
    """
    if not library.is_dir():
        raise DataError(f"{library}: no such folder; a library is a folder of music")
    folder = library.resolve()
    digest = blake2b(os.fsencode(folder), digest_size=8).hexdigest()
    path = data_folder() / "journals" / f"{digest}.sqlite"
    with _usable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                _begin(path, folder)
    return Journal(path)


def journal_files() -> list[Path]:
    """The journals of all libraries that have ever been written, wherever these lie now."""
    return sorted((data_folder() / "journals").glob("*.sqlite"))


class Journal:
    """The journal at `path`. `library`: where its library lies now; None = where it lay when the journal was begun."""

    def __init__(self, path: Path, library: Path | None = None) -> None:
        self.path = path
        with _usable(path), contextlib.ExitStack() as refused:
            self._database = sqlite3.connect(path, timeout=60, isolation_level=None)
            refused.callback(self._database.close)
            self._database.row_factory = sqlite3.Row
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version != FORMAT:
                raise DataError(f"{path}: the journal has format {version}, known is {FORMAT}; update earmark")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            (begun,) = self._database.execute("SELECT folder FROM library").fetchone()
            refused.pop_all()
        self.library = Path(os.fsdecode(begun)) if library is None else library.resolve()
        self._lock = FileLock(path.with_suffix(".lock"))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def begin(self) -> str:
        """The name of a new tagging: when it began, and four characters by which no two are the same."""
        return f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """While the block runs, no other process writes into this library; what a killed one left is settled first."""
        with self._lock.acquire(poll_interval=TURN_SECONDS):
            for entry in self._select("state IN ('planned', 'undoing')"):
                with contextlib.suppress(OSError):  # a drive not connected now: it is settled when it is
                    self.recover(entry, "interrupted before the file was written")
            yield

    def plan(self, entry: Entry) -> Entry:
        """Commit an entry, before its file is touched; the same with its number."""
        columns = {
            "tagging": entry.tagging,
            "at": datetime.now().astimezone().isoformat(timespec="seconds"),
            "path": self._relative(entry.path),
            "state": entry.state,
            "old": msgspec.json.encode(entry.old).decode(),
            "new": msgspec.json.encode(entry.new).decode(),
            "classifier": entry.classifier,
            "probability": entry.probability,
            "size": entry.size,
            "mtime_ns": entry.mtime_ns,
            "digest_before": entry.digest_before,
            "digest_after": entry.digest_after,
            "temporary": self._relative(entry.temporary),
            "kind": entry.kind,
            "raw": msgspec.msgpack.encode(entry.raw),
            "backwards": zlib.compress(msgspec.msgpack.encode(entry.backwards), level=1),
        }
        names, places = ", ".join(columns), ", ".join("?" for _ in columns)
        with _usable(self.path):
            done = self._database.execute(f"INSERT INTO entry ({names}) VALUES ({places})", tuple(columns.values()))
        return msgspec.structs.replace(entry, id=done.lastrowid)

    def plan_undoing(self, entry: Entry, *, digest: str, temporary: Path) -> Entry:
        """Commit that an entry is about to be undone, and what its file will be then; the entry with both."""
        with _usable(self.path):
            self._database.execute(
                "UPDATE entry SET state = 'undoing', digest_undone = ?, temporary = ? WHERE id = ?",
                (digest, self._relative(temporary), entry.id),
            )
        return msgspec.structs.replace(entry, state="undoing", digest_undone=digest, temporary=temporary)

    def settle(self, entry: int, state: State, reason: str = "") -> None:
        """Commit what became of an entry."""
        with _usable(self.path):
            self._database.execute("UPDATE entry SET state = ?, reason = ? WHERE id = ?", (state, reason, entry))

    def entries(self, tagging: str) -> list[Entry]:
        """All entries of a tagging, in the order in which they were written."""
        return self._select("tagging = ?", tagging)

    def taggings(self) -> list[Overview]:
        """All taggings that wrote something, the newest first."""
        with _usable(self.path):
            rows = self._database.execute(
                "SELECT tagging, min(at) AS at, sum(state IN ('written', 'undoing')) AS written,"
                " sum(state = 'undone') AS undone, max(id) AS newest FROM entry"
                " GROUP BY tagging HAVING written + undone > 0 ORDER BY newest DESC"
            ).fetchall()
        return [
            Overview(
                tagging=row["tagging"],
                at=row["at"],
                library=self.library,
                written=row["written"],
                undone=row["undone"],
            )
            for row in rows
        ]

    def recover(self, entry: Entry, reason: str) -> State:
        """Settle an unfinished entry by what its file is now, and remove its copy. Raises OSError."""
        entry.temporary.unlink(missing_ok=True)
        digest = file_digest(entry.path)
        if entry.state == "undoing":
            state: State = "undone" if digest == entry.digest_undone else "written"
        elif digest == entry.digest_before:
            state = "failed"
        else:  # where somebody has changed it since, its genre tells
            state = "written" if digest == entry.digest_after or _says(entry.path, entry.new) else "failed"
        self.settle(entry.id, state, reason if state == "failed" else "")
        return state

    def _select(self, where: str, *values: str) -> list[Entry]:
        with _usable(self.path):
            rows = self._database.execute(f"SELECT * FROM entry WHERE {where} ORDER BY id", values).fetchall()
        return [self._entry(row) for row in rows]

    def _entry(self, row: Any) -> Entry:
        fields = {name: value for name, value in dict(row).items() if name in Entry.__struct_fields__}
        fields["path"], fields["temporary"] = self._absolute(row["path"]), self._absolute(row["temporary"])
        for name in ("old", "new"):
            fields[name] = msgspec.json.decode(row[name], type=tuple[str, ...])
        fields["raw"] = msgspec.msgpack.decode(row["raw"], type=tuple[bytes, ...])
        fields["backwards"] = msgspec.msgpack.decode(zlib.decompress(row["backwards"]), type=tuple[Splice, ...])
        return Entry(**fields)

    def _relative(self, path: Path) -> bytes:
        """A path as bytes, since not all names are UTF-8: relative inside the library, absolute outside of it."""
        return os.fsencode(path.relative_to(self.library) if path.is_relative_to(self.library) else path)

    def _absolute(self, path: bytes) -> Path:
        return self.library / os.fsdecode(path)


def _begin(path: Path, library: Path) -> None:
    """Make an empty journal; it appears at `path` when it is whole."""
    with replacing(path) as temporary, contextlib.closing(sqlite3.connect(temporary)) as database:
        database.executescript(SCHEMA)
        database.execute("INSERT INTO library VALUES (?)", (os.fsencode(library),))
        database.execute(f"PRAGMA user_version = {FORMAT}")
        database.commit()


@contextlib.contextmanager
def _usable(path: Path) -> Iterator[None]:
    """What stops the journal stops everything: nothing is written that cannot be undone."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        why = f"{path}: the journal cannot be used, and without it nothing is written: {error}"
        raise DataError(why) from error


def _says(path: Path, genres: tuple[str, ...]) -> bool:
    try:
        return read_genres(path) == genres
    except (TagError, OSError):
        return False
