"""The page of a study: which recipe is better, how sure that is, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import msgspec
import numpy as np

from earmark.evaluation.comparison import Comparison, Pair
from earmark.evaluation.scores import Evaluation, Score, Scores
from earmark.report.pages import count, counted, figure, percent, render
from earmark.report.run_page import MATRIX_CLASSES, matrix
from earmark.report.study_charts import LINES, Curves, DotPlot, Scatter, curves, dot_plot, scatter, short
from earmark.training.history import Epoch

PARTS = {"valid": "validation", "test": "test"}
SHORTEST = 0.01  # minutes, the last decimal they are given with


@dataclass(frozen=True)
class Training:
    """One seed of a recipe, judged over `n` things of `part`.

    `evaluation` and `history` come from its run's folder: None and empty where that is gone. `joined_after` is the
    epoch after which the finished training went on; 0: it did not.
    """

    seed: int
    run: str
    part: str
    unit: str
    n: int
    accuracy: Score
    macro_f1: float
    majority: float
    parameters: int
    epochs: int
    kept_epoch: int
    minutes: float
    evaluation: Evaluation | None = None
    history: Sequence[Epoch] = ()
    joined_after: int = 0


@dataclass(frozen=True)
class Contender:
    """A recipe with its trainings, at least one."""

    name: str
    digest: str
    rationale: str
    trainings: Sequence[Training]

    def mean(self, figure: str) -> float:
        """The mean of that figure over the seeds."""
        return fmean(getattr(training, figure) for training in self.trainings)

    @property
    def seeds(self) -> list[float]:
        """The accuracy of each seed."""
        return [training.accuracy.value for training in self.trainings]

    @property
    def calibration_error(self) -> float | None:
        """The mean over the seeds; None where a run is gone, or older than the figure."""
        judged = [training.evaluation.headline for training in self.trainings if training.evaluation is not None]
        found = [scores.calibration.ece for scores in judged if scores.calibration is not None]
        return fmean(found) if len(found) == len(self.trainings) else None

    @property
    def scores(self) -> Scores | None:
        """The figures of the first seed with the confusions of all; None where a run is gone."""
        found = [training.evaluation.headline for training in self.trainings if training.evaluation is not None]
        if len(found) < len(self.trainings):
            return None
        summed = np.sum([scores.confusion for scores in found], axis=0).tolist()
        return msgspec.structs.replace(found[0], confusion=tuple(tuple(row) for row in summed))

    @property
    def curve(self) -> list[float]:
        """Mean validation accuracy of the seeds at each epoch that all of them reached; empty where one is unknown."""
        columns = [[epoch.valid_accuracy for epoch in training.history] for training in self.trainings]
        known = [[value for value in column if value is not None] for column in columns]
        return [fmean(values) for values in zip(*known, strict=False)] if known == columns else []

    @property
    def joins(self) -> list[int]:
        """After which epochs of the curve finished trainings went on."""
        return sorted({t.joined_after for t in self.trainings if 0 < t.joined_after < len(self.curve)})


@dataclass(frozen=True)
class StudyPage:
    """All that the page of a study shows.

    name        the study's name
    level       of the intervals
    contenders  in any order, at least one
    comparison  of those whose predictions are there; None where none are, or they are not of the same things
    remarks     what is left out, and why
    """

    name: str
    level: float
    contenders: Sequence[Contender]
    comparison: Comparison | None = None
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Row:
    """A recipe in the ranking. `compared` is false where the interval is the mean of the seeds' own."""

    rank: int
    contender: Contender
    accuracy: Score
    compared: bool

    @property
    def seeds(self) -> str:
        """The seeds' own accuracies in words."""
        low, high = min(self.contender.seeds), max(self.contender.seeds)
        if len(self.contender.seeds) == 1:
            return "one seed"
        return f"{len(self.contender.seeds)} seeds: {100 * low:.1f}–{percent(high)}"


