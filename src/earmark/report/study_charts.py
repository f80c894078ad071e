"""Where the dots, lines and labels of a study's charts stand, in units of their viewBox.

The page draws them in its own SVG, so that they follow its colours, light or dark; the PDF carries the same drawings.
A recipe goes by its rank in all of them: the number beside a dot or at the end of a line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matplotlib.ticker import MaxNLocator

from earmark.evaluation.scores import Score
from earmark.report.line_chart import Tick

WIDTH, HEIGHT = 380, 250  # units: small, so that labels of 12 stay legible on a phone
LEFT, RIGHT, TOP, BOTTOM = 46, 26, 24, 40
ROW = 38  # height of one recipe in the dot plot
LABEL = 12  # height of a label's line
DIGIT = 7  # width of a digit
FURTHEST = 3  # steps from a heap of dots, to which the rank of one is moved
Box = tuple[float, float, float, float]  # left, top, right, bottom

COLOURS = 4  # lines of the fifth to the eighth recipe have the same four colours, dashed
LINES = 2 * COLOURS  # with more in one chart they cannot be told apart


@dataclass(frozen=True)
class Axis:
    """From values between `low` and `high` to places between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    ticks: tuple[Tick, ...] = ()

    def at(self, value: float) -> float:
        """The place of `value`."""
        low, high, here = self.low, self.high, value
        if self.log:
            low, high, here = math.log(low), math.log(high), math.log(here)
        return round(self.start + (here - low) / (high - low) * (self.end - self.start), 1)

    def marked(self, values: Sequence[float], label: Callable[[float], str]) -> Axis:
        """The same with ticks at `values`."""
        return replace(self, ticks=tuple(Tick(self.at(value), label(value)) for value in values))


@dataclass(frozen=True)
class Dots:
    """One recipe of the dot plot: its interval, its mean, and its seeds."""

    rank: int
    name: str
    value: float
    y: float
    low: float
    high: float
    mean: float
    seeds: tuple[float, ...]


@dataclass(frozen=True)
class DotPlot:
    """Scores of all recipes on one axis; `base` is the majority baseline, None where it lies left of the axis."""

    rows: tuple[Dots, ...]
    x: Axis
    base: float | None
    height: int
    width: int = WIDTH


@dataclass(frozen=True)
class Label:
    """Where a rank is written; `anchor` is that of SVG."""

    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Point:
    """One recipe of a scatter plot, and where its rank is written."""

    rank: int
    series: int
    x: float
    y: float
    low: float
    high: float
    label: Label


@dataclass(frozen=True)
class Scatter:
    """Score against a cost."""

    title: str
    cost: str
    points: tuple[Point, ...]
    x: Axis
    y: Axis
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Curve:
    """A recipe's line as "x,y x,y", and at which height its rank is written after it.

    `series` is 0 for a line in the background; a chart that shows one line before others names it in its title alone.
    """

    rank: int
    series: int
    points: str
    end: tuple[float, float]
    label_y: float | None
    joins: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Curves:
    """Learning curves in one frame."""

    title: str
    lines: tuple[Curve, ...]
    x: Axis
    y: Axis
    width: int = WIDTH
    height: int = HEIGHT


def dot_plot(
    names: Sequence[str], scores: Sequence[Score], seeds: Sequence[Sequence[float]], majority: float
) -> DotPlot:
    """Lay out the scores of recipes, best first; `seeds` are each one's accuracies.

    The axis reaches to the majority baseline unless the scores would be squeezed into less than half of it.
    """
    known = [v for score in scores for v in (score.low, score.high)] + [v for each in seeds for v in each]
    low, high = min(known), max(known)
    near = high - low >= low - majority
    bottom = TOP + ROW * len(names)
    x = linear([*known, majority] if near else known, 18, WIDTH - 18, ceiling=1.0, label=per_cent)
    return DotPlot(
        rows=tuple(
            Dots(
                rank,
                name,
                score.value,
                TOP + ROW * (rank - 1) + 24,
                x.at(score.low),
                x.at(score.high),
                x.at(score.value),
                tuple(x.at(value) for value in each),
            )
            for rank, (name, score, each) in enumerate(zip(names, scores, seeds, strict=True), start=1)
        ),
        x=x,
        base=x.at(majority) if near else None,
        height=bottom + BOTTOM,
    )


def scatter(
    cost: str, scores: Sequence[Score], costs: Sequence[float], *, floor: float, label: Callable[[float], str]
) -> Scatter:
    """Lay out scores, best first, against costs on a logarithmic axis; costs below `floor` stand at it."""
    costs = [max(cost, floor) for cost in costs]
    x = logarithmic(costs, LEFT, WIDTH - RIGHT, label=label)
    y = linear([v for s in scores for v in (s.low, s.high)], HEIGHT - BOTTOM, TOP, ceiling=1.0, label=per_cent)
    places = [(x.at(cost), y.at(score.value)) for score, cost in zip(scores, costs, strict=True)]
    labels = _beside(places)
    return Scatter(
        "Accuracy",
        cost,
        tuple(
            Point(rank, series(rank, len(scores)), *place, y.at(score.low), y.at(score.high), written)
            for rank, (place, score, written) in enumerate(zip(places, scores, labels, strict=True), start=1)
        ),
        x,
        y,
    )


