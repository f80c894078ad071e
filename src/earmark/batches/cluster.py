"""Work on a Dask cluster, wherever that runs: a few machines with ssh, SLURM, Kubernetes.

A task is a batch of items, so that small ones do not keep the scheduler busy. Dask by itself does a batch again whose
worker has died, until several have; here such a batch is halved then, down to the one item.
"""

from __future__ import annotations

import asyncio
import functools
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from itertools import islice
from threading import Thread
from typing import Any, Generic

import msgspec

from earmark.batches.work import Lost, Make, R, T, too_long
from earmark.errors import EarmarkError, UsageError, need

BATCH = 16  # items a task: seconds of work, against a millisecond of the scheduler's
AHEAD = 2  # tasks for each thread of the cluster: the one it is at, and the next
LEAST_AHEAD = 8  # tasks, while the cluster has no worker yet
CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 2.0
LEAVE_SECONDS = 1.0
GONE = "the Dask cluster has gone away; start it, and the same command again: it goes on where it stopped"


def map_on_cluster(
    make: Make[T, R], items: Iterable[T], *, address: str, seconds: float, batch: int = BATCH
) -> Iterator[tuple[T, R | Lost]]:
    """As `map_items` says, on the workers of the Dask scheduler at `address`; waits while there are none.

    The workers need the same earmark, and must find under the same paths what `make` and its function read.
    """
    distributed = need("distributed", extra="dask", purpose="a cluster")
    try:
        # Asked first, because a client that finds nobody goes on trying, and complains when it is thrown away.
        socket.create_connection(distributed.comm.get_address_host_port(address), CONNECT_SECONDS).close()
        client = distributed.Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{address}: no Dask scheduler answers there ({error}); it looks like tcp://HOST:8786"
        ) from error
    try:
        yield from _Tasks(client, make, iter(items), seconds, batch).run()
    finally:
        client.close(CLOSE_SECONDS)


class _Tasks(Generic[T, R]):
    """The batches under way, and those that are yet to be done again."""

    def __init__(self, client: Any, make: Make[T, R], items: Iterator[T], seconds: float, batch: int) -> None:
        self.client, self.make, self.items, self.seconds, self.batch = client, make, items, seconds, batch
        self.finished = need("distributed", extra="dask", purpose="a cluster").as_completed(loop=client.loop)
        self.under_way: dict[Any, list[T]] = {}
        self.again: deque[list[T]] = deque()
        # Parts of batches at which workers died. One at a time: beside another it might get the blame for that one.
        self.suspects: deque[list[T]] = deque()
        self.suspect: Any = None

    def run(self) -> Iterator[tuple[T, R | Lost]]:
        """Keep the cluster busy until all is done."""
        while self._feed():
            future = next(self.finished)
            items = self.under_way.pop(future)
            suspected = future is self.suspect
            if suspected:
                self.suspect = None
            if future.status == "finished":
                batch: _Done[R] = future.result()
                future.release()  # or what the worker below took along would be done again
                yield from zip(items, batch.results, strict=False)
                if len(batch.results) < len(items):
                    self.again.append(items[len(batch.results) :])
                if batch.hung_worker is not None:
                    self.client.run(_leave, workers=[batch.hung_worker], wait=False)
            elif future.status == "error":
                yield from self._halve(items, future.exception())
            elif self.client.status == "running":  # the worker has gone away with the result before it was fetched
                (self.suspects if suspected else self.again).append(items)
            else:
                raise EarmarkError(GONE)

    def _feed(self) -> bool:
        """Hand out what the cluster can hold. Says whether anything is under way."""
        try:
            threads = sum(self.client.nthreads().values())
        except OSError as error:
            raise EarmarkError(GONE) from error
        most = max(LEAST_AHEAD, AHEAD * threads)
        while len(self.under_way) < most and (items := self._next()):
            self._submit(items)
        if self.suspect is None and self.suspects:
            self.suspect = self._submit(self.suspects.popleft())
        return bool(self.under_way)

    def _next(self) -> list[T]:
        return self.again.popleft() if self.again else list(islice(self.items, self.batch))

    def _submit(self, items: list[T]) -> Any:
        future = self.client.submit(run_batch, self.make, items, self.seconds, pure=False)
        self.under_way[future] = items
        self.finished.add(future)
        return future

    def _halve(self, items: list[T], error: Exception) -> Iterator[tuple[T, R | Lost]]:
        if type(error).__name__ != "KilledWorker":
            raise error
        if len(items) == 1:
            yield items[0], Lost(f"{error.allowed_failures + 1} workers of the cluster died at it")  # type: ignore[attr-defined]
        else:
            middle = len(items) // 2
            self.suspects += [items[:middle], items[middle:]]


class _Done(msgspec.Struct, Generic[R]):
    """Results of the first items of a batch; the last of them is `Lost` where a worker still hangs at it."""

    results: list[R | Lost]
    hung_worker: str | None = None


def run_batch(make: Make[T, R], items: list[T], seconds: float) -> _Done[R]:
    """On a worker: the function of each item, up to the first that is not finished within `seconds`."""
    work = _made(make)
    results: list[R | Lost] = []
    for item in items:
        outcome = _started(work, item)
        wait([outcome], seconds)
        if not outcome.done():
            worker = need("distributed", extra="dask", purpose="a cluster").get_worker()
            return _Done([*results, too_long(seconds)], worker.address if worker.nanny else None)
        results.append(outcome.result())
    return _Done(results)


async def _leave() -> None:
    """On a hanging worker: end it, once the scheduler knows that its result was fetched. Its nanny starts another."""
    await asyncio.sleep(LEAVE_SECONDS)
    os._exit(1)


@functools.lru_cache(maxsize=1)
def _made(make: Make[T, R]) -> Callable[[T], R]:
    return make()


def _started(work: Callable[[T], R], item: T) -> Future[R]:
    """Begin in a thread of its own, which a hanging item keeps for ever."""
    outcome: Future[R] = Future()

    def run() -> None:
        try:
            outcome.set_result(work(item))
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome
