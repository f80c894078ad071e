"""Templates into pages. The reports' styles and filters are shared: one visual language."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from earmark.report.pages import count, counted, figure, percent

_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("earmark.web"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"percent": percent, "figure": figure, "count": count, "counted": counted}


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The template of that name, with the navigation around it; `request` says where one is."""
    state = request.app.state.earmark
    html = _environment.get_template(template).render(path=request.url.path, pages=state.pages, state=state, **context)
    return HTMLResponse(html.encode("utf-8", "backslashreplace"), status)


@functools.cache
def shared_style() -> str:
    """The style sheet that the reports have too."""
    templates = files("earmark.report") / "templates"
    return "\n".join((templates / name).read_text("utf-8") for name in ("style.css", "charts.css", "explain.css"))
