"""Jobs wait in line, say how far they are, can be cancelled, and are kept only a while."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from earmark.errors import DataError
from earmark.web.jobs import BusyError, Job, Jobs, State

LANE = "only"


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs({LANE: 1}, waiting=2, kept=3)
    jobs.start()
    yield jobs
    jobs.close()


def test_work_is_done_in_order_and_tells_of_itself(jobs: Jobs) -> None:
    gate, order = threading.Event(), []

    def first(job: Job) -> str:
        job.say("counting")
        job.step(1, 3)
        job.give("half")
        gate.wait(10)
        order.append("first")
        return "whole"

    one = jobs.submit("count", first, lane=LANE)
    while jobs.view(one).part is None:
        pass
    two = jobs.submit("count", lambda _: order.append("second"), lane=LANE)
    running, waiting = jobs.view(one), jobs.view(two)
    assert (running.state, running.done, running.total, running.said, running.part) == (
        State.RUNNING,
        1,
        3,
        "counting",
        "half",
    )
    assert (waiting.state, waiting.ahead) == (State.WAITING, 0)
    gate.set()
    assert two.ended.wait(10)
    assert order == ["first", "second"]
    ended = jobs.view(one)
    assert (ended.state, ended.result, ended.part) == (State.DONE, "whole", None)


def test_what_goes_wrong_is_one_line_and_a_defect_is_told_to_the_log_alone(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Job) -> None:
        raise DataError("x.csv: nothing in it")

    def break_(_: Job) -> None:
        raise ZeroDivisionError("inside")

    refused, broken = (jobs.submit("try", work, lane=LANE) for work in (refuse, break_))
    assert broken.ended.wait(10)
    assert (jobs.view(refused).state, jobs.view(refused).error) == (State.FAILED, "x.csv: nothing in it")
    assert "inside" not in str(jobs.view(broken).error)
    assert "ZeroDivisionError: inside" in caplog.text


def test_a_job_can_be_cancelled_in_line_and_at_work_and_cleans_up_each_time(jobs: Jobs) -> None:
    begun, cleaned = threading.Event(), []

    def long(job: Job) -> None:
        begun.set()
        while True:
            job.step(0, 0)

    at_work = jobs.submit("wait", long, lane=LANE, finally_=lambda: cleaned.append("at work"))
    in_line = jobs.submit("wait", long, lane=LANE, finally_=lambda: cleaned.append("in line"))
    assert begun.wait(10)
    jobs.cancel(in_line)
    assert jobs.view(in_line).state is State.CANCELLED
    jobs.cancel(at_work)
    assert at_work.ended.wait(10)
    assert jobs.view(at_work).state is State.CANCELLED
    assert cleaned == ["in line", "at work"]
    jobs.cancel(at_work)
    assert jobs.view(at_work).state is State.CANCELLED


def test_time_is_limited_once_a_job_runs(jobs: Jobs) -> None:
    def long(job: Job) -> None:
        while True:
            job.check()

    job = jobs.submit("wait", long, lane=LANE, seconds=0.05)
    assert job.ended.wait(10)
    assert jobs.view(job).error == "stopped after 0.05 s, which is the limit"


def test_more_than_may_wait_are_refused_and_cleaned_up(jobs: Jobs) -> None:
    gate, begun, cleaned = threading.Event(), threading.Event(), []
    jobs.submit("wait", lambda _: begun.set() or gate.wait(10), lane=LANE)
    assert begun.wait(10)
    for _ in range(2):
        jobs.submit("wait", lambda _: None, lane=LANE)
    with pytest.raises(BusyError):
        jobs.submit("wait", lambda _: None, lane=LANE, finally_=lambda: cleaned.append(1))
    assert cleaned == [1]
    gate.set()


def test_the_oldest_that_have_ended_are_forgotten(jobs: Jobs) -> None:
    done = []
    for _ in range(6):
        job = jobs.submit("quick", lambda _: None, lane=LANE)
        assert job.ended.wait(10)
        done.append(job)
    assert jobs.listing() == done[-3:]
    assert jobs.get(done[0].id) is None
    assert jobs.get(done[-1].id) is done[-1]


def test_whoever_follows_hears_of_each_state_until_the_end(jobs: Jobs) -> None:
    gate = threading.Event()

    async def follow() -> list[State]:
        job = jobs.submit("wait", lambda _: gate.wait(10), lane=LANE)
        asyncio.get_running_loop().call_later(0.2, gate.set)
        states = [view.state async for view in jobs.follow(job) if view is not None]
        assert not job.listeners
        return states

    states = asyncio.run(follow())
    assert states[-1] is State.DONE
    assert states == sorted(set(states), key=[State.WAITING, State.RUNNING, State.DONE].index)


def test_closing_cancels_what_waits_and_what_runs() -> None:
    jobs = Jobs({LANE: 1}, waiting=2, kept=3)
    jobs.start()

    def long(job: Job) -> None:
        while True:
            job.check()

    both = [jobs.submit("wait", long, lane=LANE) for _ in range(2)]
    jobs.close()
    assert [job.state for job in both] == [State.CANCELLED, State.CANCELLED]
    with pytest.raises(BusyError):
        jobs.submit("wait", long, lane=LANE)
