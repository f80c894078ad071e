"""The pages, one module each: a `PAGE`, and the routes behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

if TYPE_CHECKING:
    from earmark.web.operations import Operation
    from earmark.web.state import AppState


def _no_operations(state: AppState) -> list[Operation]:  # noqa: ARG001
    return []


@dataclass(frozen=True)
class Page:
    """A page of the navigation.

    title       what the navigation calls it
    path        its address
    routes      what it answers with HTML
    operations  what it adds to the JSON API
    """

    title: str
    path: str
    routes: Callable[[AppState], list[BaseRoute]]
    operations: Callable[[AppState], list[Operation]] = _no_operations


def all_pages() -> tuple[Page, ...]:
    """The pages in the order of the navigation."""
    from earmark.web.pages import library, listen, lyrics, runs, teach

    return (listen.PAGE, library.PAGE, teach.PAGE, runs.PAGE, lyrics.PAGE)
