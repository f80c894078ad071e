"""Work that takes longer than an answer may: it waits in line, says how far it is, can be cancelled, and is kept.

Each lane has threads of its own, so that what takes minutes does not keep anyone from listening.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Any

import msgspec

from earmark.errors import EarmarkError

log = logging.getLogger(__name__)
HEARTBEAT = 15.0  # seconds without news after which a comment is sent, so that proxies and we see who has gone


class State(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({State.DONE, State.FAILED, State.CANCELLED})


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a job.

    id      what it is asked for by
    kind    what it does, such as "listen"
    state   where it is
    ahead   how many wait before it
    done    steps that are done, of `total`; 0 of 0 where they are not counted
    total   steps there are
    said    what it last said of itself
    error   why it failed, in one line
    part    what is known already, while it runs
    result  what came of it, once it is done
    """

    id: str
    kind: str
    state: State
    ahead: int
    done: int
    total: int
    said: str | None
    error: str | None
    part: Any
    result: Any


class BusyError(Exception):
    """As many jobs wait as may."""


class Stopped(Exception):  # noqa: N818
    """Raised inside a job that was cancelled."""


class Job:
    """One piece of work, and its end of the line: what its function is given to speak with."""

    def __init__(self, kind: str, lane: str, work: Callable[[Job], Any], seconds: float | None) -> None:
        self.id = secrets.token_urlsafe(12)
        self.kind, self.lane, self.work, self.seconds = kind, lane, work, seconds
        self.state = State.WAITING
        self.done = self.total = 0
        self.said: str | None = None
        self.error: str | None = None
        self.part: Any = None
        self.result: Any = None
        self.cancelled = threading.Event()
        self.ended = threading.Event()
        self.deadline: float | None = None
        self.finally_: list[Callable[[], None]] = []
        self.listeners: set[Callable[[], None]] = set()

    def step(self, done: int, total: int) -> None:
        """Say how far it is. Raises Stopped where it was cancelled, EarmarkError where its time is over."""
        self.check()
        self.done, self.total = done, total
        self.changed()

    def say(self, what: str) -> None:
        """Say in a few words what it is at. Raises as `step` does."""
        self.check()
        self.said = what
        self.changed()

    def give(self, part: Any) -> None:
        """Show what is known already. Raises as `step` does."""
        self.check()
        self.part = part
        self.changed()

    def check(self) -> None:
        """Raise Stopped where it was cancelled, EarmarkError where its time is over."""
        if self.cancelled.is_set():
            raise Stopped
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise EarmarkError(f"stopped after {self.seconds:g} s, which is the limit")

    def changed(self) -> None:
        """Tell those who listen."""
        for listener in list(self.listeners):
            listener()


class Jobs:
    """The lines, one a lane, and what came of the jobs that have ended."""

    def __init__(self, lanes: dict[str, int], *, waiting: int, kept: int) -> None:
        self.lanes, self.most_waiting, self.kept = lanes, waiting, kept
        self.waiting: dict[str, deque[Job]] = {lane: deque() for lane in lanes}
        self.known: OrderedDict[str, Job] = OrderedDict()
        self.changed = threading.Condition()
        self.closed = False
        self.threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work."""
        for lane, count in self.lanes.items():
            for _ in range(count):
                thread = threading.Thread(target=self._run, args=(lane,), name=f"earmark-{lane}", daemon=True)
                thread.start()
                self.threads.append(thread)

    def close(self) -> None:
        """Cancel all, and wait for what runs to notice."""
        with self.changed:
            self.closed = True
            for job in list(self.known.values()):
                self._cancel(job)
            self.changed.notify_all()
        for thread in self.threads:
            thread.join(5)

    def submit(
        self,
        kind: str,
        work: Callable[[Job], Any],
        *,
        lane: str,
        seconds: float | None = None,
        finally_: Callable[[], None] | None = None,
    ) -> Job:
        """Put `work` in line; it is called with its job in a thread, and what it returns is the result.

        `seconds` are what it may take once it runs; `finally_` is called when it has ended, however it did, also where
        it was refused. Raises BusyError where as many wait as may.
        """
        job = Job(kind, lane, work, seconds)
        if finally_ is not None:
            job.finally_.append(finally_)
        with self.changed:
            if self.closed or len(self.waiting[lane]) >= self.most_waiting:
                if finally_ is not None:
                    finally_()
                raise BusyError
            self.known[job.id] = job
            self.waiting[lane].append(job)
            self._forget()
            self.changed.notify_all()
        return job

    def get(self, id: str) -> Job | None:
        """The job of that id, unless it is unknown or long over."""
        return self.known.get(id)

    def listing(self) -> list[Job]:
        """All that are known, the newest last."""
        with self.changed:
            return list(self.known.values())

    def cancel(self, job: Job) -> None:
        """Take it out of the line, or ask it to stop; one that has ended stays as it is."""
        with self.changed:
            self._cancel(job)

    def view(self, job: Job) -> JobView:
        """What is told of it now."""
        with self.changed:
            waiting = self.waiting[job.lane]
            ahead = waiting.index(job) if job in waiting else 0
            return JobView(
                id=job.id, kind=job.kind, state=job.state, ahead=ahead, done=job.done, total=job.total, said=job.said,
                error=job.error, part=job.part if job.state not in ENDED else None, result=job.result,
            )  # fmt: skip

    async def follow(self, job: Job) -> AsyncIterator[JobView | None]:
        """What is told of it now, and again at each change until it has ended; None where nothing is new for long."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def listener() -> None:
            loop.call_soon_threadsafe(news.set)

        job.listeners.add(listener)
        try:
            last = None
            while True:
                news.clear()
                view = self.view(job)
                if view != last:
                    yield view
                    last = view
                if view.state in ENDED:
                    return
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT)
                except TimeoutError:
                    yield None
        finally:
            job.listeners.discard(listener)

    def _cancel(self, job: Job) -> None:
        job.cancelled.set()
        if job in self.waiting[job.lane]:
            self.waiting[job.lane].remove(job)
            self._end(job, State.CANCELLED)
            self._moved(job.lane)

    def _run(self, lane: str) -> None:
        waiting = self.waiting[lane]
        while True:
            with self.changed:
                self.changed.wait_for(lambda: waiting or self.closed)
                if self.closed:
                    return
                job = waiting.popleft()
                job.state = State.RUNNING
                job.deadline = None if job.seconds is None else time.monotonic() + job.seconds
                self._moved(lane)
            job.changed()
            try:
                result = job.work(job)
                job.check()
            except Stopped:
                self._end(job, State.CANCELLED)
            except EarmarkError as error:
                self._end(job, State.FAILED, error=str(error))
            except Exception:
                log.exception("a job of kind %s failed", job.kind)
                self._end(
                    job, State.FAILED, error="internal error: this is a defect of earmark; the server's log says more"
                )
            else:
                self._end(job, State.DONE, result=result)

    def _end(self, job: Job, state: State, *, result: Any = None, error: str | None = None) -> None:
        for each in job.finally_:
            each()
        with self.changed:
            job.state, job.result, job.error = state, result, error
            self._forget()
        job.ended.set()
        job.changed()

    def _moved(self, lane: str) -> None:
        """Those in line have come nearer."""
        for job in self.waiting[lane]:
            job.changed()

    def _forget(self) -> None:
        ended = [job for job in self.known.values() if job.state in ENDED]
        for job in ended[: max(0, len(ended) - self.kept)]:
            del self.known[job.id]
