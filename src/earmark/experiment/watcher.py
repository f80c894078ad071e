"""How a long piece of work tells what it is doing."""

from __future__ import annotations

from pathlib import Path

from earmark.tracks import Fault
from earmark.training.history import Epoch


class Watcher:
    """Hears how an experiment goes. The command line shows it; the default keeps quiet."""

    def began(self, run: Path) -> None:
        """The run's folder is there; from its first epoch on it can be continued."""

    def stage(self, text: str) -> None:
        """A new stage begins."""

    def remark(self, text: str) -> None:
        """Something a person should know before going on."""

    def step(self, done: int, of: int) -> None:
        """So many of the tracks or batches of the stage are done."""

    def epoch(self, epoch: Epoch, of: int) -> None:
        """An epoch is done."""

    def skipped(self, faults: tuple[Fault, ...]) -> None:
        """These tracks could not be used."""
