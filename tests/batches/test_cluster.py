"""Items on a Dask cluster: workers die, hang or never were, and every item has its result."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chores import Chores

from earmark.batches.cluster import map_on_cluster
from earmark.batches.mapping import Place, map_items
from earmark.batches.work import Lost
from earmark.errors import EarmarkError, ModelError, UsageError

dask = pytest.importorskip("dask", reason="the extra dask is not installed")
distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
# What Dask itself leaves open when its workers are killed.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two worker processes of one thread, which can import the chores."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster


def words(n: int) -> list[str]:
    return [f"word:{i}" for i in range(n)]


def test_a_worker_killed_half_way_loses_nothing(cluster: Any, tmp_path: Path) -> None:
    expected = {item: result[0] for item, result in map_items(Chores(tmp_path), words(60), Place(workers=0))}
    results = {}
    place = Place(cluster=cluster.scheduler_address)
    for item, result in map_items(Chores(tmp_path, seconds=0.02), words(60), place):
        results[item] = result[0]
        if len(results) == 20:
            os.kill(result[1], signal.SIGKILL)
    assert results == expected


def test_an_item_that_kills_workers_is_found_by_halving(cluster: Any, tmp_path: Path) -> None:
    items = [*words(5), "exit:a", *words(14)[5:]]
    results = dict(map_on_cluster(Chores(tmp_path), items, address=cluster.scheduler_address, seconds=30, batch=4))
    assert len(results) == len(items)
    lost = {item: result.why for item, result in results.items() if isinstance(result, Lost)}
    assert lost == {"exit:a": "4 workers of the cluster died at it"}


def test_an_item_that_hangs_is_named_and_its_worker_replaced(cluster: Any, tmp_path: Path) -> None:
    items = ["hang:a", *words(20)]
    results = dict(map_on_cluster(Chores(tmp_path), items, address=cluster.scheduler_address, seconds=1, batch=4))
    assert len(results) == len(items)
    assert results.pop("hang:a") == Lost("not finished within 1 s, which is the limit for one file")
    assert not [result for result in results.values() if isinstance(result, Lost)]
    assert Chores(tmp_path).noted().count("begun hang:a") == 1


def test_what_the_function_raises_is_raised(cluster: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^refuse:a: refused$"):
        list(map_items(Chores(tmp_path), ["refuse:a"], Place(cluster=cluster.scheduler_address)))


def test_a_cluster_that_goes_away_ends_the_map(cluster: Any, tmp_path: Path) -> None:
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):  # for which a client tries to find it again
        results = map_items(Chores(tmp_path, seconds=0.05), words(2000), Place(cluster=cluster.scheduler_address))
        next(results)
        cluster.close()
        with pytest.raises(EarmarkError, match="the Dask cluster has gone away"):
            list(results)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1", "nonsense://127.0.0.1:1"])
def test_where_no_scheduler_answers_the_address_is_named(address: str) -> None:
    with pytest.raises(UsageError, match=f"^{address}: no Dask scheduler answers there .*tcp://HOST:8786"):
        list(map_items(Chores(Path()), words(1), Place(cluster=address)))
