"""A tagging undone: each file gets back what it said, where it still says what was written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from earmark.errors import DataError, TagError, UsageError, nearest
from earmark.library.change import Change
from earmark.library.journal import Entry, Journal, Overview, journal_files
from earmark.library.rewrite import digests, rewrite, temporary_beside, writable_target
from earmark.library.tags.files import foreign_bytes, read_field, read_genres, second_reading
from earmark.library.write import check_unharmed, said
from earmark.tracks import Fault


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """What undoing did: `restored` from what was written to what is read back now, and what was left alone and why."""

    tagging: str
    restored: tuple[Change, ...]
    kept: tuple[Fault, ...]


def all_taggings() -> list[Overview]:
    """The taggings of all libraries, the newest first."""
    found = []
    for path in journal_files():
        with contextlib.closing(Journal(path)) as journal:
            found += journal.taggings()
    return sorted(found, key=lambda overview: overview.at, reverse=True)


def journal_of(tagging: str, library: Path | None = None) -> Journal:
    """The journal that holds a tagging. `library`: where its files lie now, where that is elsewhere than then.

    Raises UsageError where no journal knows the name.
    """
    known = []
    for path in journal_files():
        journal = Journal(path, library)
        names = [overview.tagging for overview in journal.taggings()]
        if tagging in names:
            return journal
        journal.close()
        known += names
    raise UsageError(f"no tagging {tagging!r}{nearest(tagging, known)}; `earmark undo` lists those there are")


def undo(
    journal: Journal, tagging: str | None = None, *, progress: Callable[[int, int], None] | None = None
) -> Undoing:
    """Undo a tagging, by default the newest that is not undone; an interrupted undoing goes on.

    A file that has not been touched since gets its old bytes and its old time back. Where something else in it has
    changed, only its genre does, as the bytes that it was. Where its genre is no longer what was written, or the file
    cannot be written, it is left alone and listed. `progress` hears how many of how many files are done.
    Raises DataError where there is nothing to undo, or the journal cannot be written.
    """
    if tagging is None:
        tagging = next((overview.tagging for overview in journal.taggings() if overview.written), None)
    with journal.turn():
        entries = (
            [] if tagging is None else [e for e in journal.entries(tagging) if e.state not in ("failed", "undone")]
        )
    if tagging is None or not entries:
        raise DataError(f"{journal.library}: nothing to undo")
    restored: list[Change] = []
    kept: list[Fault] = []
    for done, entry in enumerate(reversed(entries), start=1):
        try:
            with journal.turn():
                restored.append(_undo(entry, journal))
        except TagError as error:
            kept.append(Fault(str(entry.path), str(error)))
        except OSError as error:
            kept.append(Fault(str(entry.path), error.strerror or str(error)))
        if progress is not None:
            progress(done, len(entries))
    return Undoing(tagging=tagging, restored=tuple(restored), kept=tuple(kept))


def _undo(entry: Entry, journal: Journal) -> Change:
    """Undo one entry. Raises TagError or OSError: the file is then as it was."""
    target = writable_target(entry.path)
    with target.open("rb") as file:
        seen = os.fstat(file.fileno())
        container, genre = read_field(file)
        before = second_reading(container, file)
        untouched = digests(file, entry.backwards)
        if untouched == (entry.digest_after, entry.digest_before):
            splices, digest = entry.backwards, entry.digest_before
        else:
            if genre.texts != entry.new:
                raise TagError(f"it says {said(genre.texts)} now, not {said(entry.new)} as was written: left alone")
            if entry.raw and genre.kind != entry.kind:
                raise TagError(f"its tag was {entry.kind} and is {genre.kind} now; its genre was {said(entry.old)}")
            with foreign_bytes():
                splices = tuple(container.place(file, entry.raw))
            digest = digests(file, splices)[1]
    undoing = journal.plan_undoing(entry, digest=digest, temporary=temporary_beside(target))

    def check(copy: BinaryIO) -> None:
        check_unharmed(container, copy, before)
        with foreign_bytes():
            own = container.read(copy)
        if own.raw != entry.raw:
            raise TagError("its genre would not be what it was; left alone")

    try:
        rewrite(
            target,
            splices,
            temporary=undoing.temporary,
            digest=digest,
            mtime_ns=entry.mtime_ns if digest == entry.digest_before else None,
            seen=seen,
            check=check,
        )
    except (TagError, OSError) as error:
        if journal.recover(undoing, str(error)) == "undone":
            raise TagError(f"it was undone, and after that went wrong: {error}") from error
        raise
    journal.settle(entry.id, "undone")
    return Change(
        path=entry.path,
        old=entry.new,
        new=read_genres(target),
        probability=entry.probability,
        classifier=entry.classifier,
    )
