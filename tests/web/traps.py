"""A listener for hostile files: what a file says is done to the process that reads it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from earmark.errors import AudioError
from earmark.web.paths import Sound


@dataclass(frozen=True)
class Trap:
    """Stands in for `Listening`, under the same arguments."""

    model: str
    min_confidence: float
    longest: float

    def __call__(self):
        return act


def act(sound: Sound) -> Generator[str, None, str]:
    deed = Path(sound.path).read_bytes()[:20].decode()
    yield f"{sound.name} says {deed}"
    if deed == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if deed == "hang":
        time.sleep(60)
    if deed == "eat":
        bytearray(1 << 31)
    if deed == "refuse":
        raise AudioError(f"{sound.name}: no sound")
    if deed == "break":
        raise ZeroDivisionError(deed)
    return f"heard {deed}"
