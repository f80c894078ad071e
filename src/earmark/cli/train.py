"""`earmark train`: a recipe becomes a run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from earmark.errors import UsageError


def command(
    recipe: Annotated[str | None, typer.Argument(help="A recipe file, or a shipped recipe's name.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one key: training.epochs=5.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The training's seed.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    runs: Annotated[Path, typer.Option(help="Where runs are written.")] = Path("runs"),
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted run.")] = None,
    more_epochs: Annotated[
        int, typer.Option(min=0, metavar="N", help="With --resume: N epochs more than are done.")
    ] = 0,
) -> None:
    """Train a model by a recipe, evaluate it, and write its report. Ctrl-C leaves a run that --resume goes on with."""
    from earmark.cli.evaluate import print_evaluations
    from earmark.cli.progress import bars
    from earmark.cli.show import note
    from earmark.experiment.evaluate import read_evaluations
    from earmark.experiment.report import write_report
    from earmark.experiment.train import resume as resume_run
    from earmark.experiment.train import train
    from earmark.recipe import find_recipe, read_recipe

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
                run = train(asked, runs=runs, device=device, watcher=watcher)
            watcher.stage("writing the report")
            page = write_report(run.folder)
    except KeyboardInterrupt:
        if watcher is not None and watcher.run is not None:
            note(f"to go on: earmark train --resume {shlex.quote(str(watcher.run))}")
        raise
    print_evaluations(read_evaluations(run))
    note(f"run: {run.folder}\nreport: {page}")
