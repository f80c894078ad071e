"""The page of a study: which recipe is better, how sure that is, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from earmark.evaluation.comparison import Comparison, Pair
from earmark.evaluation.scores import Evaluation, Score, Scores
from earmark.report.contenders import Contender, Training
from earmark.report.growth_chart import GrowthChart, growth_chart
from earmark.report.pages import count, counted, figure, percent, render
from earmark.report.run_page import MATRIX_CLASSES, matrix
from earmark.report.study_charts import LINES, Curves, DotPlot, Scatter, curves, dot_plot, scatter, short
from earmark.wording import MUSIC, Wording, plural

PARTS = {"valid": "validation", "test": "test"}
SHORTEST = 0.01  # minutes, the last decimal they are given with


@dataclass(frozen=True)
class StudyPage:
    """All that the page of a study shows of the recipes on one data set.

    name        the study's name
    data        what the data are called where there are others beside them
    wording     what the things in them are called
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
    data: str = ""
    wording: Wording = MUSIC


@dataclass(frozen=True)
class Row:
    """A recipe in the ranking. `compared` is false where the interval is the mean of the seeds' own."""

    rank: int
    contender: Contender
    accuracy: Score
    compared: bool

    @property
    def trainings(self) -> str:
        """The accuracies of the folds, or of the seeds, in words."""
        marks, seeds, spread = self.contender.marks, len(self.contender.seeds), self.contender.spread
        if self.contender.folds:
            words = f"{counted(len(marks), 'fold')}{f' × {seeds} seeds' if seeds > 1 else ''}"
            return words if spread is None else f"{words}: {100 * fmean(marks):.1f} ± {percent(spread)}"
        return "one seed" if spread is None else f"{seeds} seeds: {100 * min(marks):.1f}–{percent(max(marks))}"


