"""Learning curves as files of their own: `curves.svg` and `curves.png` of a run.

Drawn on Figure objects, never through pyplot, so that nothing global is touched and no display is asked for.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from earmark.training.history import Epoch

INK, MUTED, GRID, ACCENT = "#1b1e20", "#6d757b", "#e2e5e6", "#0b6b72"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "svg.fonttype": "path",
    "svg.hashsalt": "earmark",
}


def draw_curves(history: Sequence[Epoch], *, kept_epoch: int | None = None, joined_after: int | None = None) -> str:
    """Loss and accuracy per epoch, train and validation, as SVG text: the same text for the same history.

    Marked are the epoch that was kept, and the one after which the finished training went on.
    """
    return _draw(history, kept_epoch, joined_after, "svg", {"Date": None}).decode()


def draw_curves_png(
    history: Sequence[Epoch], *, kept_epoch: int | None = None, joined_after: int | None = None
) -> bytes:
    """The same figure as a PNG, 1500 pixels wide."""
    return _draw(history, kept_epoch, joined_after, "png", {"Software": None})


def draw_sweep(curve: Sequence[tuple[float, float]], chosen: float) -> str:
    """Loss over the learning rate (log scale) with the `chosen` rate marked, as SVG text."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6, 3.8), layout="constrained")
        axes = figure.subplots()
        axes.plot(*zip(*curve, strict=True), color=ACCENT, linewidth=2.0)
        axes.axvline(chosen, color=MUTED, linewidth=0.8, linestyle=(0, (2, 3)), label=f"to try: {chosen:.2g}")
        axes.set_xscale("log")
        axes.set_xlabel("learning rate")
        axes.set_title("Training loss", loc="left", fontweight="bold")
        axes.legend(frameon=False, labelcolor=MUTED)
        _plain(axes)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue().decode()


def _draw(
    history: Sequence[Epoch], kept: int | None, joined: int | None, format: str, metadata: dict[str, None]
) -> bytes:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 3.8), layout="constrained")
        loss, accuracy = figure.subplots(1, 2)
        _curves(loss, history, "loss", kept, joined)
        _curves(accuracy, history, "accuracy", kept, joined)
        accuracy.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        handles, labels = loss.get_legend_handles_labels()
        if handles:
            figure.legend(
                handles, labels, loc="outside upper right", ncols=len(labels), frameon=False, labelcolor=MUTED
            )
        out = io.BytesIO()
        figure.savefig(out, format=format, dpi=150, metadata=metadata)
    return out.getvalue()


def _curves(axes: Axes, history: Sequence[Epoch], figure: str, kept: int | None, joined: int | None) -> None:
    for part, label, colour, width in (("train", "train", MUTED, 1.4), ("valid", "validation", ACCENT, 2.0)):
        values = [getattr(row, f"{part}_{figure}") for row in history]
        points = [(row.epoch, value) for row, value in zip(history, values, strict=True) if value is not None]
        if points:
            marker = "o" if len(points) == 1 else None
            axes.plot(*zip(*points, strict=True), color=colour, linewidth=width, marker=marker, label=label)
    if joined:
        axes.axvline(joined + 0.5, color=MUTED, linewidth=0.8, label=f"went on after epoch {joined}")
    if kept:
        axes.axvline(kept, color=MUTED, linewidth=0.8, linestyle=(0, (2, 3)), label=f"kept: epoch {kept}")
    axes.set_title(figure.capitalize(), loc="left", fontweight="bold")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
    axes.set_xlim(left=min((row.epoch for row in history), default=1) - 0.5)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
