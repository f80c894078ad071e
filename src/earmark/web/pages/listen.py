"""Listen: a song is dropped, recorded or picked, and its genre named."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from earmark.web.pages import Page
from earmark.web.rendering import page
from earmark.web.state import AppState


def routes(state: AppState) -> list[BaseRoute]:  # noqa: ARG001
    """The page."""

    async def show(request: Request) -> Response:
        return page(request, "listen.html")

    return [Route("/", show)]


PAGE = Page("Listen", "/", routes)
