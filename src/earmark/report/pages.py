"""Templates into pages: one self-contained file each, the same bytes for the same input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jinja2

from earmark.wording import plural

THIN = "\u202f"  # narrow no-break space: between a figure and its per cent sign
NONE = "–"


def percent(value: float | None, decimals: int = 1) -> str:
    """0.714 → "71.4 %"; a dash where the value is unknown."""
    return NONE if _unknown(value) else f"{100 * value:.{decimals}f}{THIN}%"  # type: ignore[operator]


def figure(value: float | None, decimals: int = 3) -> str:
    """A loss or time with fixed decimals; a dash where it is unknown."""
    return NONE if _unknown(value) else f"{value:.{decimals}f}"


def count(value: int) -> str:
    """12000 → "12,000"."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """1 → "1 track", 12000 → "12,000 tracks"."""
    return f"{count(value)} {noun if value == 1 else plural(noun)}"


def render(template: str, **context: Any) -> str:
    """Fill the template of that name."""
    return _environment.get_template(template).render(**context)


def macro(template: str, name: str) -> Callable[..., str]:
    """A macro of the template of that name, to draw one thing without its page."""
    drawing: Callable[..., str] = getattr(_environment.get_template(template).module, name)
    return drawing


def _unknown(value: float | None) -> bool:
    return value is None or math.isnan(value)


_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("earmark.report"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"percent": percent, "figure": figure, "count": count, "counted": counted, "plural": plural}
