"""Digests of files."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path


def file_digest(path: Path) -> str:
    """BLAKE2b of the file's bytes, 32 hex digits. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def remembered_digest(path: Path) -> str:
    """The file's digest, computed again only where its size or time has changed. Raises OSError."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=100_000)
def _digest(path: Path, _size: int, _mtime_ns: int) -> str:
    return file_digest(path)
