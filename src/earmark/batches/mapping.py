"""The one seam: where a function is mapped over items, and what that asks of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import msgspec

from earmark.batches.processes import map_in_processes
from earmark.batches.work import Lost, Make, R, T
from earmark.errors import UsageError

SECONDS = 300.0  # for one item: an hour of sound is decoded and judged in less


def usable_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where work is done.

    workers  processes of this machine; 0: in this process, where an item that crashes or hangs takes it along
    cluster  address of a Dask scheduler, in place of processes here
    seconds  the limit for one item; in this process there is none
    """

    workers: int = msgspec.field(default_factory=usable_cores)
    cluster: str | None = None
    seconds: float = SECONDS


def map_items(make: Make[T, R], items: Iterable[T], place: Place) -> Iterator[tuple[T, R | Lost]]:
    """Each item with its result, in the order in which they are finished; few are in memory at a time.

    An item whose worker dies is done again. One at which workers die repeatedly, or which takes longer than
    `place.seconds`, is yielded with `Lost`. Whatever `make()` or its function raises ends the map and is raised here.

    Raises UsageError for a place that cannot be, or where a cluster does not answer; EarmarkError where workers cannot
    be started, or the cluster goes away.
    """
    if place.workers < 0 or place.seconds <= 0:
        raise UsageError(f"workers={place.workers}, seconds={place.seconds}: 0 or more workers, and more than 0 s")
    if place.cluster is not None:
        from earmark.batches.cluster import map_on_cluster

        return map_on_cluster(make, items, address=place.cluster, seconds=place.seconds)
    if place.workers == 0:
        return _map_here(make, items)
    return map_in_processes(make, items, workers=place.workers, seconds=place.seconds)


def _map_here(make: Make[T, R], items: Iterable[T]) -> Iterator[tuple[T, R | Lost]]:
    work = make()
    for item in items:
        yield item, work(item)