def curves(
    title: str,
    histories: Sequence[Sequence[float]],
    *,
    joins: Sequence[Sequence[int]] = (),
    focus: int | None = None,
    small: bool = False,
) -> Curves:
    """Lay out one line a recipe, best first: its figure at each epoch from the first; an empty one is not drawn.

    `joins` are for each recipe the epochs after which finished trainings went on, marked on lines in the foreground.
    `focus` is the rank of the one line that is not kept in the background; `small` gives a chart of half the size.
    """
    width, height = (WIDTH // 2, 150) if small else (WIDTH, HEIGHT)
    longest = max(map(len, histories))
    x = whole(longest, LEFT, width - RIGHT, ticks=3 if small else 6)
    known = [value for history in histories for value in history]
    y = linear(known, height - BOTTOM, TOP, ceiling=1.0, label=per_cent, ticks=3 if small else 5)
    drawn = [(rank, history) for rank, history in enumerate(histories, start=1) if history]
    ends = [(x.at(len(history)), y.at(history[-1])) for _, history in drawn]
    return Curves(
        title,
        tuple(
            Curve(
                rank,
                series(rank, len(histories)) if focus is None else int(rank == focus),
                " ".join(f"{x.at(epoch)},{y.at(value)}" for epoch, value in enumerate(history, start=1)),
                end,
                label_y if focus is None else None,
                tuple((x.at(epoch), y.at(history[epoch - 1])) for epoch in (joins[rank - 1] if joins else ())),
            )
            for (rank, history), end, label_y in zip(drawn, ends, _apart([y for _, y in ends]), strict=True)
        ),
        x,
        y,
        width,
        height,
    )


def series(rank: int, of: int) -> int:
    """Which of the line styles the recipe of that rank has; all have the first where there are too many."""
    return rank if of <= LINES else 1


def per_cent(value: float) -> str:
    """0.8 → "80 %", with a decimal where it needs one."""
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def short(value: float) -> str:
    """61071 → "61 k", for the ticks of an axis of large counts."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {letter}"
    return f"{value:g}"


def linear(
    values: Sequence[float], start: float, end: float, *, label: Callable[[float], str], ceiling: float, ticks: int = 5
) -> Axis:
    """An axis over round values that enclose `values`, never beyond 0 and `ceiling`."""
    low, high = min(values), max(values)
    if high - low < 0.01:
        low, high = max(low - 0.05, 0.0), min(high + 0.05, ceiling)
    marks = [float(v) for v in MaxNLocator(ticks, steps=[1, 2, 5, 10]).tick_values(low, high)]
    return Axis(marks[0], marks[-1], start, end).marked(marks, label)


def logarithmic(values: Sequence[float], start: float, end: float, *, label: Callable[[float], str]) -> Axis:
    """A logarithmic axis from one of 1, 2, 5 times a power of ten to another, with `values` inside."""
    decades = range(math.floor(math.log10(min(values))) - 1, math.ceil(math.log10(max(values))) + 2)
    round_ones = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    low = max(v for v in round_ones if v <= min(values) / 1.05)
    high = min(v for v in round_ones if v >= max(values) * 1.05)
    inside = [v for v in round_ones if low <= v <= high]
    marks = inside if len(inside) <= 7 else [v for v in inside if f"{v:e}".startswith("1")]
    return Axis(low, high, start, end, log=True).marked(marks, label)


def whole(last: int, start: float, end: float, *, ticks: int) -> Axis:
    """An axis of epochs from 1 to `last`."""
    last = max(last, 2)
    marks = MaxNLocator(ticks, steps=[1, 2, 5, 10], integer=True).tick_values(1, last)
    return Axis(1, last, start, end).marked([v for v in marks if 1 <= v <= last], lambda v: f"{v:.0f}")


def _beside(places: Sequence[tuple[float, float]]) -> list[Label]:
    """Where each dot's rank is written: right of it, or left, above or below where that is taken already.

    Where dots stand in a heap, further out to the right or left.
    """
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    written = []
    for rank, (x, y) in enumerate(places, start=1):
        wide = DIGIT * len(str(rank))
        sides = [
            way
            for out in (8.0, *(8 + step * 2.5 * DIGIT for step in range(1, FURTHEST + 1)))
            for way in (
                (Label(x + out, y + 4, "start"), (x + out, y - 6, x + out + wide, y + 4)),
                (Label(x - out, y + 4, "end"), (x - out - wide, y - 6, x - out, y + 4)),
            )
        ]
        ways = [
            *sides[:2],
            (Label(x, y - 8, "middle"), (x - wide / 2, y - 18, x + wide / 2, y - 8)),
            (Label(x, y + 17, "middle"), (x - wide / 2, y + 7, x + wide / 2, y + 17)),
            *sides[2:],
        ]
        free = (
            way
            for way in ways
            if way[1][0] >= LEFT and way[1][2] <= WIDTH and not any(_overlap(way[1], other) for other in taken)
        )
        label, box = next(free, ways[0])
        taken.append(box)
        written.append(label)
    return written


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _apart(heights: Sequence[float]) -> list[float]:
    """The heights moved apart until labels there do not cover each other, about their common middle."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    groups: list[list[int]] = []
    for i in order:
        groups.append([i])
        while len(groups) > 1 and _top(groups[-1], heights) - _bottom(groups[-2], heights) < LABEL:
            groups[-2:] = [groups[-2] + groups[-1]]
    moved = [0.0] * len(heights)
    for group in groups:
        for place, i in enumerate(group):
            moved[i] = round(_top(group, heights) + LABEL * place, 1)
    return moved


def _top(group: Sequence[int], heights: Sequence[float]) -> float:
    return sum(heights[i] for i in group) / len(group) - LABEL * (len(group) - 1) / 2


def _bottom(group: Sequence[int], heights: Sequence[float]) -> float:
    return _top(group, heights) + LABEL * (len(group) - 1)
