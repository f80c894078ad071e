"""A person's own genres while they are taught: which tracks are in them, and what was learned last."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from earmark.batches.mapping import Place
from earmark.evaluation.scores import Score
from earmark.library.labelled import given_labels
from earmark.library.own_genres import OwnGenres
from earmark.library.teach import Lesson, learn
from earmark.tracks import Fault
from earmark.web.desk import Desk, Telling
from earmark.web.jobs import Job
from earmark.web.paths import printable
from earmark.web.reviewing import folder_of
from earmark.web.state import AppState


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """A genre that was learned: of how many tracks, and which share of these is recognised when held out."""

    name: str
    tracks: int
    recognised: float


class Doubtful(msgspec.Struct, frozen=True, kw_only=True):
    """A track that sounds like another genre than it was put into."""

    track: str
    carries: str
    sounds_like: str
    probability: float


class LessonView(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned.

    accuracy  of `tracks` that were held out in turn; all of one artist together, but where `artists_unknown`
    kept      the name it was kept by; None while it is not
    """

    tracks: int
    accuracy: Score
    level: float
    majority: float
    artists_unknown: int
    genres: list[Learned]
    doubtful: list[Doubtful]
    left_out: dict[str, int]
    faults: list[tuple[str, str]]
    note: str | None
    kept: str | None


class Teaching(Desk):
    """Own genres of the server's library, and the last lesson."""

    def __init__(self, state: AppState) -> None:
        super().__init__(state)
        self.lesson: Lesson | None = None
        self._own: OwnGenres | None = None

    @property
    def own(self) -> OwnGenres:
        """The genres and tracks as they were last looked at. Raises HTTPException 404 without a library."""
        return self._own or self.look()

    def look(self) -> OwnGenres:
        """Look which tracks there are now, unless something is done with them."""
        if self._own is None or not self.busy:
            self._own = OwnGenres(folder_of(self.state).root)
        return self._own

    def learn(self, job: Job, given: Mapping[Path, str]) -> None:
        """Learn from tracks and the genres that they were put into."""
        job.say("reading who plays")
        labels = given_labels(given)
        place = Place(workers=self.state.settings.workers)
        self.lesson = learn(folder_of(self.state).root, labels, place=place, watcher=Telling(job))

    def lesson_view(self) -> LessonView | None:
        """What is told of the last lesson."""
        lesson = self.lesson
        if lesson is None:
            return None
        scores = lesson.scores
        return LessonView(
            tracks=scores.n,
            accuracy=scores.accuracy,
            level=scores.level,
            majority=scores.majority_accuracy,
            artists_unknown=lesson.artists_unknown,
            genres=[
                Learned(name=each.genre, tracks=lesson.genres[each.genre], recognised=each.recall)
                for each in scores.genres
            ],
            doubtful=[
                Doubtful(
                    track=self._inside(each.path),
                    carries=each.carries,
                    sounds_like=each.sounds_like,
                    probability=each.probability,
                )
                for each in lesson.suspects
                if self.own.genre(self._inside(each.path)) == each.carries  # not moved meanwhile
            ],
            left_out=lesson.left_out,
            faults=[self._said(fault) for fault in lesson.faults],
            note=lesson.note,
            kept=None if lesson.folder is None else lesson.folder.name,
        )

    def _inside(self, path: str) -> str:
        return printable(Path(path).relative_to(folder_of(self.state).root).as_posix())

    def _said(self, fault: Fault) -> tuple[str, str]:
        return self._inside(fault.where), printable(fault.what.removeprefix(f"{fault.where}: "))
