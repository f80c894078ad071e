"""Genres written into files: each is planned in the journal, written to a copy, read back, and renamed over the old."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import BinaryIO

import msgspec

from earmark.errors import TagError
from earmark.library.change import Change
from earmark.library.journal import Entry, Journal
from earmark.library.rewrite import digests, rewrite, temporary_beside, writable_target
from earmark.library.tags.container import Container
from earmark.library.tags.files import Reading, foreign_bytes, read_field, read_genres, second_reading
from earmark.library.tags.genre import check_texts
from earmark.library.tags.splice import inverse
from earmark.tracks import Fault


class Tagging(msgspec.Struct, frozen=True, kw_only=True):
    """What one call has written. The `new` of each change is what was read back from the file."""

    id: str
    written: tuple[Change, ...]
    faults: tuple[Fault, ...]


def write_changes(
    changes: Sequence[Change],
    journal: Journal,
    *,
    keep_mtime: bool = False,
    separator: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Tagging:
    """Write the genres of `changes`; what cannot be written without harm is left as it is and listed.

    keep_mtime: the files keep the time of their last change. separator: joins several genres where a tag holds only one
    text (ID3v2.2 and 2.3); None refuses them. `progress` hears how many of how many changes are done.
    Raises DataError where the journal cannot be written, say on a full disk: then nothing more is.
    """
    tagging = journal.begin()
    written: list[Change] = []
    faults: list[Fault] = []
    for done, change in enumerate(changes, start=1):
        try:
            with journal.turn():
                written.append(_write(change, journal, tagging, keep_mtime=keep_mtime, separator=separator))
        except TagError as error:
            faults.append(Fault(str(change.path), str(error)))
        except OSError as error:
            faults.append(Fault(str(change.path), error.strerror or str(error)))
        if progress is not None:
            progress(done, len(changes))
    return Tagging(id=tagging, written=tuple(written), faults=tuple(faults))


def check_unharmed(container: Container, copy: BinaryIO, before: Reading) -> Reading:
    """What mutagen says of the copy. Raises TagError where more than the genre is other than it was."""
    after = second_reading(container, copy)
    changed = {
        key for key in before.others.keys() | after.others.keys() if before.others.get(key) != after.others.get(key)
    }
    if changed or after.length != before.length:
        what = ", ".join(sorted(changed)) or "its length"
        raise TagError(f"writing its genre would change {what} as well, as mutagen reads it")
    return after


def said(genres: tuple[str, ...]) -> str:
    """Genres for a person to read."""
    return " + ".join(map(repr, genres)) or "none"


def _write(change: Change, journal: Journal, tagging: str, *, keep_mtime: bool, separator: str | None) -> Change:
    """Write one change, and give it with what was read back. Raises TagError or OSError: the file is then as it was."""
    check_texts(change.new)
    target = writable_target(change.path)
    with target.open("rb") as file:
        seen = os.fstat(file.fileno())
        container, genre = read_field(file)
        if genre.texts != change.old:
            raise TagError(f"its genre has changed since it was looked at: {said(genre.texts)}, not {said(change.old)}")
        if genre.texts == change.new:
            raise TagError(f"its genre is {said(change.new)} already")
        with foreign_bytes():
            wanted = container.encode(file, change.new, separator)
            splices = container.place(file, wanted.raw)
        before = second_reading(container, file)
        digest_before, digest_after = digests(file, splices)
        entry = journal.plan(
            Entry(
                path=target,
                tagging=tagging,
                old=genre.texts,
                new=wanted.texts,
                classifier=change.classifier,
                probability=change.probability,
                size=seen.st_size,
                mtime_ns=seen.st_mtime_ns,
                digest_before=digest_before,
                digest_after=digest_after,
                temporary=temporary_beside(target),
                kind=genre.kind,
                raw=genre.raw,
                backwards=inverse(file, splices),
            )
        )

    def check(copy: BinaryIO) -> None:
        after = check_unharmed(container, copy, before)
        with foreign_bytes():
            own = container.read(copy)
        for reader, found in (("earmark", own.texts), ("mutagen", after.genres)):
            if found != wanted.texts:
                raise TagError(f"its genre would read {said(found)} ({reader}), not {said(wanted.texts)}; left alone")

    try:
        rewrite(
            target,
            splices,
            temporary=entry.temporary,
            digest=digest_after,
            mtime_ns=seen.st_mtime_ns if keep_mtime else None,
            seen=seen,
            check=check,
        )
    except (TagError, OSError) as error:
        if journal.recover(entry, str(error)) == "written":
            raise TagError(f"its genre was written, and after that went wrong: {error}") from error
        raise
    journal.settle(entry.id, "written")
    now = read_genres(target)
    if now != wanted.texts:
        raise TagError(f"{said(wanted.texts)} was written, but it says {said(now)}: another program wrote it too")
    return msgspec.structs.replace(change, new=now)
