"""Training: a recipe, or a run that was interrupted, to a finished run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import torch

from earmark.atomic import write_text
from earmark.classifier import load_run, write_card
from earmark.classifier.runs import read_card
from earmark.errors import DataError
from earmark.experiment.assemble import Job, assemble
from earmark.experiment.autoencoder import is_autoencoder
from earmark.experiment.calibrate import calibrated
from earmark.experiment.ensemble import combine, gather, is_ensemble
from earmark.experiment.evaluate import judge, keep_evaluations
from earmark.experiment.fitting import fit, is_estimator
from earmark.experiment.inheritance import located, read_inheritance, write_inheritance
from earmark.experiment.learned_texts import write_learned
from earmark.experiment.prepare import Prepared, check, prepare
from earmark.experiment.reconstruct import judge_autoencoder, write_autoencoder_card
from earmark.experiment.report import write_report
from earmark.experiment.training_log import logged
from earmark.experiment.watcher import Watcher
from earmark.features.extract import data_checksum
from earmark.features.pieces import Pieces
from earmark.recipe import Recipe, read_recipe
from earmark.run import Run, create_run, environment, open_run, write_json
from earmark.splits import read_split
from earmark.training.checkpoint import Progress, load_checkpoint, save_checkpoint, save_weights, to_device
from earmark.training.distributed import first, first_alone, from_first, joined, processes
from earmark.training.history import read_history, write_history
from earmark.training.loop import Plan
from earmark.training.loop import train as train_epochs
from earmark.training.precision import precision_on


def train(
    recipe: Recipe, *, runs: Path = Path("runs"), name: str = "", device: str = "auto", watcher: Watcher | None = None
) -> Run:
    """Train what `recipe` says into a new run under `runs`, evaluate it, and write its report.

    Raises UsageError for a recipe that does not fit, DataError for data that cannot be used, ModelError where the
    training fails. A training that is interrupted leaves a run that `resume` goes on with. Under torchrun all processes
    share in the training, and the first writes. An ensemble is made, not trained; an estimator is fitted, in no epochs;
    an autoencoder's run has reconstruction.json in place of a classifier and its scores.
    """
    recipe = located(recipe)
    if is_ensemble(recipe):
        with joined(to_device(device)) as target:
            return from_first(lambda: _combined(recipe, runs, name, target, _heard(watcher)))
    check(recipe)
    with joined(to_device(device)) as target:
        watcher = _heard(watcher)
        with first_alone():
            prepared = prepare(recipe, watcher=watcher)
        run = from_first(lambda: _begin(recipe, prepared, runs, name, target))
        return _train(run, recipe, prepared, target, watcher)


def _combined(recipe: Recipe, runs: Path, name: str, device: torch.device, watcher: Watcher) -> Run:
    """A new run whose classifier is the ensemble of others."""
    gathered = gather(recipe)
    prepared = prepare(recipe, only=("valid", "test"), watcher=watcher)
    card, model = combine(gathered, prepared)
    run = _begin(recipe, prepared, runs, name, device)
    watcher.began(run.folder)
    write_card(run.folder, card)
    save_weights(run.weights, model)
    return _judged(run, recipe, prepared, device, watcher)


def _heard(watcher: Watcher | None) -> Watcher:
    """The watcher in the first process, a quiet one in the others."""
    return watcher if watcher is not None and first() else Watcher()


def _begin(recipe: Recipe, prepared: Prepared, runs: Path, name: str, device: torch.device) -> Run:
    """A new run with what it is made from."""
    by_epochs = not is_ensemble(recipe) and not is_estimator(recipe)
    run = create_run(runs, name or recipe.model.name, recipe.training.seed)
    write_text(run.recipe, recipe.to_toml())
    prepared.split.write(run.split)
    write_learned(run, prepared.dataset, prepared.split)
    many = f"{processes()} × " if processes() > 1 else ""
    made_with = environment(
        device=f"{many}{device}",
        threads=torch.get_num_threads(),
        data_checksum=data_checksum(prepared.dataset),
        data_licence=prepared.dataset.licence,
        precision=precision_on(device, recipe.training.precision) if by_epochs else "",
    )
    write_json(run.environment, made_with)
    return run


def resume(path: Path, *, more_epochs: int = 0, device: str = "auto", watcher: Watcher | None = None) -> Run:
    """Go on with the training in the run at `path`: an interrupted one to the numbers it would have reached.

    `more_epochs` are added to a finished one; its schedule stays laid out for the epochs first planned, and patience
    is counted anew. Raises DataError where the data set is no longer what the run was made from. Under torchrun every
    process reads the run; of how many processes the training had before does not matter.
    """
    with joined(to_device(device)) as target:
        watcher = _heard(watcher)
        run, recipe = from_first(lambda: _reopened(path, more_epochs))
        with first_alone():
            prepared = prepare(recipe, split=read_split(run.split), watcher=watcher)
        made_from = msgspec.json.decode(run.environment.read_bytes())["data_checksum"]
        found = data_checksum(prepared.dataset)
        if found != made_from:
            raise DataError(
                f"{run.folder}: {prepared.dataset.name} has changed since this run began "
                f"(checksum {found}, then {made_from}); train a new run"
            )
        return _train(run, recipe, prepared, target, watcher, waiting_anew=more_epochs > 0)


def _reopened(path: Path, more_epochs: int) -> tuple[Run, Recipe]:
    """The run at `path` and its recipe, made longer in the run too where asked."""
    run = open_run(path)
    recipe = read_recipe(run.recipe)
    check(recipe)
    if more_epochs:
        recipe = _longer(recipe, len(read_history(run.history)), more_epochs)
        write_text(run.recipe, recipe.to_toml())
    return run, recipe


def _longer(recipe: Recipe, done: int, more: int) -> Recipe:
    """The recipe with `more` epochs after the `done` ones."""
    settings = recipe.training
    laid_out = settings.schedule_epochs or settings.epochs
    longer = msgspec.structs.replace(settings, epochs=done + more, more_epochs=0, schedule_epochs=laid_out)
    return msgspec.structs.replace(recipe, training=longer)


def _train(
    run: Run, recipe: Recipe, prepared: Prepared, device: torch.device, watcher: Watcher, *, waiting_anew: bool = False
) -> Run:
    watcher.began(run.folder)
    if is_estimator(recipe):
        return from_first(lambda: _fitted(run, recipe, prepared, device, watcher))
    begun = read_inheritance(run) if run.last.is_file() else None
    if run.last.is_file() and isinstance(prepared.features, Pieces):
        # The network whose pieces they are may be gone, or be another by now.
        prepared = replace(prepared, features=read_card(run.folder).features)
    job = assemble(recipe, prepared, device, on_batch=watcher.step, begun=begun)
    if first():
        if is_autoencoder(recipe):
            write_autoencoder_card(run, job.card)
        else:
            write_card(run.folder, job.card)
        if job.inheritance is not None:
            write_inheritance(run, job.inheritance)
    if job.inheritance is not None:
        watcher.remark(job.inheritance.says)
    if recipe.training.precision == "bfloat16" and not job.plan.bfloat16:
        watcher.remark("float32 in place of bfloat16, for which this CPU lacks AVX-512 and would take far longer")
    progress = load_checkpoint(run.last, job.trainee) if run.last.is_file() else Progress()
    if waiting_anew:
        progress.waiting_from = len(progress.history)
    watcher.stage(f"training {recipe.model.name}")
    more = recipe.training.more_epochs
    if not (more and progress.waiting_from):
        _run_epochs(run, recipe, job, job.plan, progress, watcher)
        if more:
            progress.waiting_from = len(progress.history)
    if more:
        laid_out = job.plan.schedule_epochs or job.plan.epochs
        longer = replace(job.plan, epochs=progress.waiting_from + more, schedule_epochs=laid_out)
        _run_epochs(run, recipe, job, longer, progress, watcher)
    return from_first(lambda: _judged(run, recipe, prepared, device, watcher))


def _run_epochs(run: Run, recipe: Recipe, job: Job, plan: Plan, progress: Progress, watcher: Watcher) -> None:
    """The epochs of `plan` that are not done, each written down."""
    settings = recipe.training
    if progress.finished(plan.epochs, settings.patience):
        return
    with logged(run, recipe, progress.history, watcher) as hearing:
        for epoch in train_epochs(job.trainee, job.train, job.valid, plan, done=tuple(progress.history)):
            better = progress.add(epoch, settings.keep)
            if first():
                _save(run, job, progress, better=better)
            hearing.epoch(epoch, plan.epochs)
            if progress.finished(plan.epochs, settings.patience):
                break


def _fitted(run: Run, recipe: Recipe, prepared: Prepared, device: torch.device, watcher: Watcher) -> Run:
    """The run with a classifier that took no epochs."""
    watcher.stage(f"fitting {recipe.model.name}")
    card, model = fit(recipe, prepared)
    write_card(run.folder, card)
    save_weights(run.weights, model)
    return _judged(run, recipe, prepared, device, watcher)


def _save(run: Run, job: Job, progress: Progress, *, better: bool) -> None:
    """Write down an epoch: its weights where they are the best so far, and all that continues from here."""
    if better:
        save_weights(run.weights, job.trainee.judged)
    save_checkpoint(run.last, job.trainee, progress)
    write_history(run.history, progress.history)


def _judged(run: Run, recipe: Recipe, prepared: Prepared, device: torch.device, watcher: Watcher) -> Run:
    """The run with its calibrated classifier, its evaluations and its report; an autoencoder with its figures."""
    if is_autoencoder(recipe):
        watcher.stage("writing the report")
        judge_autoencoder(run, prepared, device)
        return run
    classifier = calibrated(load_run(run.folder, device=str(device)), prepared)
    write_card(run.folder, classifier.card)
    judged_parts = [part for part in prepared.parts if part != "train"]
    keep_evaluations(run, {part: judge(run, recipe, classifier, prepared, part) for part in judged_parts})
    if judged_parts:
        watcher.stage("writing the report")
        write_report(run.folder)
    return run
