"""What the tests give to workers: chores that fail in every way that work can fail."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from earmark.errors import ModelError


@dataclass(frozen=True)
class Chores:
    """Makes a function of words. It notes in `folder` each time that it is made, and each word that it begins.

    "die" kills its process each time, "die once" the first time; "hang" goes on for a minute.
    """

    folder: Path
    seconds: float = 0.0

    def __call__(self) -> Callable[[str], tuple[str, int]]:
        self.note(f"made by {os.getpid()}")
        return self.work

    def work(self, word: str) -> tuple[str, int]:
        before = self.noted().count(f"begun {word}")
        self.note(f"begun {word}")
        time.sleep(self.seconds)
        kind = word.partition(":")[0]
        if kind == "die" or (kind == "die once" and not before):
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "exit":
            os._exit(7)
        if kind == "hang":
            time.sleep(60)
        if kind == "refuse":
            raise ModelError(f"{word}: refused")
        if kind == "break":
            raise ZeroDivisionError(word)
        return word.upper(), os.getpid()

    def note(self, line: str) -> None:
        with (self.folder / "notes.txt").open("a") as file:
            file.write(line + "\n")

    def noted(self) -> list[str]:
        path = self.folder / "notes.txt"
        return path.read_text().splitlines() if path.exists() else []


@dataclass(frozen=True)
class Stillborn:
    """Dies where it is made."""

    def __call__(self) -> Callable[[str], str]:
        os.kill(os.getpid(), signal.SIGSEGV)
        return str.upper


@dataclass(frozen=True)
class Threads:
    """Says how many threads torch would use, and how an interrupt is taken."""

    def __call__(self) -> Callable[[str], tuple[int, bool]]:
        import torch

        return lambda _: (torch.get_num_threads(), signal.getsignal(signal.SIGINT) is signal.SIG_IGN)


@dataclass(frozen=True)
class Counting:
    """Yields the numbers before the one given, and returns that; a negative one is how much memory it takes."""

    def __call__(self) -> Callable[[int], Generator[int, None, int]]:
        return self.count

    def count(self, number: int) -> Generator[int, None, int]:
        if number < 0:
            bytearray(-number)
        yield from range(number)
        return number


@dataclass(frozen=True)
class Refused:
    """Raises where it is made."""

    def __call__(self) -> Callable[[str], str]:
        raise ModelError("nothing to load")
