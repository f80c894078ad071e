"""Many recipes under one split and the same seeds: what is trained stands in results.csv, and is not trained again.

A study may be stopped at any moment, by Ctrl-C or worse: the next start goes on with the runs left unfinished.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
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

from earmark.errors import EarmarkError, ModelError, UsageError, nearest
from earmark.experiment.autoencoder import is_autoencoder
from earmark.experiment.train import resume, train
from earmark.recipe import read_recipe, shipped_recipes
from earmark.run import Environment, Run, git_commit
from earmark.study.results import RESULTS, Restored, Result, read_results, restored, result_of, write_results
from earmark.training.checkpoint import to_device
from earmark.training.distributed import first, from_first, joined, processes, started_by_torchrun


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

    A recipe whose split has folds and names none is trained on each of them, one that says `study.seeds` with so many
    of the seeds.

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
        for turn, seed in enumerate(seeds):
            for name in only or known:
                recipe = read_recipe(known[name], overrides=overrides)
                for asked in recipe.folds if turn < (recipe.study.seeds or len(seeds)) else ():
                    key = (asked.digest, seed)
                    if key not in done:
                        done.add(key)
                        fold = [] if asked.split.fold is None else [f"split.fold={asked.split.fold}"]
                        settings = [*overrides, f"training.seed={seed}", *fold]
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
    start = time.monotonic()
    try:
        if begun is not None:
            run = resume(begun, device=device)
        else:
            run = train(read_recipe(path, overrides=overrides), runs=runs, name=path.stem, device=device)
        told = restored if is_autoencoder(read_recipe(run.recipe)) else result_of
        outcome: Result | Restored = from_first(lambda: told(run.folder, recipe=path.stem))
        if isinstance(outcome, Result) and not outcome.epochs:
            return msgspec.structs.replace(outcome, minutes=round((time.monotonic() - start) / 60, 2))
        return outcome
    except EarmarkError as error:
        return type(error)(f"{path.stem}: {error}")
