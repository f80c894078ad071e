"""Processes of this machine: each is at one item at a time, so that a death or a hang is that item's alone.

The standard pools break as a whole when one of their processes dies, and know no limit of time.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import operator
import os
import signal
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from enum import Enum
from multiprocessing.connection import Connection, wait
from typing import Any, Generic

from earmark.batches.work import Lost, Make, R, T, too_long
from earmark.errors import EarmarkError

AHEAD = 2  # items that a process holds: the one it is at, and the next, so that it never waits
MOST_DEATHS = 2  # at one item: the first may have been the doing of others
MOST_STILLBORN = 3  # processes in a row that die before they are ready
# As many processes as cores: threads of theirs would only be in each other's way.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


class Said(Enum):
    """What a process sends."""

    READY = 1
    DONE = 2
    RAISED = 3
    PART = 4


class Worker(Generic[T]):
    """One process, its end of the pipe, and what it holds: numbered items, of which it is at the first.

    `memory` is how many bytes it may take for itself once it is ready, where the system can limit that.
    """

    def __init__(self, make: Make[T, Any], *, memory: int | None = None) -> None:
        # Not forked: that would copy threads' locks in whatever state they are.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, memory), daemon=True, name="earmark-worker")
        self.process.start()
        theirs.close()  # so that the process's end is the only one, and its death is heard
        self.holds: deque[tuple[int, T]] = deque()
        self.ready = False
        self.since = 0.0  # when it began the first
        self.tell(make)

    def give(self, entry: tuple[int, T]) -> None:
        """Hand it one more item."""
        if not self.holds:
            self.since = time.monotonic()
        self.holds.append(entry)
        self.tell(entry[1])

    def tell(self, content: Any) -> None:
        """Send; where it has died, the next `hear` says so."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(content)

    def hear(self) -> tuple[Said, Any] | None:
        """What it said; None where it has died."""
        try:
            said: tuple[Said, Any] = self.connection.recv()
        except (EOFError, OSError):
            return None
        self.since = time.monotonic()
        return said

    def left(self, seconds: float) -> float | None:
        """Seconds until its item has had `seconds`; None while it is at none."""
        return self.since + seconds - time.monotonic() if self.ready and self.holds else None

    def end(self) -> None:
        """Kill it: it only reads."""
        self.process.kill()
        self.process.join()
        self.connection.close()


class _Crew(Generic[T, R]):
    """The processes, and the items that are yet to be given to one."""

    def __init__(self, make: Make[T, R], items: Iterable[T], workers: int, seconds: float) -> None:
        self.make, self.size, self.seconds = make, workers, seconds
        self.items = enumerate(items)
        self.again: deque[tuple[int, T]] = deque()
        self.deaths: Counter[int] = Counter()
        self.stillborn = 0
        self.workers: list[Worker[T]] = []

    def feed(self) -> bool:
        """Give each process what it can hold, starting those that are missing. Says whether any has work."""
        while self._has_room() and (entry := self._next()) is not None:
            worker = min(self.workers, key=lambda worker: len(worker.holds), default=None)
            if worker is None or (worker.holds and len(self.workers) < self.size):
                worker = Worker(self.make)
                self.workers.append(worker)
            worker.give(entry)
        return any(worker.holds for worker in self.workers)

    def listen(self) -> Iterator[tuple[T, R | Lost]]:
        """Wait until something happens, and give the items that are finished by it."""
        limits = [left for worker in self.workers if (left := worker.left(self.seconds)) is not None]
        wait([worker.connection for worker in self.workers], max(0.0, min(limits)) if limits else None)
        for worker in list(self.workers):
            left = worker.left(self.seconds)
            if worker.connection.poll():
                yield from self._hear(worker)
            elif left is not None and left <= 0:
                self._dismiss(worker)
                yield worker.holds.popleft()[1], too_long(self.seconds)
                self.again.extend(worker.holds)

    def _has_room(self) -> bool:
        return len(self.workers) < self.size or any(len(worker.holds) < AHEAD for worker in self.workers)

    def _next(self) -> tuple[int, T] | None:
        return self.again.popleft() if self.again else next(self.items, None)

    def _hear(self, worker: Worker[T]) -> Iterator[tuple[T, R | Lost]]:
        match worker.hear():
            case Said.READY, _:
                worker.ready, self.stillborn = True, 0
            case Said.DONE, result:
                yield worker.holds.popleft()[1], result
            case Said.RAISED, error:
                raise error
            case None:
                yield from self._bury(worker)

    def _bury(self, worker: Worker[T]) -> Iterator[tuple[T, R | Lost]]:
        """One has died: what it held is done again, but for an item that has cost too many."""
        self._dismiss(worker)
        manner = manner_of_death(worker.process.exitcode)
        if not worker.ready:
            self.stillborn += 1
            if self.stillborn == MOST_STILLBORN:
                raise EarmarkError(
                    f"{MOST_STILLBORN} worker processes died while they started, the last of {manner}; where memory is "
                    "short, fewer may do: --workers 1"
                )
        elif worker.holds:
            number, item = worker.holds[0]
            self.deaths[number] += 1
            if self.deaths[number] == MOST_DEATHS:
                worker.holds.popleft()
                yield item, Lost(f"{MOST_DEATHS} worker processes died at it, the last of {manner}")
        self.again.extend(worker.holds)

    def _dismiss(self, worker: Worker[T]) -> None:
        self.workers.remove(worker)
        worker.end()


def map_in_processes(
    make: Make[T, R], items: Iterable[T], *, workers: int, seconds: float
) -> Iterator[tuple[T, R | Lost]]:
    """As `map_items` says. Processes are started as items come, `workers` at most."""
    crew = _Crew(make, items, workers, seconds)
    try:
        while crew.feed():
            yield from crew.listen()
    finally:
        for worker in crew.workers:
            worker.end()


def manner_of_death(exit_code: int | None) -> str:
    """What a process died of."""
    if exit_code is None or exit_code >= 0:
        return f"exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    return f"{name}, as when memory runs out" if name == "SIGKILL" else name


def _limit_memory(size: int) -> None:
    """Refuse this process more than `size` bytes of its own, where the system can; mapped files do not count."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows; macOS; a limit already lower than that
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _serve(connection: Connection, memory: int | None) -> None:
    """In the process: call what is received first, then what that has made with all that follows.

    What a generator yields before it returns is sent at once.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; whoever started this one ends it
    os.environ.update(ONE_THREAD)  # before numpy and torch are imported, by what is received
    work: Callable[[Any], Any] = operator.call
    said = Said.READY
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):  # whoever started it is gone
        while True:
            received = connection.recv()
            try:
                result = work(received)
                if said is Said.DONE and isinstance(result, Generator):
                    result = _sent(connection, result)
            except Exception as error:
                # Other kinds may not survive the pipe.
                raised = error if isinstance(error, EarmarkError) else RuntimeError(traceback.format_exc())
                connection.send((Said.RAISED, raised))
            else:
                connection.send((said, result if said is Said.DONE else None))
                if said is Said.READY:
                    work, said = result, Said.DONE
                    if memory is not None:
                        _limit_memory(memory)


def _sent(connection: Connection, parts: Generator[Any, None, R]) -> R:
    """Send what it yields; gives what it returns."""
    while True:
        try:
            connection.send((Said.PART, next(parts)))
        except StopIteration as end:
            result: R = end.value
            return result
