"""Genres suggested for a library and, where that is asked for, written: scan, plan, write."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from earmark.batches.mapping import Place
from earmark.checksums import file_digest
from earmark.classifier import DEFAULT
from earmark.errors import TagError
from earmark.experiment.watcher import Watcher
from earmark.library.answers import Answers, stamp_of
from earmark.library.change import Change
from earmark.library.journal import open_journal
from earmark.library.listen import listening
from earmark.library.mapping import read_mapping, unchanged
from earmark.library.plan import MIN_CONFIDENCE, Decision, Existing, Outcome, Plan, Settings, plan
from earmark.library.scan import scan
from earmark.library.tags import read_genres
from earmark.library.write import write_changes


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What writing a plan has done.

    plan: with the genres that were read back, and with what could not be written as failed.
    taggings: one for each library that was written, by which `undo` knows it.
    """

    plan: Plan
    taggings: tuple[str, ...]


def suggest(
    paths: Sequence[Path],
    model: Path | str = DEFAULT,
    *,
    mapping: Path | None = None,
    existing: Existing = Existing.KEEP,
    min_confidence: float = MIN_CONFIDENCE,
    top: int = 1,
    place: Place | None = None,
    watcher: Watcher | None = None,
    confined: bool = False,
) -> Plan:
    """Listen to the files among `paths` and below its folders, and plan their genres. Their files are only read.

    model: by path or by name. mapping: file of the person's own names. existing, min_confidence, top: as `Settings`
    says. place: where files are listened to; None: in as many processes as there are cores. confined: links that lead
    out of a folder are refused.
    Raises UsageError for settings out of range, ModelError where the classifier cannot be loaded, DataError for a
    mapping that does not fit, and what `scan` raises.
    """
    make, classifier = listening(model)
    watcher = watcher or Watcher()
    if classifier.note is not None:
        watcher.remark(classifier.note)
    names = unchanged(classifier.genres) if mapping is None else read_mapping(mapping, classifier.genres)
    settings = Settings(mapping=names, existing=existing, min_confidence=min_confidence, top=top)
    with contextlib.closing(Answers(make.digest)) as answers:
        scan(paths, answers, make, place=place or Place(), watcher=watcher, confined=confined)
        return plan(
            answers.found(), classifier.genres, classifier=classifier.name, settings=settings, note=classifier.note
        )


def write_plan(
    plan: Plan,
    *,
    keep_mtime: bool = False,
    separator: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write what a plan says, each library with its own journal; options as of `write_changes`.

    Raises DataError where a journal cannot be written: nothing more is then.
    """
    changed: dict[Path, Change] = {}
    refused: dict[str, str] = {}
    taggings: list[str] = []
    planned = sum(len(changes) for changes in plan.changes.values())
    for library, changes in plan.changes.items():
        with contextlib.closing(open_journal(library)) as journal:
            heard = _after(len(changed) + len(refused), planned, progress)
            try:
                tagging = write_changes(changes, journal, keep_mtime=keep_mtime, separator=separator, progress=heard)
            finally:
                keep_answers(changes)
        changed |= {change.path: change for change in tagging.written}
        refused |= {fault.where: fault.what for fault in tagging.faults}
        if tagging.written:
            taggings.append(tagging.id)
    decisions = tuple(_settled(decision, changed, refused) for decision in plan.decisions)
    return Written(plan=msgspec.structs.replace(plan, decisions=decisions), taggings=tuple(taggings))


def _settled(decision: Decision, changed: Mapping[Path, Change], refused: Mapping[str, str]) -> Decision:
    """What has become of a planned decision."""
    if decision.path in changed:
        return msgspec.structs.replace(decision, outcome=Outcome.CHANGED, change=changed[decision.path])
    if str(decision.path) in refused:
        why = refused[str(decision.path)]
        return msgspec.structs.replace(decision, outcome=Outcome.FAILED, why=why, change=None)
    return decision


def _after(before: int, planned: int, progress: Callable[[int, int], None] | None) -> Callable[[int, int], None] | None:
    """What hears of one library's changes, told as so many of those of all."""
    return None if progress is None else lambda done, _: progress(before + done, planned)


def keep_answers(changes: Iterable[Change]) -> None:
    """Files whose genre was written have other bytes and sound as before: they need not be listened to again."""
    with contextlib.closing(Answers()) as answers:
        for change in changes:
            with contextlib.suppress(TagError, OSError):  # such a file was not written
                status = change.path.stat()
                if stamp_of(status) != answers.stamp(change.path) and read_genres(change.path) == change.new:
                    answers.rewritten(change.path, status, file_digest(change.path), change.new)
