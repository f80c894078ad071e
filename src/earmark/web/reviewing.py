"""The plan of the person's library while it is reviewed, and what is being done to it."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.exceptions import HTTPException

from earmark.batches.mapping import Place
from earmark.errors import UsageError
from earmark.library.plan import MIN_CONFIDENCE, Existing, Outcome
from earmark.library.review import Review
from earmark.library.tagging import suggest
from earmark.library.undo import all_taggings, journal_of, undo
from earmark.tracks import Fault
from earmark.web.desk import Desk, Telling
from earmark.web.jobs import Job
from earmark.web.paths import Folder, printable
from earmark.web.state import AppState

NO_FOLDER = "the server was started without a folder of music: earmark serve FOLDER"


class PlanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How to plan. model: one of those that are listed; None = the server's."""

    model: str | None = None
    existing: Existing = Existing.KEEP
    min_confidence: Annotated[float, Meta(ge=0, le=1)] = MIN_CONFIDENCE
    top: Annotated[int, Meta(ge=1, le=10)] = 1


class TaggingView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was written into this library, and of how many files it is written still."""

    tagging: str
    at: str
    written: int
    undone: int


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What writing or undoing has come to. files: written or restored; refused: which were not, and why."""

    files: int
    taggings: tuple[str, ...]
    refused: list[tuple[str, str]]


def folder_of(state: AppState) -> Folder:
    """The person's music. Raises HTTPException 404 where the server was started without."""
    if state.library is None:
        raise HTTPException(404, NO_FOLDER)
    return state.library


class Reviewing(Desk):
    """The plan under review. id: of the plan, another one for each."""

    def __init__(self, state: AppState) -> None:
        super().__init__(state)
        self.asked = PlanRequest()
        self.review: Review | None = None
        self.id = ""

    def reviewed(self, plan: str) -> Review:
        """The review of that plan. Raises HTTPException 409 where it is another by now."""
        if self.review is None or plan != self.id:
            raise HTTPException(409, "there is no such plan any more; load the page again")
        return self.review

    def look(self, job: Job, asked: PlanRequest) -> None:
        """Make a new plan; what was said of the old one is forgotten."""
        settings = self.state.settings
        made = suggest(
            [folder_of(self.state).root],
            asked.model or settings.model,
            existing=asked.existing,
            min_confidence=asked.min_confidence,
            top=asked.top,
            place=Place(workers=settings.workers),
            watcher=Telling(job),
            confined=True,
        )
        self.asked, self.review, self.id = asked, Review(made), secrets.token_hex(4)

    def write(self, job: Job, review: Review) -> Done:
        """Write what was accepted."""
        job.say("writing")
        written = review.write(progress=job.step)
        changed = written.plan.counts[Outcome.CHANGED]
        return Done(files=changed, taggings=written.taggings, refused=self._said(written.plan.faults))

    def undo(self, job: Job, tagging: str) -> Done:
        """Undo a tagging. Raises UsageError where it wrote outside of the folder, as the command line may."""
        job.say("undoing")
        root = folder_of(self.state).root
        with contextlib.closing(journal_of(tagging)) as journal:
            if not all(_lies_in(entry.path, root) for entry in journal.entries(tagging)):
                raise UsageError(f"{tagging}: it wrote files outside of this folder; use `earmark undo {tagging}`")
            undoing = undo(journal, tagging, progress=job.step)
        if self.review is not None:
            self.review.undone(undoing)
        return Done(files=len(undoing.restored), taggings=(tagging,), refused=self._said(undoing.kept))

    def taggings(self) -> list[TaggingView]:
        """What was written into this folder or a folder in it, the newest first."""
        root = folder_of(self.state).root
        return [
            TaggingView(tagging=each.tagging, at=each.at, written=each.written, undone=each.undone)
            for each in all_taggings()
            if _lies_in(each.library, root)
        ]

    def _said(self, faults: Sequence[Fault]) -> list[tuple[str, str]]:
        root = folder_of(self.state).root
        return [(printable(os.path.relpath(fault.where, root)), printable(fault.what)) for fault in faults]


def _lies_in(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(root)
