"""What a study has trained: one line a training in results.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import msgspec

from earmark.atomic import write_text
from earmark.classifier import load_run
from earmark.errors import DataError
from earmark.experiment.evaluate import read_evaluations
from earmark.experiment.reconstruct import read_reconstructions
from earmark.models.parameters import parameter_count
from earmark.recipe import read_recipe
from earmark.run import git_commit, open_run
from earmark.training.checkpoint import read_progress
from earmark.training.history import read_history

RESULTS = "results.csv"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One finished training. Figures are of the test part where the split has one, else of the validation part.

    `fold` is None where the split has none, and in lines that were written before it was. `minutes`
    are those of the epochs; an estimator and an ensemble have none, and tell what all of their making took.
    """

    recipe: str
    digest: str
    seed: int
    fold: int | None = None
    commit: str
    part: str
    unit: str
    n: int
    accuracy: float
    low: float
    high: float
    macro_f1: float
    majority: float
    parameters: int
    epochs: int
    kept_epoch: int
    minutes: float
    run: str


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """One finished autoencoder: how near it brings the pictures of that part back, in dB. It is in no table."""

    recipe: str
    seed: int
    part: str
    psnr: float


def read_results(path: Path) -> list[Result]:
    """The trainings in results.csv, none where there is no such file. Raises DataError naming the file."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{**row, "fold": row.get("fold") or None} for row in csv.DictReader(file)]
        return msgspec.convert(rows, list[Result], strict=False)
    except FileNotFoundError:
        return []
    except (OSError, csv.Error, msgspec.ValidationError) as error:
        raise DataError(f"{path}: cannot be read as results: {error}") from error


def write_results(path: Path, results: Sequence[Result]) -> None:
    """Write all trainings, ordered by recipe, fold and seed, replacing the file at once."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Result.__struct_fields__)
    ordered = sorted(results, key=lambda r: (r.recipe, r.fold or 0, r.digest, r.seed))
    writer.writerows(msgspec.structs.astuple(result) for result in ordered)
    write_text(path, out.getvalue())


def restored(folder: Path, *, recipe: str) -> Restored:
    """What a finished autoencoder's run says."""
    run = open_run(folder)
    figures = read_reconstructions(run)
    part = "test" if "test" in figures else "valid"
    seed = read_recipe(run.recipe).training.seed
    return Restored(recipe=recipe, seed=seed, part=part, psnr=round(figures[part].psnr.value, 3))


def result_of(folder: Path, *, recipe: str) -> Result:
    """The line of a finished run."""
    run = open_run(folder)
    made_by = read_recipe(run.recipe)
    evaluations = read_evaluations(run)
    part = "test" if "test" in evaluations else "valid"
    scores = evaluations[part].headline
    history = read_history(run.history) if run.history.is_file() else []
    return Result(
        recipe=recipe,
        digest=made_by.digest,
        seed=made_by.training.seed,
        fold=None if made_by.split.folds is None else made_by.split.fold or 0,
        commit=git_commit() or "",
        part=part,
        unit=scores.unit,
        n=scores.n,
        accuracy=round(scores.accuracy.value, 5),
        low=round(scores.accuracy.low, 5),
        high=round(scores.accuracy.high, 5),
        macro_f1=round(scores.macro_f1.value, 5),
        majority=round(scores.majority_accuracy, 5),
        parameters=parameter_count(load_run(run.folder).model),
        epochs=len(history),
        kept_epoch=read_progress(run.last).best_epoch,
        minutes=round(sum(epoch.seconds for epoch in history) / 60, 2),
        run=run.name,
    )
