"""What a study compares: recipes with their trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import msgspec
import numpy as np

from earmark.evaluation.scores import Evaluation, Score, Scores
from earmark.recipe import StudySettings
from earmark.training.history import Epoch

NO_LINE = StudySettings()


@dataclass(frozen=True)
class Training:
    """One seed of a recipe, and one fold where its split has some, judged over `n` things of `part`.

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
    fold: int | None = None


@dataclass(frozen=True)
class Contender:
    """A recipe with its trainings, at least one; `split` says of folds how they were drawn, else nothing.

    `study` says on which line of a chart it stands, if on any.
    """

    name: str
    digest: str
    rationale: str
    trainings: Sequence[Training]
    split: str = ""
    study: StudySettings = NO_LINE

    def mean(self, figure: str) -> float:
        """The mean of that figure over the trainings."""
        return fmean(getattr(training, figure) for training in self.trainings)

    @property
    def folds(self) -> list[int]:
        """Which have been trained; none where the split has none."""
        return sorted({training.fold for training in self.trainings if training.fold is not None})

    @property
    def seeds(self) -> list[int]:
        """Which have been trained."""
        return sorted({training.seed for training in self.trainings})

    @property
    def marks(self) -> list[float]:
        """The accuracy of each fold, the mean of its seeds; of each seed where there are no folds."""
        if not self.folds:
            return [training.accuracy.value for training in self.trainings]
        return [fmean(t.accuracy.value for t in self.trainings if t.fold == fold) for fold in self.folds]

    @property
    def spread(self) -> float | None:
        """Standard deviation of the marks; None of one."""
        return stdev(self.marks) if len(self.marks) > 1 else None

    @property
    def judged(self) -> int:
        """How many things: those of all folds together."""
        return sum({training.fold: training.n for training in self.trainings}.values())

    @property
    def majority(self) -> float:
        """Accuracy of always guessing the genre that is commonest among all that was judged, as far as runs tell."""
        scores = self.scores
        if scores is None:
            return self.mean("majority")
        support = np.sum(scores.confusion, axis=1)
        return float(support.max() / support.sum())

    @property
    def leak(self) -> str | None:
        """What leaks in its split, of several folds in the first."""
        return next((t.evaluation.leak for t in self.trainings if t.evaluation is not None), None)

    @property
    def calibration_error(self) -> float | None:
        """The mean over the trainings; None where a run is gone, or older than the figure."""
        judged = [training.evaluation.headline for training in self.trainings if training.evaluation is not None]
        found = [scores.calibration.ece for scores in judged if scores.calibration is not None]
        return fmean(found) if len(found) == len(self.trainings) else None

    @property
    def scores(self) -> Scores | None:
        """The figures of the first training with the confusions of all; None where a run is gone."""
        found = [training.evaluation.headline for training in self.trainings if training.evaluation is not None]
        if len(found) < len(self.trainings):
            return None
        summed = np.sum([scores.confusion for scores in found], axis=0).tolist()
        return msgspec.structs.replace(found[0], confusion=tuple(tuple(row) for row in summed))

    @property
    def curve(self) -> list[float]:
        """Mean validation accuracy of the trainings at each epoch that all reached; empty where one is unknown."""
        columns = [[epoch.valid_accuracy for epoch in training.history] for training in self.trainings]
        known = [[value for value in column if value is not None] for column in columns]
        return [fmean(values) for values in zip(*known, strict=False)] if known == columns else []

    @property
    def joins(self) -> list[int]:
        """After which epochs of the curve finished trainings went on."""
        return sorted({t.joined_after for t in self.trainings if 0 < t.joined_after < len(self.curve)})
