"""Operations of the JSON API that belong to no page: jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from earmark.web.jobs import Job, JobView
from earmark.web.operations import Operation, as_json
from earmark.web.state import AppState

UNKNOWN = {404: "no such job, or one that is long over"}


def operations(state: AppState) -> list[Operation]:
    """To look at a job, follow it, and cancel it."""

    def known(request: Request) -> Job:
        job = state.jobs.get(request.path_params["job"])
        if job is None:
            raise HTTPException(404, "no such job, or one that is long over")
        return job

    async def job(request: Request) -> Response:
        return as_json(state.jobs.view(known(request)))

    async def follow_job(request: Request) -> Response:
        return StreamingResponse(_events(state, known(request)), media_type="text/event-stream")

    async def cancel_job(request: Request) -> Response:
        found = known(request)
        state.jobs.cancel(found)
        return as_json(state.jobs.view(found))

    return [
        Operation("GET", "/jobs/{job}", "How far a job is, and what came of it.", job, JobView, refused=UNKNOWN),
        Operation(
            "GET", "/jobs/{job}/events", "The same at each change until it has ended, as server-sent events.",
            follow_job, "text/event-stream", refused=UNKNOWN,
        ),
        Operation("DELETE", "/jobs/{job}", "Cancel a job.", cancel_job, JobView, refused=UNKNOWN),
    ]  # fmt: skip


async def _events(state: AppState, job: Job) -> AsyncIterator[bytes]:
    async for view in state.jobs.follow(job):
        yield b": still here\n\n" if view is None else b"data: " + msgspec.json.encode(view) + b"\n\n"
