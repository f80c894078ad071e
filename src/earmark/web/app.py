"""The whole server as one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from earmark.batches.attendants import Attendants
from earmark.errors import EarmarkError
from earmark.web import api
from earmark.web.hearing import Listening
from earmark.web.jobs import BusyError, Jobs
from earmark.web.operations import PREFIX, Problem, as_json, openapi, route
from earmark.web.pages import all_pages
from earmark.web.paths import Folder, NoSuchFileError
from earmark.web.rendering import page, shared_style
from earmark.web.security import LOCAL, KnownHost, SafeHeaders, SameOrigin, Token
from earmark.web.settings import Settings
from earmark.web.state import LIBRARY, LISTEN, AppState
from earmark.web.uploads import Uploads

STATIC = Path(__file__).parent / "static"
RETRY = {"retry-after": "5"}  # seconds


def create_app(settings: Settings) -> Starlette:
    """The server's application. Whoever runs it has to keep the lifespan, in which the jobs live."""
    state = AppState(
        settings=settings,
        library=None if settings.folder is None else Folder(settings.folder),
        runs=Folder(settings.runs) if settings.runs.is_dir() else None,
        jobs=Jobs({LISTEN: settings.workers, LIBRARY: 1}, waiting=settings.waiting, kept=settings.kept),
        ears=Attendants(
            Listening(settings.model, settings.min_confidence, settings.longest),
            size=settings.workers,
            seconds=settings.seconds,
            memory=settings.memory,
        ),
        uploads=Uploads(each=settings.upload, total=settings.uploads, patience=settings.patience),
        pages=all_pages(),
    )
    operations = [*api.operations(state), *(each for one in state.pages for each in one.operations(state))]
    description = openapi(operations, token=settings.token is not None)

    async def describe(request: Request) -> Response:  # noqa: ARG001
        return as_json(description)

    async def describe_as_page(request: Request) -> Response:
        return page(request, "api.html", description=description)

    async def style(request: Request) -> Response:  # noqa: ARG001
        return Response(shared_style(), media_type="text/css")

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001
        state.uploads.start()
        if settings.ready:
            state.ears.start()
        state.jobs.start()
        try:
            yield
        finally:
            state.jobs.close()
            state.ears.close()
            state.uploads.close()

    app = Starlette(
        routes=[
            *(each for one in state.pages for each in one.routes(state)),
            *(route(operation) for operation in operations),
            Route(f"{PREFIX}/openapi.json", describe),
            Route("/api", describe_as_page),
            Route("/static/report.css", style),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(
                KnownHost, hosts=LOCAL | {host.lower() for host in settings.hosts}, anywhere=bool(settings.token)
            ),
            *([Middleware(Token, token=settings.token)] if settings.token is not None else []),
            Middleware(SameOrigin),
        ],
        exception_handlers={
            HTTPException: _refused,
            NoSuchFileError: _missing,
            EarmarkError: _unusable,
            BusyError: _busy,
            Exception: _defect,
        },
        lifespan=lifespan,
    )
    app.state.earmark = state
    return app


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _problem(request, error.status_code, error.detail, dict(error.headers or {}))


async def _unusable(request: Request, error: Exception) -> Response:
    return _problem(request, 400, str(error))


async def _missing(request: Request, error: Exception) -> Response:
    return _problem(request, 404, str(error))


async def _busy(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _problem(request, 503, "too many are waiting already; try again in a few seconds", RETRY)


async def _defect(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _problem(request, 500, "internal error: this is a defect of earmark; the server's log says more")


def _problem(request: Request, status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    if request.url.path.startswith(PREFIX):
        return as_json(Problem(why), status, headers)
    if request.url.path.startswith("/static/"):
        return PlainTextResponse(why, status, headers)
    response: HTMLResponse = page(request, "problem.html", status=status, why=why)
    response.headers.update(headers or {})
    return response
