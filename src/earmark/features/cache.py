"""Feature arrays on disk, so that a second training starts at once.

One array is one file: NumPy's own format, then a footer of mark, length and CRC-32 of all before. A writer replaces the
whole file, so that processes share the folder without locks. The footer is checked at every opening, the checksum at
the first one in a process and whenever the file's time has changed since: reading it once costs 0.5 ms a megabyte,
where making the features anew costs a hundred times that. What fails a check is made anew.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.atomic import replacing
from earmark.errors import DataError, UsageError
from earmark.folders import cache_folder

DEFAULT_LIMIT = 20 * 10**9  # bytes
FOOTER = struct.Struct("<4sQI")
MARK = b"emf1"
ABANDONED_SECONDS = 3600  # a temporary file of that age has lost its writer
SCAN_SHARE = 32  # the folder is measured after each 32nd part of the limit written: by so much it may overshoot


class FeatureCache:
    """Arrays by key in `folder` (None: `features` in `cache_folder()`); over `limit_bytes` the longest unused leave."""

    def __init__(self, folder: Path | None = None, limit_bytes: int = DEFAULT_LIMIT) -> None:
        if limit_bytes < 1:
            raise UsageError(f"a cache of limit_bytes={limit_bytes} holds nothing; it must be 1 or more")
        self.folder = cache_folder() / "features" if folder is None else folder
        self.limit_bytes = limit_bytes
        self._verified: dict[Path, int] = {}  # to the file's time in ns
        self._unmeasured = limit_bytes

    def array(self, key: str, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The array of that key, memory-mapped and read-only; `compute` makes it where it is missing or damaged.

        `key` is any text that changes whenever the array would: the content's digest and the settings.
        Raises DataError where the folder cannot be written, and whatever `compute` raises.
        """
        name = blake2b(key.encode(), digest_size=16).hexdigest()
        path = self.folder / name[:2] / f"{name}.npy"
        found = self._open(path)
        if found is None:
            made = compute()
            self._write(path, made)
            found = self._open(path)
            self._evict()
            if found is None:  # another process has evicted it already
                return made
        return found

    def size(self) -> int:
        """Bytes in use."""
        return sum(size for _, size, _ in self._files())

    def clear(self) -> None:
        """Remove all arrays."""
        for _, _, path in self._files():
            _remove(path)

    def _open(self, path: Path) -> NDArray[Any] | None:
        """None where there is no file, or a damaged one."""
        try:
            with path.open("rb") as file:
                length = file.seek(0, os.SEEK_END) - FOOTER.size
                file.seek(max(0, length))
                mark, written, checksum = FOOTER.unpack(file.read())
                if mark != MARK or written != length:
                    return None
                if self._verified.get(path) != os.fstat(file.fileno()).st_mtime_ns:
                    file.seek(0)
                    if zlib.crc32(file.read(length)) != checksum:
                        return None
            array = np.lib.format.open_memmap(path, mode="r")
            os.utime(path)
            self._verified[path] = path.stat().st_mtime_ns
        except (OSError, ValueError, struct.error):
            return None
        return array

    def _write(self, path: Path, array: NDArray[Any]) -> None:
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        body = buffer.getbuffer()
        try:
            with replacing(path, durable=False) as temporary, temporary.open("wb") as file:
                file.write(body)
                file.write(FOOTER.pack(MARK, len(body), zlib.crc32(body)))
        except OSError as error:
            raise DataError(
                f"{self.folder}: the feature cache cannot be written: {error.strerror}; "
                "set EARMARK_CACHE to a folder with room"
            ) from error
        self._unmeasured += len(body) + FOOTER.size

    def _evict(self) -> None:
        """Measure the folder where enough has been written since the last time; beyond the limit the oldest leave."""
        if self._unmeasured < self.limit_bytes / SCAN_SHARE:
            return
        self._unmeasured = 0
        files = sorted(self._files())
        excess = sum(size for _, size, _ in files) - self.limit_bytes
        for _, size, path in files:
            if excess <= 0:
                break
            _remove(path)
            excess -= size

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """Time of last use in ns, bytes and path of each file that nobody is writing; some may vanish meanwhile."""
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                if path.suffix == ".npy" or status.st_mtime < time.time() - ABANDONED_SECONDS:
                    yield status.st_mtime_ns, status.st_size, path


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError):  # gone already; Windows: still mapped somewhere
        path.unlink()
