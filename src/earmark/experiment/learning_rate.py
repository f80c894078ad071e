"""How high a recipe's learning rate may be."""

from __future__ import annotations

from pathlib import Path

from earmark.atomic import write_text
from earmark.errors import UsageError
from earmark.experiment.assemble import assemble
from earmark.experiment.prepare import check, prepare
from earmark.experiment.watcher import Watcher
from earmark.recipe import Recipe
from earmark.report.figures import draw_sweep
from earmark.training.checkpoint import to_device
from earmark.training.distributed import started_by_torchrun
from earmark.training.learning_rate import suggested, sweep


def find_learning_rate(recipe: Recipe, plot: Path, *, device: str = "auto", watcher: Watcher | None = None) -> float:
    """Sweep the learning rate of `recipe` from low to high on its training part; give the one to try.

    Writes the curve of the loss over the rate to `plot`, as SVG. Raises ModelError where the loss never falls,
    UsageError under torchrun.
    """
    if started_by_torchrun():
        raise UsageError("the learning rate is swept in one process; start earmark without torchrun for it")
    check(recipe)
    target = to_device(device)
    watcher = watcher or Watcher()
    job = assemble(recipe, prepare(recipe, watcher=watcher), target)
    watcher.stage("sweeping the learning rate")
    curve = sweep(job.trainee, job.train, job.plan)
    found = suggested(curve)
    write_text(plot, draw_sweep(curve, found))
    return found
