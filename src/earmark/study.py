"""Many recipes under one split and the same seeds: what is trained stands in results.csv, and is not trained again.

A study may be stopped at any moment, by Ctrl-C or worse: the next start goes on with the runs left unfinished.
"""

from __future__ import annotations

import csv
import io
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

import msgspec
import torch
from filelock import FileLock, Timeout

from earmark.atomic import write_bytes, write_text
from earmark.classifier import load_run
from earmark.errors import DataError, EarmarkError, ModelError, UsageError, nearest
from earmark.evaluation.comparison import Comparison, compare
from earmark.evaluation.scores import Score
from earmark.experiment.autoencoder import is_autoencoder
from earmark.experiment.evaluate import read_evaluations, read_headline
from earmark.experiment.reconstruct import read_reconstructions
from earmark.experiment.train import resume, train
from earmark.models.parameters import parameter_count
from earmark.predictions import Predictions
from earmark.recipe import Recipe, read_recipe, shipped_recipes
from earmark.report.study_page import Contender, StudyPage, Training, render_study
from earmark.report.study_pdf import render_study_pdf
from earmark.run import Environment, Run, git_commit, open_run
from earmark.training.checkpoint import read_progress, to_device
from earmark.training.distributed import first, from_first, joined, processes, started_by_torchrun
from earmark.training.history import read_history

RESULTS = "results.csv"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One finished training. Figures are of the test part where the split has one, else of the validation part.

    An ensemble has no epochs.
    """

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


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """One finished autoencoder: how near it brings the pictures of that part back, in dB. It is in no table."""

    recipe: str
    seed: int
    part: str
    psnr: float


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
) -> Iterator[Result | Restored | EarmarkError]:
    """Train every recipe of `folder` with every seed, and give each result as it is done (an error where one failed).

    A training whose recipe digest and seed stand in `results` (by default results.csv in the folder) is not repeated,
    nor an autoencoder's whose run is there, and one whose run was left unfinished goes on where it stopped. `jobs`
    trainings run side by side, each with its share of the cores; under torchrun one follows another, and all processes
    share in each. Raises UsageError for an unknown `only`, for `jobs` under torchrun, or where the same study is being
    run already, ModelError where a training's process was killed.
    """
    if jobs > 1 and started_by_torchrun():
        raise UsageError("torchrun shares each training out over its processes; leave out --jobs")
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    for name in only:
        if name not in known:
            raise UsageError(f"{folder}: no recipe {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    path = results or folder / RESULTS
    inside = runs / folder.name
    threads = max(1, torch.get_num_threads() // jobs)

    def missing() -> list[Job]:
        done = {(result.digest, result.seed) for result in read_results(path)} | _autoencoders(inside)
        unfinished = _unfinished(inside)
        wanted: list[Job] = []
        for seed in seeds:
            for name in only or known:
                settings = [*overrides, f"training.seed={seed}"]
                asked = read_recipe(known[name], overrides=settings)
                key = (asked.digest, seed)
                if key not in done:
                    done.add(key)
                    wanted.append((known[name], settings, inside, unfinished.get(key), device, threads))
        return wanted

    with _alone(inside) if not started_by_torchrun() else _alone_together(inside, device):
        wanted = from_first(missing)
        outcomes = (_train_one(*job) for job in wanted) if processes() > 1 else _side_by_side(wanted, jobs)
        for outcome in outcomes:
            if isinstance(outcome, Result) and first():
                write_results(path, [*read_results(path), outcome])
            yield outcome


Job = tuple[Path, list[str], Path, Path | None, str, int]


def _alone(inside: Path) -> AbstractContextManager[object]:
    """Held while a study works on the runs in that folder; the system lets go of it when the process ends."""
    inside.mkdir(parents=True, exist_ok=True)
    try:
        return FileLock(inside / ".lock").acquire(blocking=False)
    except Timeout as error:
        raise UsageError(f"{inside}: another process is running this study; use --jobs, or --runs FOLDER") from error


@contextmanager
def _alone_together(inside: Path, device: str) -> Iterator[None]:
    """Alone but for the other processes of torchrun, with which each training is shared."""
    with joined(to_device(device)), ExitStack() as held:

        def hold() -> None:
            held.enter_context(_alone(inside))

        from_first(hold)
        yield


def _unfinished(inside: Path) -> dict[tuple[str, int], Path]:
    """Runs to go on with, the newest of each recipe digest and seed. Those of another commit are trained anew."""
    commit, found = git_commit(), {}
    for run in (Run(checkpoint.parent) for checkpoint in sorted(inside.glob("*/last.safetensors"))):
        made_with = msgspec.json.decode(run.environment.read_bytes(), type=Environment)
        if not run.metrics.is_file() and _same(made_with.git_commit, commit):
            recipe = read_recipe(run.recipe)
            found[recipe.digest, recipe.training.seed] = run.folder
    return found


def _autoencoders(inside: Path) -> set[tuple[str, int]]:
    """Recipe digest and seed of the finished ones, which no results list."""
    recipes = [
        read_recipe(Run(figures.parent).recipe) for figures in inside.glob(f"*/{Run(inside).reconstruction.name}")
    ]
    return {(recipe.digest, recipe.training.seed) for recipe in recipes}


def _same(commit: str | None, other: str | None) -> bool:
    """Whether two commits are one, be something uncommitted or not: a study's own results may be."""
    return (commit or "").removesuffix("+") == (other or "").removesuffix("+")


