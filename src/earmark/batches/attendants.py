"""Processes that stand ready for items that come one at a time, from several threads, from people one does not know.

Each has only so much time and memory, and can be stopped at any moment, since it only reads: what a hostile file does
to a decoder ends with its process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic

from earmark.batches.processes import Said, Worker, manner_of_death
from earmark.batches.work import Lost, Make, R, T, too_long
from earmark.errors import EarmarkError

TICK = 0.05  # seconds after which one looks whether the item is still wanted
SHORT_OF_MEMORY = ("MemoryError", "bad_alloc", "allocate memory")  # numpy and PyAV, libraries in C++, torch


class Attendants(Generic[T, R]):
    """`size` processes, each with what `make()` gives: a function of one item, or a generator that yields parts first.

    seconds  for one item
    memory   bytes that a process may take for itself, where the system can limit that; None: no limit
    """

    def __init__(self, make: Make[T, Any], *, size: int, seconds: float, memory: int | None = None) -> None:
        self.make, self.size, self.seconds, self.memory = make, size, seconds, memory
        self._idle: list[Worker[T]] = []
        self._lock = threading.Lock()
        self._free = threading.Semaphore(size)
        self._closed = False

    def start(self) -> None:
        """Have all of them load what they need; each is ready some seconds later."""
        with self._lock:
            self._idle = [self._hired() for _ in range(self.size)]

    def close(self) -> None:
        """End them. Those that are at an item end when whoever gave it looks next."""
        with self._lock:
            self._closed = True
            for worker in self._idle:
                worker.end()
            self._idle.clear()

    def attend(self, item: T, *, part: Callable[[Any], None], check: Callable[[], None]) -> R | Lost:
        """What becomes of `item`; waits for a free process.

        `part` is called with each thing that a generator yields before it returns. `check` is called often; what it
        raises ends the work, and is raised here. `Lost` where the process died, took too long, or wanted too much
        memory. Raises what `make()` or its function raises: EarmarkError, or RuntimeError with the traceback.
        """
        while not self._free.acquire(timeout=TICK):
            check()
        try:
            return self._attended(item, part, check)
        finally:
            self._free.release()

    def _attended(self, item: T, part: Callable[[Any], None], check: Callable[[], None]) -> R | Lost:
        with self._lock:
            worker = self._idle.pop() if self._idle else self._hired()
        unharmed = False
        try:
            outcome = self._talk(worker, item, part, check)
            unharmed = not isinstance(outcome, Lost)
            return outcome
        except EarmarkError:
            unharmed = worker.ready
            raise
        finally:
            self._give_back(worker, unharmed)

    def _talk(self, worker: Worker[T], item: T, part: Callable[[Any], None], check: Callable[[], None]) -> R | Lost:
        worker.give((0, item))
        while True:
            while not worker.connection.poll(TICK):
                check()
                left = worker.left(self.seconds)
                if left is not None and left <= 0:
                    return too_long(self.seconds)
            since = worker.since
            match worker.hear():
                case Said.READY, _:
                    worker.ready = True
                case Said.PART, what:
                    worker.since = since  # the limit is for the whole
                    part(what)
                case Said.DONE, result:
                    worker.holds.clear()
                    outcome: R = result
                    return outcome
                case Said.RAISED, error:
                    worker.holds.clear()
                    if self.memory is not None and any(sign in str(error) for sign in SHORT_OF_MEMORY):
                        return Lost(f"it needs more than the {self.memory >> 20} MiB of memory that one file may take")
                    raise error
                case None:
                    worker.process.join()
                    return Lost(f"the process that read it died of {manner_of_death(worker.process.exitcode)}")

    def _hired(self) -> Worker[T]:
        return Worker(self.make, memory=self.memory)

    def _give_back(self, worker: Worker[T], unharmed: bool) -> None:
        """It goes on where nothing happened to it; else another begins to load in its place."""
        alive = unharmed and worker.process.is_alive()
        if not alive:
            worker.end()
        with self._lock:
            if self._closed and alive:
                worker.end()
            elif not self._closed and (alive or worker.ready):  # one that could not even begin would not the next time
                self._idle.append(worker if alive else self._hired())
