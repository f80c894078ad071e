"""How recipes of a study fare as something grows, such as the data they learn from: where their lines stand.

A line is made of recipes that say in their table [study] on which line, and at what amount, they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earmark.evaluation.comparison import Comparison, Pair
from earmark.evaluation.scores import Score
from earmark.report.contenders import Contender
from earmark.report.study_charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, linear, logarithmic, per_cent


@dataclass(frozen=True)
class Mark:
    """One recipe of a line, where it stands, and how far it lies from the baseline at the same amount, if known."""

    name: str
    score: Score
    x: float
    y: float
    low: float
    high: float
    gain: Pair | None


@dataclass(frozen=True)
class GrowthLine:
    """Recipes that differ in the amount alone; `marks` amount → recipe, `series` which of the line styles it has."""

    name: str
    series: int
    marks: Mapping[float, Mark]

    @property
    def points(self) -> str:
        """The line as "x,y x,y"."""
        return " ".join(f"{mark.x},{mark.y}" for mark in self.marks.values())


@dataclass(frozen=True)
class GrowthChart:
    """Accuracy against an amount of `unit`, a line for each way; `baseline` is the line that gains are over."""

    unit: str
    amounts: tuple[float, ...]
    lines: tuple[GrowthLine, ...]
    baseline: str
    x: Axis
    y: Axis
    title: str = "Accuracy"
    width: int = WIDTH
    height: int = HEIGHT


def growth_chart(scored: Sequence[tuple[Score, Contender]], comparison: Comparison | None) -> GrowthChart | None:
    """Lay out the recipes that stand on lines, best line first; None where fewer than two amounts are there."""
    placed = [(score, c, c.study.amount) for score, c in scored if c.study.line and c.study.amount is not None]
    amounts = tuple(sorted({amount for _, _, amount in placed}))
    if len(amounts) < 2:
        return None
    x = logarithmic(amounts, LEFT, WIDTH - RIGHT, label=str).marked(amounts, lambda amount: f"{amount:g}")
    y = linear(
        [v for score, *_ in placed for v in (score.low, score.high)], HEIGHT - BOTTOM, TOP, ceiling=1.0, label=per_cent
    )
    baseline = next((contender.study.line for _, contender, _ in placed if contender.study.baseline), "")
    against = {amount: contender.name for _, contender, amount in placed if contender.study.line == baseline}

    def gain(name: str, amount: float) -> Pair | None:
        other = against.get(amount, name)
        if comparison is None or name == other or not {name, other} <= comparison.accuracy.keys():
            return None
        return comparison.between(name, other)

    def mark(score: Score, contender: Contender, amount: float) -> Mark:
        places = (x.at(amount), y.at(score.value), y.at(score.low), y.at(score.high))
        return Mark(contender.name, score, *places, gain(contender.name, amount))

    found: dict[str, dict[float, Mark]] = {}
    for score, contender, amount in sorted(placed, key=lambda each: each[2]):
        found.setdefault(contender.study.line, {})[amount] = mark(score, contender, amount)
    ranked = sorted(found, key=lambda line: (-max(mark.score.value for mark in found[line].values()), line))
    lines = tuple(GrowthLine(line, place, found[line]) for place, line in enumerate(ranked, start=1))
    return GrowthChart(placed[0][1].study.unit, amounts, lines, baseline, x, y)
