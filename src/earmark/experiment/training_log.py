"""A training's epochs in TensorBoard or MLflow too, where a recipe asks for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from earmark.errors import ModelError, need
from earmark.experiment.watcher import Watcher
from earmark.recipe import Recipe
from earmark.run import Run
from earmark.training.distributed import first
from earmark.training.history import Epoch

FIGURES = ("learning_rate", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "seconds")
TAG = "earmark.run"
Log = Callable[[Epoch], None]


def check_log(recipe: Recipe) -> None:
    """Raise UsageError, naming the extra, where what the recipe logs to is not installed."""
    name = recipe.training.log
    if name is not None:
        need(name, extra=name, purpose=f"training.log = {name!r}")


@contextlib.contextmanager
def logged(run: Run, recipe: Recipe, done: Sequence[Epoch], watcher: Watcher) -> Iterator[Watcher]:
    """Whom to tell of the epochs after those of `done`: the watcher, and with it the log that `recipe` asks for.

    Raises ModelError where MLflow does not take them.
    """
    name = recipe.training.log
    if name is None or not first():
        yield watcher
        return
    with _tensorboard(run) if name == "tensorboard" else _mlflow(run, recipe) as log:
        for epoch in done:
            log(epoch)
        yield _Both(watcher, log)


def _figures(epoch: Epoch) -> dict[str, float]:
    """Those of the epoch that there are."""
    return {name: float(value) for name in FIGURES if (value := getattr(epoch, name)) is not None}


@contextlib.contextmanager
def _tensorboard(run: Run) -> Iterator[Log]:
    """Scalars by epoch in the run's folder; `tensorboard --logdir runs` shows them."""
    from torch.utils.tensorboard import SummaryWriter

    folder = run.folder / "tensorboard"
    shutil.rmtree(folder, ignore_errors=True)  # an interrupted training's may end in the middle of a record
    with SummaryWriter(str(folder)) as writer:

        def log(epoch: Epoch) -> None:
            for name, value in _figures(epoch).items():
                part, _, figure = name.rpartition("_")
                tag = f"{figure}/{part}" if part in ("train", "valid") else name
                writer.add_scalar(tag, value, epoch.epoch)
            writer.flush()

        yield log


@contextlib.contextmanager
def _mlflow(run: Run, recipe: Recipe) -> Iterator[Log]:
    """Metrics by epoch and the recipe's keys, where MLflow's own variables say; the experiment's name is earmark's."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param
    from mlflow.exceptions import MlflowException

    status = "FAILED"
    try:
        client = MlflowClient()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "earmark")
        known = client.get_experiment_by_name(name)
        experiment = client.create_experiment(name) if known is None else known.experiment_id
        begun = client.search_runs([experiment], f"tags.`{TAG}` = '{run.name}'")
        entry = (begun or [client.create_run(experiment, run_name=run.name, tags={TAG: run.name})])[0].info.run_id
        if not begun:
            client.log_batch(entry, params=[Param(key, str(value)) for key, value in _keys(recipe).items()])
        there = {metric.step for metric in client.get_metric_history(entry, "train_loss")}

        def log(epoch: Epoch) -> None:
            if epoch.epoch not in there:
                now = round(time.time() * 1000)
                client.log_batch(
                    entry, [Metric(name, value, now, epoch.epoch) for name, value in _figures(epoch).items()]
                )

        client.update_run(entry, "RUNNING")
        try:
            yield log
            status = "FINISHED"
        finally:
            client.set_terminated(entry, status)
    except MlflowException as error:
        where = os.environ.get("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_URI, which is not set")
        raise ModelError(f"{run.folder}: MLflow at {where}: {error}") from error


def _keys(recipe: Recipe) -> dict[str, Any]:
    """`model.depth` and so on: every key of the recipe as resolved."""

    def leaves(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
        for key, value in table.items():
            if isinstance(value, dict):
                yield from leaves(value, f"{prefix}{key}.")
            else:
                yield prefix + key, value

    return dict(leaves(tomllib.loads(recipe.to_toml()), ""))


class _Both(Watcher):
    """Hears epochs for a watcher and a log."""

    def __init__(self, watcher: Watcher, log: Log) -> None:
        self._watcher = watcher
        self._log = log

    def epoch(self, epoch: Epoch, of: int) -> None:
        self._log(epoch)
        self._watcher.epoch(epoch, of)