def _side_by_side(wanted: Sequence[Job], jobs: int) -> Iterator[Result | Restored | EarmarkError]:
    context = get_context("spawn")
    watched, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with, initargs=(watched,))
    try:
        for future in as_completed([pool.submit(_train_one, *job) for job in wanted]):
            yield future.result()
        pool.shutdown()
    except BrokenProcessPool as error:
        raise ModelError(
            "a training's process was killed from outside, as where memory runs out; start the study again, "
            "perhaps with fewer --jobs: it goes on where it stopped"
        ) from error
    finally:
        held.close()
        pool.shutdown(cancel_futures=True)


def _end_with(watched: Connection) -> None:
    """Make this process end when the study does, by Ctrl-C or by a kill: else the next start would train beside it.

    The study holds the other end of the pipe, which the system closes even where the study cannot.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        watched.poll(None)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _train_one(
    path: Path, overrides: list[str], runs: Path, begun: Path | None, device: str, threads: int
) -> Result | Restored | EarmarkError:
    """Train one recipe, or go on with its run, and say what came out; without torchrun in a process of its own."""
    torch.set_num_threads(threads)
    try:
        if begun is not None:
            run = resume(begun, device=device)
        else:
            run = train(read_recipe(path, overrides=overrides), runs=runs, name=path.stem, device=device)
        told = restored if is_autoencoder(read_recipe(run.recipe)) else result_of
        return from_first(lambda: told(run.folder, recipe=path.stem))
    except EarmarkError as error:
        return type(error)(f"{path.stem}: {error}")


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


def write_comparison(
    folder: Path,
    results: Sequence[Result],
    *,
    runs: Path = Path("runs"),
    overrides: Sequence[str] = (),
    pdf: bool = False,
) -> list[Path]:
    """Write comparison.html, and .pdf if asked, beside the runs of the study of `folder`; gives their paths.

    Shown are the results of the recipes as they are now, with `overrides`, but for autoencoders. Runs that are gone are
    left out of what takes more than results. Raises DataError where there is no such result.
    """
    recipes = {path.stem: read_recipe(path, overrides=overrides) for path in sorted(folder.glob("*.toml"))}
    recipes = {stem: recipe for stem, recipe in recipes.items() if not is_autoencoder(recipe)}
    page = _page(folder.name, recipes, results, runs / folder.name)
    target = runs / folder.name / "comparison.html"
    write_text(target, render_study(page))
    if not pdf:
        return [target]
    write_bytes(target.with_suffix(".pdf"), render_study_pdf(page))
    return [target, target.with_suffix(".pdf")]


def _page(name: str, recipes: Mapping[str, Recipe], results: Sequence[Result], inside: Path) -> StudyPage:
    of_recipe = {
        stem: sorted((r for r in results if r.digest == recipe.digest), key=lambda r: r.seed)
        for stem, recipe in recipes.items()
    }
    shown = {stem: found for stem, found in of_recipe.items() if found}
    if not shown:
        raise DataError(f"{name}: no training of its recipes, as they are now, stands in the results")
    level = recipes[next(iter(shown))].evaluation.interval
    remarks = []
    if waiting := [stem for stem in recipes if stem not in shown]:
        remarks.append(f"Not trained yet: {', '.join(waiting)}.")
    if other := len(results) - sum(map(len, shown.values())):
        remarks.append(f"Left out: {other} trainings of recipes that have changed since, or are gone.")
    gone = [stem for stem, found in shown.items() if not all(_is_there(inside / r.run) for r in found)]
    if gone:
        remarks.append(
            f"Runs are gone of {', '.join(gone)}: shown are the results that were written down, with the mean of the "
            "seeds' own intervals; curves, confusions and differences are left out."
        )
    comparison: Comparison | None = None
    try:
        judged = {stem: _predictions(found, inside) for stem, found in shown.items() if stem not in gone}
        comparison = compare(judged, level=level) if judged else None
    except DataError as error:
        remarks.append(f"Differences are not tested: {error}.")
    return StudyPage(
        name=name,
        level=level,
        contenders=[
            Contender(stem, recipes[stem].digest, recipes[stem].rationale, [_training(r, inside) for r in found])
            for stem, found in shown.items()
        ],
        comparison=comparison,
        remarks=remarks,
    )


def _is_there(folder: Path) -> bool:
    return Run(folder).metrics.is_file()


def _predictions(results: Sequence[Result], inside: Path) -> list[Predictions]:
    """Of each seed: by song where the songs are known."""
    found = [(r.unit, read_headline(Run(inside / r.run), r.part)) for r in results]
    return [predictions.by_song() if unit == "track" else predictions for unit, predictions in found]


def _training(result: Result, inside: Path) -> Training:
    run = Run(inside / result.run)
    there = _is_there(run.folder)
    return Training(
        seed=result.seed,
        run=result.run,
        part=result.part,
        unit=result.unit,
        n=result.n,
        accuracy=Score(result.accuracy, result.low, result.high),
        macro_f1=result.macro_f1,
        majority=result.majority,
        parameters=result.parameters,
        epochs=result.epochs,
        kept_epoch=result.kept_epoch,
        minutes=result.minutes,
        evaluation=read_evaluations(run)[result.part] if there else None,
        history=read_history(run.history) if run.history.is_file() else (),
        joined_after=read_progress(run.last).waiting_from,
    )
