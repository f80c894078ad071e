"""Files that are sent here: into a folder of their own, under names of our own, no larger and no slower than may be."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from earmark.web.settings import LEAST_RATE, MIB

CLOSE = {"connection": "close"}  # or the rest of what was refused would have to be read
TOO_LARGE = {413: "the upload is larger than this server takes"}
TOO_SLOW = {408: "the upload came too slowly, or broke off"}
TOO_MANY = {503: "too many are waiting already"}


class Uploads:
    """The files that wait to be listened to. `each` and `total` are bytes; `patience` is as `Settings` says."""

    def __init__(self, *, each: int, total: int, patience: float) -> None:
        self.each, self.total, self.patience = each, total, patience
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()
        self._held = 0

    def start(self) -> None:
        """Make the folder."""
        self._folder = tempfile.TemporaryDirectory(prefix="earmark-")

    def close(self) -> None:
        """Remove the folder, and all that is in it."""
        if self._folder is not None:
            self._folder.cleanup()

    async def receive(self, request: Request) -> Path:
        """Write the body of a request to a file, which `discard` removes.

        Raises HTTPException: 400 without a body, 408 where it comes too slowly or breaks off, 413 where it is too
        large, 503 where too much waits already. Nothing stays of what was refused.
        """
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self.each:
            raise self._too_large()
        if self._folder is None:
            raise RuntimeError("uploads are received between start() and close()")
        with tempfile.NamedTemporaryFile(dir=self._folder.name, delete=False) as file:
            path, size = Path(file.name), 0
            try:
                begin = asyncio.get_running_loop().time()
                chunks = request.stream()
                while True:
                    # One rule for those who send nothing and those who send a byte now and then.
                    async with asyncio.timeout_at(begin + self.patience + size / LEAST_RATE):
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        break
                    if size + len(chunk) > self.each:
                        raise self._too_large()
                    self._hold(len(chunk))
                    size += len(chunk)
                    file.write(chunk)
                if not size:
                    raise HTTPException(400, "no file in the request: it is its body")
            except BaseException as error:
                self._discard(path, size)
                if isinstance(error, TimeoutError):
                    raise HTTPException(408, "the upload came too slowly", CLOSE) from error
                if isinstance(error, ClientDisconnect):
                    raise HTTPException(408, "the upload broke off", CLOSE) from error
                raise
        return path

    def discard(self, path: Path) -> None:
        """Remove a file that was received."""
        self._discard(path, path.stat().st_size)

    def _discard(self, path: Path, size: int) -> None:
        path.unlink(missing_ok=True)
        with self._lock:
            self._held -= size

    def _hold(self, more: int) -> None:
        with self._lock:
            if self._held + more > self.total:
                raise HTTPException(
                    503, "too much waits already; try again in a few seconds", CLOSE | {"retry-after": "5"}
                )
            self._held += more

    def _too_large(self) -> HTTPException:
        why = f"the file is larger than {self.each // MIB} MiB, which is the most this server takes"
        return HTTPException(413, why, CLOSE)
