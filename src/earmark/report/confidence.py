"""How far a run's probabilities can be trusted: the charts and the table of its page.

The page draws the charts in its own SVG, so that they follow its colours, light or dark, and its fonts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from earmark.evaluation.calibration import RiskCoverage, answers, risk_coverage
from earmark.evaluation.scores import Bin, Evaluation, Kept
from earmark.predictions import Predictions
from earmark.report.pages import percent
from earmark.report.study_charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
WANTED = (0.9, 0.95, 0.99)  # accuracies
POINTS = 200  # of a drawn curve: a page stays small over any number of answers
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
RADIUS, LEAST_RADIUS = 7.0, 2.0  # of the dot of most answers, and of any
DOT = 4.5  # radius of a dot that stands for all
LEAST_TOP = 0.05  # of the axis of wrong answers


@dataclass(frozen=True)
class Chart:
    """Dots (x, y, radius) and perhaps a line, "x,y x,y", in a frame, beside a straight line to compare them with.

    `reference` are the ends of that line; `gaps` upright ones from it to the dots: x, and where they begin and end.
    """

    title: str
    x: Axis
    y: Axis
    dots: tuple[tuple[float, float, float], ...]
    reference: tuple[float, float, float, float]
    points: str = ""
    gaps: tuple[tuple[float, float, float], ...] = ()
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Choice:
    """A value for --min-confidence and what it keeps; `reaches` is the accuracy for which it is the least."""

    kept: Kept
    reaches: float | None = None


@dataclass(frozen=True)
class Confidence:
    """What a page shows of it."""

    reliability: Chart
    risk: Chart
    choices: Sequence[Choice]


def confidence_of(evaluation: Evaluation, predictions: Predictions) -> Confidence | None:
    """Lay out what the predictions of an evaluation say; None where it was made before calibration was measured."""
    scores = evaluation.headline
    if scores.calibration is None:
        return None
    judged = predictions.known()
    curve = risk_coverage(*answers(judged.by_song() if scores.unit == "track" else judged))
    return Confidence(reliability_chart(scores.calibration.bins), risk_chart(curve), choices(curve))


def reliability_chart(bins: Sequence[Bin]) -> Chart:
    """The share of right answers over their probability; dots are as large as their answers are many."""
    x, y = _shares(LEFT, WIDTH - RIGHT), _shares(HEIGHT - BOTTOM, TOP)
    most = max(each.n for each in bins)
    radii = [round(max(RADIUS * math.sqrt(each.n / most), LEAST_RADIUS), 1) for each in bins]
    return Chart(
        title="Right answers",
        x=x,
        y=y,
        dots=tuple((x.at(b.probability), y.at(b.right), radius) for b, radius in zip(bins, radii, strict=True)),
        reference=(x.at(0), y.at(0), x.at(1), y.at(1)),
        gaps=tuple((x.at(b.probability), y.at(b.probability), y.at(b.right)) for b in bins),
    )


def risk_chart(curve: RiskCoverage) -> Chart:
    """The share of wrong answers over the share of answers given, surest first, against leaving any out by chance."""
    top = [
        float(at) for at in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0, max(float(curve.risk.max()), LEAST_TOP))
    ]
    x, y = _shares(LEFT, WIDTH - RIGHT), Axis(0, top[-1], HEIGHT - BOTTOM, TOP).marked(top, _whole)
    shown = sorted({round(step * (len(curve.risk) - 1) / POINTS) for step in range(POINTS + 1)})
    error = y.at(float(curve.risk[-1]))
    return Chart(
        title="Wrong answers",
        x=x,
        y=y,
        dots=((x.at(1), error, DOT),),
        reference=(x.at(0), error, x.at(1), error),
        points=" ".join(f"{x.at(float(curve.coverage[i]))},{y.at(float(curve.risk[i]))}" for i in shown),
    )


def choices(curve: RiskCoverage) -> list[Choice]:
    """What some thresholds keep, and which are the least that reach some accuracies; lowest first."""
    found = [Choice(curve.kept(threshold)) for threshold in THRESHOLDS]
    for accuracy in WANTED:
        least = curve.reaching(accuracy)
        if least is not None and least.share < 1:
            found.append(Choice(least, accuracy))
    return sorted(found, key=lambda choice: choice.kept.threshold)


def _whole(share: float) -> str:
    return percent(share, 0)


def _shares(start: float, end: float) -> Axis:
    return Axis(0, 1, start, end).marked(QUARTERS, _whole)
