"""What there is below a folder of runs: which are trained, which are under way and how far, and what was measured."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from earmark.errors import EarmarkError
from earmark.evaluation.scores import Evaluation
from earmark.experiment.ensemble import is_ensemble
from earmark.experiment.evaluate import read_evaluations
from earmark.experiment.fitting import is_estimator
from earmark.experiment.reconstruct import read_reconstructions
from earmark.recipe import Recipe, read_recipe
from earmark.run import Run
from earmark.tracks import Fault
from earmark.training.history import Epoch, read_history
from earmark.wording import Wording, wording_of

COMPARISON = "comparison.html"
HEADLINES = ("test", "valid")  # the first that there is is quoted
PATIENCE = 600.0  # seconds without a sign, after which a training counts as given up …
EPOCHS_OF_PATIENCE = 4  # … or so many of its own epochs, where these take longer


class Standing(StrEnum):
    """How far a run has come."""

    TRAINING = "training"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"


class RunOverview(msgspec.Struct, frozen=True, kw_only=True):
    """One run as it stands.

    folder    where it lies
    standing  finished where it has been judged; without a sign of life for long, interrupted
    changed   when one of its files was last written, seconds since 1970
    epochs    that are planned; 0 of a model that is not trained in epochs
    history   one row an epoch that is done
    headline  the evaluation to be quoted, of the test part where there is one; None where it was not judged, or gives
              pictures back and names no classes
    """

    folder: Path
    model: str
    data: str
    seed: int
    standing: Standing
    changed: float
    epochs: int
    history: list[Epoch]
    headline: Evaluation | None

    @property
    def wording(self) -> Wording:
        """What people read that its data are called."""
        return wording_of(self.data)


def find(root: Path) -> tuple[list[Path], list[Path]]:
    """The folders of runs and the comparisons below `root`, each in the order of their paths.

    Hidden folders and what lies inside of runs are left out; links to folders are not followed.
    """
    runs, comparisons = [], []
    for folder, inside, names in os.walk(root):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        if "recipe.toml" in names:
            runs.append(Path(folder))
            inside.clear()
        elif COMPARISON in names:
            comparisons.append(Path(folder) / COMPARISON)
    return runs, comparisons


def overviews(folders: Iterable[Path]) -> Iterator[RunOverview | Fault]:
    """Each run as it stands, the newest first; one that cannot be read does not keep the others from being told."""
    for folder in sorted(folders, key=lambda folder: folder.name, reverse=True):
        try:
            yield overview(folder)
        except EarmarkError as error:
            yield Fault(str(folder), str(error))


def overview(folder: Path) -> RunOverview:
    """One run as it stands. Raises UsageError or DataError where it cannot be read."""
    run = Run(folder)
    recipe = read_recipe(run.recipe)
    history = read_history(run.history) if run.history.is_file() else []
    evaluations = read_evaluations(run)
    changed = _changed(run)
    finished = bool(evaluations or read_reconstructions(run))
    patience = max(PATIENCE, EPOCHS_OF_PATIENCE * max((epoch.seconds for epoch in history), default=0.0))
    waiting = time.time() - changed < patience
    return RunOverview(
        folder=folder,
        model=recipe.model.name,
        data=recipe.data.name,
        seed=recipe.training.seed,
        standing=Standing.FINISHED if finished else Standing.TRAINING if waiting else Standing.INTERRUPTED,
        changed=changed,
        epochs=_planned(recipe, history),
        history=history,
        headline=next((evaluations[part] for part in HEADLINES if part in evaluations), None),
    )


def _planned(recipe: Recipe, history: list[Epoch]) -> int:
    """More than the recipe says may be done, after --more-epochs."""
    if is_estimator(recipe) or is_ensemble(recipe):
        return 0
    return max(recipe.training.epochs + recipe.training.more_epochs, len(history))


def _changed(run: Run) -> float:
    files = (run.recipe, run.split, run.classifier, run.history, run.last, run.metrics, run.reconstruction)
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)
