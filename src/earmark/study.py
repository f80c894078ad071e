"""Many recipes under one split and the same seeds: what is trained stands in results.csv, and is not trained again."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import msgspec
import torch

from earmark.atomic import write_text
from earmark.classifier import load
from earmark.errors import DataError, EarmarkError, UsageError, nearest
from earmark.experiment.evaluate import read_evaluations
from earmark.experiment.train import train
from earmark.models.parameters import parameter_count
from earmark.recipe import read_recipe, shipped_recipes
from earmark.run import git_commit, open_run
from earmark.training.checkpoint import best_epoch
from earmark.training.history import read_history

RESULTS = "results.csv"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One finished training. Figures are of the test part where the split has one, else of the validation part."""

    recipe: str
    digest: str
    seed: int
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


def study_folder(name: str) -> Path:
    """A folder of recipes by path, or a shipped one by name. Raises UsageError listing the known names."""
    root = shipped_recipes()
    known = sorted(folder.name for folder in root.iterdir() if folder.is_dir() and any(folder.glob("*.toml")))
    for folder in (Path(name), root / name):
        if folder.is_dir() and any(folder.glob("*.toml")):
            return folder
    raise UsageError(
        f"no study {name!r}{nearest(name, known)}; known: {', '.join(known)}, or a path to a folder of recipes"
    )


def read_results(path: Path) -> list[Result]:
    """The trainings in results.csv, none where there is no such file. Raises DataError naming the file."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return msgspec.convert(list(csv.DictReader(file)), list[Result], strict=False)
    except FileNotFoundError:
        return []
    except (OSError, csv.Error, msgspec.ValidationError) as error:
        raise DataError(f"{path}: cannot be read as results: {error}") from error


def write_results(path: Path, results: Sequence[Result]) -> None:
    """Write all trainings, ordered by recipe and seed, replacing the file at once."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Result.__struct_fields__)
    writer.writerows(msgspec.structs.astuple(r) for r in sorted(results, key=lambda r: (r.recipe, r.digest, r.seed)))
    write_text(path, out.getvalue())


def run_study(
    folder: Path,
    *,
    seeds: Sequence[int] = (1, 2, 3),
    only: Sequence[str] = (),
    overrides: Sequence[str] = (),
    jobs: int = 1,
    runs: Path = Path("runs"),
    results: Path | None = None,
    device: str = "auto",
) -> Iterator[Result | EarmarkError]:
    """Train every recipe of `folder` with every seed, and give each result as it is done (an error where one failed).

    A training whose recipe digest and seed stand in `results` (by default results.csv in the folder) is not repeated.
    `jobs` trainings run side by side, each with its share of the cores. Raises UsageError for an unknown `only`.
    """
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    for name in only:
        if name not in known:
            raise UsageError(f"{folder}: no recipe {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    path = results or folder / RESULTS
    done = {(result.digest, result.seed) for result in read_results(path)}
    wanted = []
    for seed in seeds:
        for name in only or known:
            settings = [*overrides, f"training.seed={seed}"]
            digest = read_recipe(known[name], overrides=settings).digest
            if (digest, seed) not in done:
                wanted.append(
                    (known[name], settings, runs / folder.name, device, max(1, (os.cpu_count() or 1) // jobs))
                )
    for outcome in _side_by_side(wanted, jobs):
        if isinstance(outcome, Result):
            write_results(path, [*read_results(path), outcome])
        yield outcome


Job = tuple[Path, list[str], Path, str, int]


def _side_by_side(wanted: Sequence[Job], jobs: int) -> Iterator[Result | EarmarkError]:
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(_train_one, *job) for job in wanted]):
            yield future.result()


def _train_one(path: Path, overrides: list[str], runs: Path, device: str, threads: int) -> Result | EarmarkError:
    """Train one recipe in a process of its own, and say what came out."""
    torch.set_num_threads(threads)
    try:
        run = train(read_recipe(path, overrides=overrides), runs=runs, name=path.stem, device=device)
        return result_of(run.folder, recipe=path.stem)
    except EarmarkError as error:
        return type(error)(f"{path.stem}: {error}")


def result_of(folder: Path, *, recipe: str) -> Result:
    """The line of a finished run."""
    run = open_run(folder)
    made_by = read_recipe(run.recipe)
    evaluations = read_evaluations(run)
    part = "test" if "test" in evaluations else "valid"
    scores = evaluations[part].headline
    history = read_history(run.history)
    return Result(
        recipe=recipe,
        digest=made_by.digest,
        seed=made_by.training.seed,
        commit=git_commit() or "",
        part=part,
        unit=scores.unit,
        n=scores.n,
        accuracy=round(scores.accuracy.value, 5),
        low=round(scores.accuracy.low, 5),
        high=round(scores.accuracy.high, 5),
        macro_f1=round(scores.macro_f1.value, 5),
        majority=round(scores.majority_accuracy, 5),
        parameters=parameter_count(load(run.folder).model),
        epochs=len(history),
        kept_epoch=best_epoch(run.last),
        minutes=round(sum(epoch.seconds for epoch in history) / 60, 2),
        run=run.name,
    )
