"""Files that are either the old or the new, never half of one: written beside, flushed, renamed over."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path`; when the block ends well, flush it to disk and rename it over `path`.

    Where the block raises, the temporary file is removed and `path` stays as it was. `durable=False` leaves the
    flushing to the system (two calls of some milliseconds each): for what carries a checksum and can be made again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
        if durable:
            flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` to `path` atomically, as UTF-8 with the line ends it has."""
    write_bytes(path, content.encode())


def flush_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable, where the system can (Windows has no such call)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
