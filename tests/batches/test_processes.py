"""Items in processes of this machine: nothing is lost, and what cannot be done is named."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from chores import Chores, Stillborn, Threads

from earmark.batches.mapping import Place, map_items, usable_cores
from earmark.batches.work import Lost
from earmark.errors import EarmarkError, ModelError, UsageError

TWO = Place(workers=2, seconds=30)


def words(n: int) -> list[str]:
    return [f"word:{i}" for i in range(n)]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_every_item_comes_back_once_with_its_result(tmp_path: Path, workers: int) -> None:
    results = dict(map_items(Chores(tmp_path), words(20), Place(workers=workers)))
    assert {item: result[0] for item, result in results.items()} == {word: word.upper() for word in words(20)}


def test_each_process_makes_its_function_once_and_none_is_started_for_nothing(tmp_path: Path) -> None:
    results = list(map_items(Chores(tmp_path), words(20), TWO))
    used = {result[1] for _, result in results}
    assert os.getpid() not in used
    made = [line for line in Chores(tmp_path).noted() if line.startswith("made")]
    assert len(made) == len(set(made)) <= 2
    (tmp_path / "notes.txt").unlink()
    assert list(map_items(Chores(tmp_path), [], TWO)) == []
    assert len(list(map_items(Chores(tmp_path), words(1), TWO))) == 1
    assert len([line for line in Chores(tmp_path).noted() if line.startswith("made")]) == 1


def test_items_are_drawn_as_they_are_needed(tmp_path: Path) -> None:
    drawn = []

    def endless() -> Iterator[str]:
        for number in range(10**9):
            drawn.append(number)
            yield f"word:{number}"

    with contextlib.closing(map_items(Chores(tmp_path), endless(), TWO)) as results:
        for _ in range(50):
            next(results)
    assert len(drawn) <= 50 + 2 * 2


def test_an_item_whose_process_was_killed_is_done_again(tmp_path: Path) -> None:
    items = ["die once:a", *words(10), "die once:b"]
    results = dict(map_items(Chores(tmp_path), items, TWO))
    assert {item: result[0] for item, result in results.items()} == {word: word.upper() for word in items}


def test_an_item_that_kills_is_named_and_costs_no_other(tmp_path: Path) -> None:
    items = [*words(5), "die:a", *words(12)[5:], "exit:b"]
    results = dict(map_items(Chores(tmp_path), items, TWO))
    assert len(results) == len(items)
    lost = {item: result.why for item, result in results.items() if isinstance(result, Lost)}
    assert lost == {
        "die:a": "2 worker processes died at it, the last of SIGKILL, as when memory runs out",
        "exit:b": "2 worker processes died at it, the last of exit code 7",
    }
    noted = Chores(tmp_path).noted()
    assert noted.count("begun die:a") == 2
    assert all(noted.count(f"begun {word}") == 1 for word in words(12)), "an item that a dead process had not begun"


def test_an_item_that_hangs_is_stopped_at_the_limit(tmp_path: Path) -> None:
    items = ["hang:a", *words(6)]
    results = dict(map_items(Chores(tmp_path), items, Place(workers=2, seconds=0.5)))
    assert len(results) == len(items)
    assert results["hang:a"] == Lost("not finished within 0.5 s, which is the limit for one file")
    assert Chores(tmp_path).noted().count("begun hang:a") == 1


def test_the_limit_is_for_each_item_not_for_all_that_a_process_holds(tmp_path: Path) -> None:
    results = dict(map_items(Chores(tmp_path, seconds=0.2), words(6), Place(workers=1, seconds=0.8)))
    assert not [result for result in results.values() if isinstance(result, Lost)]


def test_what_the_function_raises_is_raised_and_ends_all(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^refuse:a: refused$"):
        list(map_items(Chores(tmp_path), ["refuse:a", *words(3)], TWO))
    with pytest.raises(RuntimeError, match="ZeroDivisionError: break:a"):
        list(map_items(Chores(tmp_path), ["break:a"], TWO))


def test_processes_that_die_as_they_start_end_the_map() -> None:
    with pytest.raises(EarmarkError, match="3 worker processes died while they started, the last of SIGSEGV; "):
        list(map_items(Stillborn(), words(3), TWO))


def test_a_process_has_one_thread_and_leaves_an_interrupt_to_whoever_started_it() -> None:
    assert list(map_items(Threads(), ["a"], Place(workers=1))) == [("a", (1, True))]


def test_leaving_early_ends_the_processes(tmp_path: Path) -> None:
    results = map_items(Chores(tmp_path), words(100), TWO)
    _, (_, process) = next(results)
    os.kill(process, 0)
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize("place", [Place(workers=-1), Place(seconds=0)])
def test_a_place_that_cannot_be_is_refused(place: Place) -> None:
    with pytest.raises(UsageError, match="0 or more workers, and more than 0 s"):
        map_items(str, [], place)


def test_cores_are_those_that_may_be_used() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