@dataclass(frozen=True)
class View:
    """What page and PDF both show, worked out."""

    page: StudyPage
    rows: Sequence[Row]
    dots: DotPlot
    costs: Sequence[Scatter]
    curves: Sequence[Curves]
    against_best: Sequence[Pair]

    @property
    def title(self) -> str:
        """The study's name, and on which data, as far as runs tell."""
        data = _each_once(e.data for e in self.evaluations)
        return f"{self.page.name} on {', '.join(data)}" if data else self.page.name

    @property
    def size(self) -> str:
        """How much was trained."""
        return f"{counted(len(self.rows), 'recipe')}, {counted(len(self.trainings), 'training')}."

    @property
    def ranking_note(self) -> str:
        """How to read the ranking."""
        return (
            f"Accuracy: the seeds' mean, in brackets its {percent(self.page.level, 0)} interval over other songs; "
            f"below, the seeds' own. Always guessing the commonest genre would be right for {percent(self.majority)}. "
            "ECE: expected calibration error, how far probabilities are off in the mean."
        )

    @property
    def differences_note(self) -> str:
        """How to read the differences; empty where nothing was compared."""
        compared = self.page.comparison
        if compared is None:
            return ""
        return (
            f"Each recipe against the best, {self.rows[0].contender.name}, on the same "
            f"{counted(compared.n, self.unit)}. Difference of the seeds' mean accuracies in percentage points, with "
            f"its {percent(compared.level, 0)} interval from {count(compared.resamples)} bootstrap resamples of whole "
            f"songs. Every p is two-sided and corrected for {counted(len(compared.pairs), 'pair')} after Holm. "
            "McNemar's exact test compares the recipes' pooled answers, the mean of their seeds' probabilities."
        )

    @property
    def trainings(self) -> list[Training]:
        """Of all recipes, best first."""
        return [training for row in self.rows for training in row.contender.trainings]

    @property
    def evaluations(self) -> list[Evaluation]:
        """Of all trainings whose runs are there."""
        return [training.evaluation for training in self.trainings if training.evaluation is not None]

    @property
    def unit(self) -> str:
        """What was judged: clip or track."""
        return self.trainings[0].unit

    @property
    def majority(self) -> float:
        """Accuracy of always guessing the commonest genre."""
        return self.trainings[0].majority

    @property
    def judged(self) -> list[str]:
        """What was judged: one entry, unless it differs between the trainings."""
        return _each_once(f"{PARTS.get(t.part, t.part)}, over {counted(t.n, t.unit)}" for t in self.trainings)

    @property
    def splits(self) -> list[str]:
        """Data and split, as far as runs tell; one entry, as above."""
        return _each_once(f"{e.data}, {e.split}" for e in self.evaluations)

    @property
    def synthetic(self) -> bool:
        """Whether any of the data are."""
        return any(e.synthetic for e in self.evaluations)

    @property
    def joined(self) -> bool:
        """Whether any finished training went on."""
        return any(row.contender.joins for row in self.rows)

    @property
    def single_seed(self) -> bool:
        """Whether any recipe was trained with one seed alone."""
        return any(len(row.contender.trainings) == 1 for row in self.rows)

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """What must be read before the scores: a word, and a sentence."""
        found = [("Leak", leak) for leak in _each_once(e.leak for e in self.evaluations if e.leak is not None)]
        if any(e.chosen_on_it for e in self.evaluations):
            found.append(
                ("Validation, not test", "the same tracks chose each epoch that was kept: expect less of others")
            )
        elif not self.evaluations and any(t.part == "valid" for t in self.trainings):
            found.append(("Validation, not test", "the same tracks may have chosen the epochs, and the split may leak"))
        if any(e.by_track is None and e.headline.songs == e.headline.n for e in self.evaluations):
            said = "each clip counts as one: intervals are narrower and p values smaller than over songs"
            found.append(("Songs unknown", said))
        if len(self.judged) > 1 or len(self.splits) > 1:
            found.append(("Not comparable", "the recipes were not all judged on the same part of one split"))
        return found

    @property
    def confused(self) -> list[tuple[Row, Scores]]:
        """The recipes whose confusions are known and few enough to read."""
        found = [(row, row.contender.scores) for row in self.rows]
        return [(row, scores) for row, scores in found if scores is not None and len(scores.genres) <= MATRIX_CLASSES]

    def rank(self, name: str) -> int:
        """The rank of the recipe of that name."""
        return next(row.rank for row in self.rows if row.contender.name == name)


def view(page: StudyPage) -> View:
    """Rank the recipes by the mean accuracy of their seeds, and lay out the charts."""
    known = page.comparison.accuracy if page.comparison is not None else {}
    scored = [(contender, known.get(contender.name)) for contender in page.contenders]
    scored.sort(key=lambda pair: (-fmean(pair[0].seeds), pair[0].name))
    rows = [
        Row(rank, contender, score or _mean_score(contender), score is not None)
        for rank, (contender, score) in enumerate(scored, start=1)
    ]
    scores = [row.accuracy for row in rows]
    contenders = [row.contender for row in rows]
    best = contenders[0].name
    return View(
        page=page,
        rows=rows,
        dots=dot_plot(
            [c.name for c in contenders], scores, [c.seeds for c in contenders], contenders[0].mean("majority")
        ),
        costs=[
            scatter(
                "minutes of training", scores, [c.mean("minutes") for c in contenders], floor=SHORTEST, label=short
            ),
            scatter("parameters", scores, [c.mean("parameters") for c in contenders], floor=1, label=short),
        ],
        curves=_curves(contenders) if any(contender.curve for contender in contenders) else [],
        against_best=[page.comparison.between(name, best) for name in (c.name for c in contenders[1:]) if name in known]
        if page.comparison is not None and best in known
        else [],
    )


def render_study(page: StudyPage) -> str:
    """The page as one HTML file that needs no network; the same bytes for the same input."""
    return render(
        "study.html",
        view=view(page),
        matrix=matrix,
        matrix_classes=MATRIX_CLASSES,
        p_value=p_value,
        points=points,
        span=span,
        minutes=minutes,
    )


def p_value(p: float) -> str:
    """0.0321 → "0.032"; what is below a thousandth is said to be."""
    return "< 0.001" if p < 0.001 else figure(p)


def points(difference: float) -> str:
    """-0.0214 → "−2.1", in percentage points."""
    return f"{100 * difference:+.1f}".replace("-", "−")


def span(score: Score) -> str:
    """An interval of shares: "80.9–84.0 %"."""
    return f"{100 * score.low:.1f}–{percent(score.high)}"


def minutes(value: float) -> str:
    """Minutes with two figures or more."""
    return figure(value, 1 if value >= 1 else 2)


def _each_once(said: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(said))


def _mean_score(contender: Contender) -> Score:
    scores = [training.accuracy for training in contender.trainings]
    return Score(fmean(s.value for s in scores), fmean(s.low for s in scores), fmean(s.high for s in scores))


def _curves(contenders: Sequence[Contender]) -> list[Curves]:
    lines, joins = [c.curve for c in contenders], [c.joins for c in contenders]
    if len(lines) <= LINES:
        return [curves("Validation accuracy", lines, joins=joins)]
    return [
        curves(f"{rank} {contender.name}", lines, joins=joins, focus=rank, small=True)
        for rank, contender in enumerate(contenders, start=1)
        if contender.curve
    ]
