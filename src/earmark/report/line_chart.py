"""Where the lines, ticks and marks of a learning curve stand on the page.

The page draws them in its own SVG, so that they follow its colours, light or dark, and its fonts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from earmark.training.history import Epoch

WIDTH, HEIGHT = 380, 250  # units of the viewBox: small, so that its 12-unit labels stay legible on a phone
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 24, 34


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis, in units of the viewBox."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """One curve. `pieces` are the "x,y x,y" of its unbroken stretches; `lone` the points without a neighbour."""

    name: str
    first: float | None
    last: float | None
    pieces: tuple[str, ...]
    lone: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Kept:
    """Where the kept epoch stands, and its validation figure where there is one."""

    at: float
    up: float | None
    label: str


@dataclass(frozen=True)
class LineChart:
    """A learning curve, laid out; `joined` is where a finished training went on."""

    figure: str
    train: Line
    valid: Line
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    kept: Kept | None
    joined: float | None = None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def line_chart(
    history: Sequence[Epoch], figure: str, *, kept_epoch: int | None, joined_after: int | None = None
) -> LineChart:
    """Lay out `figure` ("loss" or "accuracy") of train and validation over the epochs.

    A figure that is not finite, as of a training that diverged, breaks its line.
    """
    train = [_finite(getattr(row, f"train_{figure}")) for row in history]
    valid = [_finite(getattr(row, f"valid_{figure}")) for row in history]
    known = [value for value in (*train, *valid) if value is not None]
    y_ticks = _nice(min(known, default=0.0), max(known, default=1.0), ceiling=1.0 if figure == "accuracy" else math.inf)
    low, high = y_ticks[0], y_ticks[-1]
    epochs = [row.epoch for row in history]
    first, last = min(epochs, default=1), max(epochs, default=1)

    def across(epoch: float) -> float:
        share = (epoch - first) / (last - first) if last > first else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    def line(name: str, values: Sequence[float | None]) -> Line:
        stretches: list[list[tuple[float, float]]] = [[]]
        for epoch, value in zip(epochs, values, strict=True):
            if value is not None:
                stretches[-1].append((across(epoch), up(value)))
            elif stretches[-1]:
                stretches.append([])
        seen = [value for value in values if value is not None]
        return Line(
            name,
            seen[0] if seen else None,
            seen[-1] if seen else None,
            tuple(" ".join(f"{x},{y}" for x, y in points) for points in stretches if len(points) > 1),
            tuple(points[0] for points in stretches if len(points) == 1),
        )

    step = y_ticks[1] - y_ticks[0]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9) - (2 if figure == "accuracy" else 0))
    places = MaxNLocator(6, integer=True).tick_values(first, last) if last > first else [first]
    x_ticks = [int(at) for at in places if first <= at <= last]
    kept = None
    if kept_epoch is not None and kept_epoch in epochs:
        value = valid[epochs.index(kept_epoch)]
        kept = Kept(across(kept_epoch), None if value is None else up(value), f"kept: epoch {kept_epoch}")
    return LineChart(
        figure=figure,
        train=line("train", train),
        valid=line("validation", valid),
        x_ticks=tuple(Tick(across(epoch), str(epoch)) for epoch in x_ticks),
        y_ticks=tuple(
            Tick(up(at), f"{100 * at:.{decimals}f} %" if figure == "accuracy" else f"{at:.{decimals}f}")
            for at in y_ticks
        ),
        kept=kept,
        joined=across(joined_after + 0.5) if joined_after in epochs[:-1] else None,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _nice(low: float, high: float, *, ceiling: float) -> list[float]:
    """A few round values that enclose `low` and `high`, which do not pass 0 and `ceiling`."""
    if high - low < 1e-6:
        low, high = max(low - 0.05, 0.0), min(high + 0.05, ceiling)
    return [float(at) for at in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)]
