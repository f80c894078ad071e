"""Tuning the values that a recipe marks, on folds of its training part: what judges it at last is never looked at."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from earmark.atomic import write_text
from earmark.catalog import DATASETS
from earmark.errors import EarmarkError, ModelError, UsageError, need
from earmark.experiment.assemble import assemble
from earmark.experiment.prepare import check, prepare
from earmark.experiment.watcher import Watcher
from earmark.recipe import Range, Recipe, SearchSettings, read_recipe
from earmark.splits import Split, draw
from earmark.tracks import Dataset
from earmark.training.checkpoint import Progress, to_device
from earmark.training.distributed import started_by_torchrun
from earmark.training.loop import train as train_epochs

TUNED = ("features", "model", "training")
JOURNAL, TRIALS = "journal.log", "trials.csv"


@dataclass(frozen=True)
class Found:
    """The best values of a search, their mean score over the folds, and where it was written down."""

    values: dict[str, Any]
    score: float
    recipe: Path
    trials: Path


def search(
    path: Path,
    folder: Path,
    *,
    overrides: Sequence[str] = (),
    device: str = "auto",
    watcher: Watcher | None = None,
) -> Found:
    """Try values for what the recipe at `path` marks in its table `search`, and write the recipe with the best ones.

    Each trial trains on all folds of the training part but one, and is scored on that one by what training.keep asks
    for (accuracy where it asks for the last epoch); its score is the mean over the folds. Values are drawn by optuna's
    tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", NIPS).
    `folder` gets NAME-tuned.toml, trials.csv and a journal, from which a search that was stopped goes on to the same
    trials; with more `trials` a finished one goes on too.

    Raises UsageError for a recipe that marks nothing or does not fit, or where optuna is not installed, ModelError
    where every trial fails.
    """
    if started_by_torchrun():
        raise UsageError("a search runs in one process; start earmark without torchrun for it")
    optuna = need("optuna", extra="search", purpose="earmark study --search")
    recipe = read_recipe(path, overrides=overrides)
    settings = _checked(recipe, path)
    for edge in (0, -1):
        check(read_recipe(path, overrides=[*overrides, *_settings(_edge(settings, edge))]))
    target, watcher = to_device(device), watcher or Watcher()
    folds = _folds(recipe, settings)
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(folder / JOURNAL))),
        study_name=_name(recipe, settings),
        direction="maximize",
        load_if_exists=True,
    )
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):  # stopped in the middle of it
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    while (number := len(_done(study))) < settings.trials:
        # Anew for each trial: one sampler's state would be lost when stopped, and its first draws come again.
        seed = int(np.random.SeedSequence([settings.seed, number]).generate_state(1)[0])
        study.sampler = optuna.samplers.TPESampler(seed=seed)
        trial = study.ask()
        values = {key: _drawn(trial, key, among) for key, among in settings.values.items()}
        tried = read_recipe(path, overrides=[*overrides, *_settings(values)])
        try:
            scores = []
            for fold, split in enumerate(folds):
                watcher.stage(f"trial {number + 1}/{settings.trials}, fold {fold + 1}/{len(folds)}")
                scores.append(_score(tried, split, target, watcher))
            trial.set_user_attr("scores", scores)
            study.tell(trial, float(np.mean(scores)))
        except EarmarkError as error:
            trial.set_user_attr("error", str(error))
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        _write_trials(folder / TRIALS, _done(study), list(settings.values))
    done = _done(study)
    if all(trial.value is None for trial in done):
        raise ModelError(f"{path}: all {len(done)} trials failed; the last: {done[-1].user_attrs['error']}")
    _write_trials(folder / TRIALS, done, list(settings.values))
    best = study.best_trial
    tuned = folder / f"{path.stem}-tuned.toml"
    write_text(tuned, _with(recipe, path, overrides, best, len(done), len(folds)).to_toml())
    return Found(dict(best.params), float(best.value), tuned, folder / TRIALS)


def _checked(recipe: Recipe, path: Path) -> SearchSettings:
    """The recipe's search. Raises UsageError where it cannot be run."""
    settings = recipe.search
    if settings is None or not settings.values:
        raise UsageError(
            f"{path}: marks nothing to search; write a table [search] with, for example, "
            '"training.optimiser.learning_rate" = { low = 1e-4, high = 1e-1, log = true }'
        )
    if settings.trials < 1 or settings.folds < 2:
        raise UsageError(f"{path}: search takes 1 trial and 2 folds or more, not {settings.trials}, {settings.folds}")
    for key, among in settings.values.items():
        if key.partition(".")[0] not in TUNED or key == "training.seed":
            raise UsageError(f"{path}: search.{key}: only {', '.join(TUNED)} are tuned, and no seed")
        if not isinstance(among, Range) and not among:
            raise UsageError(f"{path}: search.{key}: an empty list")
        if isinstance(among, Range) and (among.low >= among.high or (among.log and among.low <= 0)):
            raise UsageError(
                f"{path}: search.{key}: from {among.low} to {among.high}: low must be below high, and above 0 with log"
            )
    return settings