@dataclass(frozen=True)
class View:
    """What page and PDF both show of one data set, worked out."""

    page: StudyPage
    rows: Sequence[Row]
    dots: DotPlot
    costs: Sequence[Scatter]
    growth: GrowthChart | None
    curves: Sequence[Curves]
    against_best: Sequence[Pair]

    @property
    def key(self) -> str:
        """What its sections' names on the page begin with."""
        return re.sub(r"\W+", "-", f"{self.page.data}-").casefold() if self.page.data else ""

    @property
    def folds(self) -> bool:
        """Whether what was judged is shared out among folds."""
        return any(row.contender.folds for row in self.rows)

    @property
    def by_artist(self) -> bool:
        """Whether intervals are over artists."""
        if self.page.comparison is not None:
            return self.page.comparison.by_artist
        return any(e.headline.artists is not None for e in self.evaluations)

    @property
    def others(self) -> str:
        """What an interval is over."""
        return "artists" if self.by_artist else plural(self.page.wording.song)

    @property
    def ranking_note(self) -> str:
        """How to read the ranking."""
        if self.folds:
            told = f"over the {plural(self.page.wording.track)} of all folds, each judged once a seed"
            below = "the folds' mean and standard deviation"
        else:
            told, below = "the seeds' mean", "the seeds' own"
        return (
            f"Accuracy: {told}, in brackets its {percent(self.page.level, 0)} interval over other {self.others}; "
            f"below, {below}. Always guessing the commonest {self.page.wording.genre} would be right for "
            f"{percent(self.majority)}. "
            f"{'Macro-F1: the mean of all trainings. ' if self.folds else ''}"
            f"{'Recipes whose split leaks stand last, whatever they score. ' if self.leaking else ''}"
            "ECE: expected calibration error, how far probabilities are off in the mean."
        )

    @property
    def leaking(self) -> bool:
        """Whether the splits of some recipes leak, and not those of all."""
        return len({row.contender.leak is None for row in self.rows}) > 1

    @property
    def dots_note(self) -> str:
        """What the marks below a dot are, and how far they tell."""
        if self.folds:
            return "the folds: how far the outcome moves with who is judged and who is learned from"
        alone = " (a single seed has none)" if any(len(row.contender.marks) == 1 for row in self.rows) else ""
        return f"the seeds themselves{alone}: how far the outcome moves when only chance in training differs"

    @property
    def differences_note(self) -> str:
        """How to read the differences; empty where nothing was compared."""
        compared = self.page.comparison
        if compared is None:
            return ""
        drawn, apart = self.page.wording.drawn, ""
        if self.by_artist:
            drawn = f"all songs of an artist together ({count(compared.drawn)} artists)"
            apart = ", and takes songs by one artist as independent"
        return (
            f"Each recipe against the best, {self.rows[0].contender.name}, on the same "
            f"{counted(compared.n, self.page.wording.of(self.unit))}. Difference of the seeds' mean accuracies in "
            f"percentage points, with its {percent(compared.level, 0)} interval from {count(compared.resamples)} "
            f"bootstrap resamples of {drawn}. Every p is two-sided and corrected for "
            f"{counted(len(compared.pairs), 'pair')} after Holm. McNemar's exact test compares the recipes' pooled "
            f"answers, the mean of their seeds' probabilities{apart}."
        )

    @property
    def growth_note(self) -> str:
        """How to read the lines; empty where there are none."""
        if self.growth is None:
            return ""
        told = f"Accuracy with its {percent(self.page.level, 0)} interval over other {self.others}"
        if not self.growth.baseline:
            return f"{told}."
        return (
            f"{told}; below, the difference to “{self.growth.baseline}” at the same amount in percentage points, "
            f"with its {percent(self.page.level, 0)} interval and the corrected p of the bootstrap."
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
        return self.rows[0].contender.majority

    @property
    def judged(self) -> list[str]:
        """What was judged: one entry, unless it differs between the trainings."""
        told = []
        for contender in (row.contender for row in self.rows):
            part, unit = (getattr(contender.trainings[0], name) for name in ("part", "unit"))
            folds = f" in {counted(len(contender.folds), 'fold')}" if contender.folds else ""
            told.append(f"{PARTS.get(part, part)}, over {counted(contender.judged, self.page.wording.of(unit))}{folds}")
        return _each_once(told)

    @property
    def splits(self) -> list[str]:
        """Data and split, as far as runs tell; one entry, as above."""
        return _each_once(
            f"{t.evaluation.data}, {self.page.wording.of(row.contender.split or t.evaluation.split)}"
            for row in self.rows
            for t in row.contender.trainings
            if t.evaluation is not None
        )

    @property
    def kinds(self) -> dict[str, str]:
        """Recipe → how its folds keep tracks apart; empty unless that differs between the recipes."""
        of = self.page.wording.of
        found = {row.contender.name: of(row.contender.split.partition(",")[0]) for row in self.rows}
        return found if len(set(found.values())) > 1 else {}

    @property
    def synthetic(self) -> bool:
        """Whether any of the data are."""
        return any(e.synthetic for e in self.evaluations)

    @property
    def joined(self) -> bool:
        """Whether any finished training went on."""
        return any(row.contender.joins for row in self.rows)

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """What must be read before the scores: a word, and a sentence."""
        found, things = self._leaks, plural(self.page.wording.track)
        if any(e.chosen_on_it for e in self.evaluations):
            found.append(
                ("Validation, not test", f"the same {things} chose each epoch that was kept: expect less of others")
            )
        elif not self.evaluations and any(t.part == "valid" for t in self.trainings):
            said = f"the same {things} may have chosen the epochs, and the split may leak"
            found.append(("Validation, not test", said))
        if any(e.by_track is None and e.headline.songs == e.headline.n for e in self.evaluations):
            said = "each clip counts as one: intervals are narrower and p values smaller than over songs"
            found.append(("Songs unknown", said))
        if len(self.judged) > 1 or (len(self.splits) > 1 and not all(row.compared for row in self.rows)):
            found.append(("Not comparable", "the recipes were not all judged on the same part of one split"))
        return found

    @property
    def _leaks(self) -> list[tuple[str, str]]:
        """Each that there is, and in which recipes, where that is not all of them."""
        found: list[tuple[str, str]] = []
        for leak in _each_once(row.contender.leak for row in self.rows if row.contender.leak is not None):
            holders = [row.contender.name for row in self.rows if row.contender.leak == leak]
            whose = f"{', '.join(holders)}: " if len(holders) < len(self.rows) else ""
            where = "in the first fold " if self.folds else ""
            found.append(("Leak", f"{whose}{where}{self.page.wording.of(leak)}"))
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
    """Rank the recipes by their accuracy, those whose split leaks after all others, and lay out the charts."""
    known = page.comparison.accuracy if page.comparison is not None else {}
    scored = [(known.get(c.name) or _mean_score(c), c) for c in page.contenders]
    scored.sort(key=lambda pair: (pair[1].leak is not None, -pair[0].value, pair[1].name))
    rows = [
        Row(rank, contender, score, contender.name in known) for rank, (score, contender) in enumerate(scored, start=1)
    ]
    scores = [row.accuracy for row in rows]
    contenders = [row.contender for row in rows]
    best = contenders[0].name
    return View(
        page=page,
        rows=rows,
        dots=dot_plot([c.name for c in contenders], scores, [c.marks for c in contenders], contenders[0].majority),
        costs=[
            scatter(
                "minutes of training", scores, [c.mean("minutes") for c in contenders], floor=SHORTEST, label=short
            ),
            scatter("parameters", scores, [c.mean("parameters") for c in contenders], floor=1, label=short),
        ],
        growth=growth_chart([(row.accuracy, row.contender) for row in rows], page.comparison),
        curves=_curves(contenders) if any(contender.curve for contender in contenders) else [],
        against_best=[page.comparison.between(name, best) for name in (c.name for c in contenders[1:]) if name in known]
        if page.comparison is not None and best in known
        else [],
    )


def views_of(pages: Sequence[StudyPage]) -> list[View]:
    """What page and PDF show of each; of one alone the data need no name."""
    return [view(page if len(pages) > 1 else replace(page, data="")) for page in pages]


def title(views: Sequence[View]) -> str:
    """The study's name, and on which data, as far as runs tell."""
    data = _each_once(e.data for view in views for e in view.evaluations)
    return f"{views[0].page.name} on {', '.join(data)}" if data else views[0].page.name


def size(views: Sequence[View]) -> str:
    """How much was trained."""
    recipes, trainings = sum(len(view.rows) for view in views), sum(len(view.trainings) for view in views)
    return f"{counted(recipes, 'recipe')}, {counted(trainings, 'training')}."


def render_study(*pages: StudyPage) -> str:
    """The page as one HTML file that needs no network, one data set after the other; the same bytes for the same input.

    Where there are several, each is named by its `data`.
    """
    views = views_of(pages)
    return render(
        "study.html",
        views=views,
        title=title(views),
        size=size(views),
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
