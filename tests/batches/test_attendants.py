"""Processes that stand ready: a hostile item ends with its process, and the next is served."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from chores import Chores, Counting, Refused, Stillborn

from earmark.batches.attendants import Attendants
from earmark.batches.work import Lost
from earmark.errors import ModelError

MIB = 1024 * 1024


def nothing(_: object = None) -> None:
    """What is called where a test has nothing to say."""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Attendants[str, tuple[str, int]]]:
    attendants: Attendants[str, tuple[str, int]] = Attendants(Chores(tmp_path), size=2, seconds=1)
    attendants.start()
    yield attendants
    attendants.close()


def asked(attendants: Attendants[str, tuple[str, int]], word: str) -> tuple[str, int] | Lost:
    return attendants.attend(word, part=nothing, check=nothing)


def test_processes_are_kept_and_loaded_once(two: Attendants[str, tuple[str, int]], tmp_path: Path) -> None:
    answers = [asked(two, f"word:{i}") for i in range(6)]
    assert [answer[0] for answer in answers if not isinstance(answer, Lost)] == [f"WORD:{i}" for i in range(6)]
    assert len([line for line in Chores(tmp_path).noted() if line.startswith("made")]) <= 2


def test_a_death_and_a_hang_are_that_items_alone(two: Attendants[str, tuple[str, int]]) -> None:
    died = "the process that read it died of SIGKILL, as when memory runs out"
    assert asked(two, "die:a") == Lost(died)
    assert asked(two, "hang:a") == Lost("not finished within 1 s, which is the limit for one file")
    assert asked(two, "word:b")[0] == "WORD:B"  # type: ignore[index]


def test_what_is_raised_is_raised_here_and_a_process_survives_its_own_errors(
    two: Attendants[str, tuple[str, int]],
) -> None:
    with pytest.raises(ModelError, match=r"^refuse:a: refused$"):
        asked(two, "refuse:a")
    with pytest.raises(RuntimeError, match="ZeroDivisionError: break:a"):
        asked(two, "break:a")
    assert asked(two, "word:b")[0] == "WORD:B"  # type: ignore[index]


def test_whoever_asked_may_leave_and_takes_the_process_along(two: Attendants[str, tuple[str, int]]) -> None:
    class LeftError(Exception):
        pass

    def leave() -> None:
        raise LeftError

    with pytest.raises(LeftError):
        two.attend("hang:a", part=nothing, check=leave)
    assert asked(two, "word:b")[0] == "WORD:B"  # type: ignore[index]


def test_more_threads_than_processes_wait_their_turn(two: Attendants[str, tuple[str, int]]) -> None:
    answers: dict[str, object] = {}
    words = [f"word:{i}" for i in range(12)]
    threads = [threading.Thread(target=lambda word=word: answers.update({word: asked(two, word)})) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {word: answer[0] for word, answer in answers.items()} == {word: word.upper() for word in words}  # type: ignore[index]


def test_parts_come_before_the_result_and_memory_has_a_limit() -> None:
    attendants: Attendants[int, int] = Attendants(Counting(), size=1, seconds=30, memory=512 * MIB)
    parts: list[int] = []
    try:
        assert attendants.attend(3, part=parts.append, check=nothing) == 3
        assert parts == [0, 1, 2]
        lost = attendants.attend(-1024 * MIB, part=parts.append, check=nothing)
        assert lost == Lost("it needs more than the 512 MiB of memory that one file may take")
        assert attendants.attend(1, part=parts.append, check=nothing) == 1
    finally:
        attendants.close()


def test_one_that_cannot_begin_is_said_each_time() -> None:
    attendants: Attendants[str, str] = Attendants(Stillborn(), size=1, seconds=5)
    try:
        for _ in range(2):
            assert attendants.attend("a", part=nothing, check=nothing) == Lost(
                "the process that read it died of SIGSEGV"
            )
    finally:
        attendants.close()


def test_closing_ends_the_processes(tmp_path: Path) -> None:
    attendants: Attendants[str, tuple[str, int]] = Attendants(Chores(tmp_path), size=1, seconds=5)
    answer = asked(attendants, "word:a")
    attendants.close()
    assert not isinstance(answer, Lost)
    with pytest.raises(ProcessLookupError):
        os.kill(answer[1], 0)


def test_the_error_of_loading_is_raised() -> None:
    attendants: Attendants[str, str] = Attendants(Refused(), size=1, seconds=5)
    try:
        with pytest.raises(ModelError, match=r"^nothing to load$"):
            attendants.attend("a", part=nothing, check=nothing)
    finally:
        attendants.close()
