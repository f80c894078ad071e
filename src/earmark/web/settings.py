"""What a server is started with."""

from __future__ import annotations

from pathlib import Path

import msgspec

from earmark.batches.mapping import usable_cores
from earmark.classifier import DEFAULT

MIB = 1024 * 1024
LEAST_RATE = 8 * 1024  # bytes a second: the slowest telephone line that still gets through


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a server is started with.

    folder     the person's music; None: no library, only what is uploaded
    runs       the folder of runs
    model      the classifier that listens, by path or by name
    min_confidence  how probable a genre must be to be named
    token      asked of everyone, where not None
    hosts      names by which the server may be called, beside addresses of this machine
    workers    processes that listen
    ready      whether these load the classifier at once, not when the first song comes
    waiting    jobs that may wait; more are refused
    kept       finished jobs whose results can still be asked for
    upload     bytes of one upload
    uploads    bytes of all that wait
    longest    seconds of sound in one file
    seconds    for listening to one file, its wait not counted
    patience   seconds that a client may be late with what it sends, at `LEAST_RATE` bytes a second
    memory     bytes that a process which listens may take for itself
    """

    folder: Path | None = None
    runs: Path = Path("runs")
    model: str = DEFAULT
    min_confidence: float = 0.5
    token: str | None = None
    hosts: tuple[str, ...] = ()
    workers: int = msgspec.field(default_factory=lambda: min(2, usable_cores()))
    ready: bool = False
    waiting: int = 64
    kept: int = 200
    upload: int = 512 * MIB
    uploads: int = 4096 * MIB
    longest: float = 1800.0
    seconds: float = 120.0
    patience: float = 20.0
    memory: int = 3072 * MIB
