"""Progress on standard error: bars in a terminal, one line an epoch elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from earmark.cli.show import note
from earmark.experiment.watcher import Watcher
from earmark.tracks import Fault
from earmark.training.history import Epoch


class WithFigures(Progress):
    """Bars, and below them a line of text."""

    figures = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """What is drawn."""
        yield from super().get_renderables()
        if self.figures:
            yield Text(self.figures)


class Bars(Watcher):
    """Shows stages, batches and epochs, and keeps the tracks that could not be used."""

    def __init__(self, progress: WithFigures | None, stage: str) -> None:
        self.faults: list[Fault] = []
        self.run: Path | None = None
        self._progress = progress
        self._stage = progress.add_task(stage, total=None) if progress else None
        self._epochs = progress.add_task("epochs", total=None, visible=False) if progress else None

    def began(self, run: Path) -> None:
        self.run = run

    def stage(self, text: str) -> None:
        if self._progress is not None and self._stage is not None:
            self._progress.reset(self._stage, description=text)
            self._progress.tasks[self._stage].total = None  # reset takes None for "as it was"
        else:
            note(text)

    def remark(self, text: str) -> None:
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            note(text)

    def step(self, done: int, of: int) -> None:
        if self._progress is not None and self._stage is not None:
            self._progress.update(self._stage, completed=done, total=of)

    def epoch(self, epoch: Epoch, of: int) -> None:
        text = f"loss {epoch.train_loss:.3f}"
        if epoch.train_accuracy is not None:
            text += f"  accuracy {epoch.train_accuracy:.3f}"
        if epoch.valid_loss is not None:
            text += f"  valid loss {epoch.valid_loss:.3f}"
        if epoch.valid_accuracy is not None:
            text += f"  valid accuracy {epoch.valid_accuracy:.3f}"
        if self._progress is not None and self._epochs is not None:
            self._progress.figures = text
            self._progress.update(self._epochs, completed=epoch.epoch, total=of, visible=True)
        else:
            note(f"epoch {epoch.epoch}/{of}  {text}  {epoch.seconds:.1f} s")

    def skipped(self, faults: tuple[Fault, ...]) -> None:
        self.faults.extend(faults)


@contextlib.contextmanager
def bars(stage: str = "") -> Iterator[Bars]:
    """A watcher that shows progress while the block runs, and lists what was skipped at its end.

    `stage` is what a terminal shows first.
    """
    console = Console(stderr=True)
    if console.is_interactive:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with WithFigures(*columns, console=console, transient=True) as progress:
            watcher = Bars(progress, stage)
            yield watcher
    else:
        watcher = Bars(None, stage)
        yield watcher
    list_faults(watcher.faults)


def list_faults(faults: list[Fault]) -> None:
    """Say on standard error what could not be used and why."""
    if faults:
        note(f"{len(faults)} skipped:")
        for fault in faults:
            note(f"  {fault.what}" if fault.where in fault.what else f"  {fault.where}: {fault.what}")
