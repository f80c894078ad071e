"""`earmark train`: a recipe becomes a run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.errors import UsageError

if TYPE_CHECKING:
    from earmark.experiment.watcher import Watcher
    from earmark.recipe import Recipe


def command(
    recipe: Annotated[str | None, typer.Argument(help="A recipe file, or a shipped recipe's name.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one key: training.epochs=5.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The training's seed.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    runs: Annotated[Path, typer.Option(help="Where runs are written.")] = Path("runs"),
    find_rate: Annotated[
        bool, typer.Option("--find-learning-rate", help="Only sweep the learning rate, and say which to try.")
    ] = False,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted run.")] = None,
    more_epochs: Annotated[
        int, typer.Option(min=0, metavar="N", help="With --resume: N epochs more than are done.")
    ] = 0,
) -> None:
    """Train a model by a recipe, evaluate it, and write its report. Ctrl-C leaves a run that --resume goes on with."""
    from earmark.cli.evaluate import print_evaluations, print_reconstructions
    from earmark.cli.progress import bars
    from earmark.cli.show import note
    from earmark.experiment.evaluate import read_evaluations
    from earmark.experiment.reconstruct import read_reconstructions
    from earmark.experiment.train import resume as resume_run
    from earmark.experiment.train import train
    from earmark.recipe import find_recipe, read_recipe
    from earmark.training.distributed import first
    from earmark.wording import wording_of

    if (recipe is None) == (resume is None):
        raise UsageError("earmark train takes a recipe, or --resume with a run; earmark recipes lists those shipped")
    if resume is not None and (settings or seed is not None):
        raise UsageError("--resume goes on with the run's own recipe; --set and --seed are for a new run")
    if more_epochs and resume is None:
        raise UsageError("--more-epochs goes with --resume RUN; for a new run, --set training.epochs=N")
    watcher = None
    try:
        with bars() as watcher:
            if resume is not None:
                run = resume_run(resume, more_epochs=more_epochs, device=device, watcher=watcher)
            else:
                overrides = [*(settings or []), *([f"training.seed={seed}"] if seed is not None else [])]
                asked = read_recipe(find_recipe(str(recipe)), overrides=overrides)
                if find_rate:
                    _sweep(asked, runs, device, watcher)
                    return
                run = train(asked, runs=runs, device=device, watcher=watcher)
    except KeyboardInterrupt:
        if watcher is not None and watcher.run is not None:
            note(f"to go on: earmark train --resume {shlex.quote(str(watcher.run))}")
        raise
    if first():
        if figures := read_reconstructions(run):
            print_reconstructions(figures)
        else:
            print_evaluations(read_evaluations(run), wording_of(read_recipe(run.recipe).data.name))
        note(f"run: {run.folder}\nreport: {run.report}")


def _sweep(recipe: Recipe, runs: Path, device: str, watcher: Watcher) -> None:
    from earmark.cli.show import note
    from earmark.experiment.learning_rate import find_learning_rate

    plot = runs / f"learning_rate-{recipe.model.name}.svg"
    rate = find_learning_rate(recipe, plot, device=device, watcher=watcher)
    typer.echo(f"training.optimiser.learning_rate={rate:.2g}")
    note(f"plot: {plot}")
