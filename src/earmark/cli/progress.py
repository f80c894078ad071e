"""Progress on standard error: bars in a terminal, one line an epoch elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from earmark.cli.show import note
from earmark.experiment.watcher import Watcher
from earmark.tracks import Fault
from earmark.training.history import Epoch


class Bars(Watcher):
    """Shows stages, batches and epochs, and keeps the tracks that could not be used."""

    def __init__(self, progress: Progress | None) -> None:
        self.faults: list[Fault] = []
        self.run: Path | None = None
        self._progress = progress
        self._stage = progress.add_task("", total=None) if progress else None
        self._epochs = progress.add_task("epochs", total=None, visible=False) if progress else None

    def began(self, run: Path) -> None:
        self.run = run

    def stage(self, text: str) -> None:
        if self._progress is not None and self._stage is not None:
            self._progress.update(self._stage, description=text, total=None, completed=0)
        else:
            note(text)

    def step(self, done: int, of: int) -> None:
        if self._progress is not None and self._stage is not None:
            self._progress.update(self._stage, completed=done, total=of)

    def epoch(self, epoch: Epoch, of: int) -> None:
        text = f"loss {epoch.train_loss:.3f}  accuracy {epoch.train_accuracy:.3f}"
        if epoch.valid_accuracy is not None:
            text += f"  valid loss {epoch.valid_loss:.3f}  valid accuracy {epoch.valid_accuracy:.3f}"
        if self._progress is not None and self._epochs is not None:
            self._progress.update(self._epochs, completed=epoch.epoch, total=of, description=text, visible=True)
        else:
            note(f"epoch {epoch.epoch}/{of}  {text}  {epoch.seconds:.1f} s")

    def skipped(self, faults: tuple[Fault, ...]) -> None:
        self.faults.extend(faults)


@contextlib.contextmanager
def bars() -> Iterator[Bars]:
    """A watcher that shows progress while the block runs, and lists what was skipped at its end."""
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            watcher = Bars(progress)
            yield watcher
    else:
        watcher = Bars(None)
        yield watcher
    list_faults(watcher.faults)


def list_faults(faults: list[Fault]) -> None:
    """Say on standard error what could not be used and why."""
    if faults:
        note(f"{len(faults)} skipped:")
        for fault in faults:
            note(f"  {fault.what}" if fault.where in fault.what else f"  {fault.where}: {fault.what}")
