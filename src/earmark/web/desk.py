"""The one thing that is done to the library at a time, and how it tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException

from earmark.experiment.watcher import Watcher
from earmark.web.jobs import Job
from earmark.web.state import LIBRARY, AppState


class Desk:
    """What a page does that takes minutes: one thing at a time, while which nothing else may be changed."""

    def __init__(self, state: AppState) -> None:
        self.state = state
        self.job: Job | None = None  # the last one, also when it is over
        self.busy = False

    def begin(self, kind: str, work: Callable[[Job], Any]) -> Job:
        """Put work in line. Raises HTTPException 409 where there is some already."""
        self.check_free()
        self.busy = True
        self.job = self.state.jobs.submit(kind, work, lane=LIBRARY, finally_=self._free)
        return self.job

    def check_free(self) -> None:
        """Raise HTTPException 409 while something is done."""
        if self.busy:
            raise HTTPException(409, "something else is being done here; wait for its end, or cancel it")

    def _free(self) -> None:
        self.busy = False


class Telling(Watcher):
    """Tells a job what a long piece of work is doing; so it stops where the job was cancelled."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def stage(self, text: str) -> None:
        """A new stage begins."""
        self._job.say(text)

    def step(self, done: int, of: int) -> None:
        """So many are done."""
        self._job.step(done, of)