def _edge(settings: SearchSettings, place: int) -> dict[str, Any]:
    """The first or last value of each key."""
    return {
        key: (among.low, among.high)[place] if isinstance(among, Range) else among[place]
        for key, among in settings.values.items()
    }


def _settings(values: dict[str, Any]) -> list[str]:
    """As `--set` takes them. A JSON number, string or boolean is TOML too."""
    return [f"{key}={json.dumps(value)}" for key, value in values.items()]


def _name(recipe: Recipe, settings: SearchSettings) -> str:
    """What the trials of a search depend on: those of another are not mixed in. More trials are the same search."""
    plain = msgspec.json.encode(msgspec.structs.replace(settings, trials=0))
    return f"{recipe.digest}-{recipe.training.seed}-{hashlib.sha256(plain).hexdigest()[:12]}"


def _folds(recipe: Recipe, settings: SearchSettings) -> list[Split]:
    """The training part of the recipe's split in folds, each of them the validation part once.

    Songs or artists stay together as in the split; as songs where it names none of them but the data set does.
    """
    dataset: Dataset = DATASETS.build(recipe.data.name, options=recipe.data.options)
    split = draw(dataset, **msgspec.structs.asdict(recipe.split))
    learned = dataset.only(split.tracks(dataset, "train"))
    kind = split.kind
    if kind not in ("by_clip", "by_track", "by_artist"):
        kind = "by_track" if dataset.songs_known else "by_clip"
    drawn = [
        draw(learned, kind=kind, valid=0.0, folds=settings.folds, fold=fold, seed=settings.seed)
        for fold in range(settings.folds)
    ]
    return [
        msgspec.structs.replace(
            each, parts={track: "train" if part == "train" else "valid" for track, part in each.parts.items()}
        )
        for each in drawn
    ]


def _drawn(trial: Any, key: str, among: Range | Sequence[Any]) -> Any:
    if not isinstance(among, Range):
        return trial.suggest_categorical(key, list(among))
    whole = isinstance(among.low, int) and isinstance(among.high, int)
    return (trial.suggest_int if whole else trial.suggest_float)(key, among.low, among.high, log=among.log)


def _score(recipe: Recipe, split: Split, device: torch.device, watcher: Watcher) -> float:
    """How well the recipe does on the validation part of `split`; higher is better."""
    job = assemble(recipe, prepare(recipe, split=split, only=("train", "valid")), device, on_batch=watcher.step)
    settings, progress = recipe.training, Progress()
    for epoch in train_epochs(job.trainee, job.train, job.valid, job.plan):
        progress.add(epoch, settings.keep)
        watcher.epoch(epoch, settings.epochs)
        if progress.finished(settings.epochs, settings.patience):
            break
    score = progress.history[-1].valid_accuracy if settings.keep == "last" else progress.best_figure
    return float(score or 0.0)


def _done(study: Any) -> list[Any]:
    """The trials that came to a score or an error."""
    return [trial for trial in study.trials if trial.value is not None or "error" in trial.user_attrs]


def _write_trials(path: Path, trials: Sequence[Any], keys: Sequence[str]) -> None:
    """One row a trial, in their order: its values, its score and those of the folds, or why it failed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["trial", *keys, "score", "fold_scores", "error"])
    for number, trial in enumerate(trials, start=1):
        folds = " ".join(f"{score:.5f}" for score in trial.user_attrs.get("scores", ()))
        score = "" if trial.value is None else f"{trial.value:.5f}"
        row = [number, *(trial.params[key] for key in keys), score, folds, trial.user_attrs.get("error", "")]
        writer.writerow(row)
    write_text(path, out.getvalue())


def _with(recipe: Recipe, path: Path, overrides: Sequence[str], best: Any, trials: int, folds: int) -> Recipe:
    """The recipe with the best values, which says where they are from."""
    tuned = read_recipe(path, overrides=[*overrides, *_settings(best.params)])
    keys = ", ".join(best.params)
    said = f"{keys} tuned in {trials} trials on {folds} folds of the training part, mean score {best.value:.4f}."
    return msgspec.structs.replace(tuned, search=None, rationale=f"{recipe.rationale} {said}".strip())
