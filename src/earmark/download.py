"""Files from elsewhere: several mirrors, a broken line taken up where it broke, nothing kept unchecked."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from earmark.atomic import flush_folder
from earmark.errors import DataError
from earmark.unpack import unpack

BLOCK = 1 << 18  # bytes read at a time, at most
TIMEOUT = 30.0  # seconds without a byte before a line counts as broken
ATTEMPTS = 5  # at one mirror
PASSING = frozenset({408, 425, 429})  # statuses that, like all from 500 on, may be gone at the next attempt

Progress = Callable[[int, int | None], None]  # bytes there are so far, and of how many, where that is known


@dataclass(frozen=True)
class Source:
    """An archive that `fetch_named` can bring: its mirrors, checksum, and the folder it unpacks to."""

    what: str
    urls: tuple[str, ...]
    file: str
    folder: str
    unpacked_limit: int
    checksum: str


FETCHABLE = {
    # The data set's first home has been down for years; the first mirror is kept by Marsyas, where it was made.
    "gtzan": Source(
        what="GTZAN's audio: 10 genres, 100 excerpts of 30 s each (1.2 GB)",
        urls=(
            "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
            "https://web.archive.org/web/20220328223413id_/http://opihi.cs.uvic.ca/sound/genres.tar.gz",
            "http://opihi.cs.uvic.ca/sound/genres.tar.gz",
        ),
        file="genres.tar.gz",
        folder="genres",
        unpacked_limit=2_000_000_000,
        checksum="md5:5b3d6dddb579ab49814ab86dba69e7c7",
    ),
    "fma_small": Source(
        what="the Free Music Archive's small subset: 8 genres, 1,000 clips of 30 s each (7.7 GB)",
        urls=("https://os.unil.cloud.switch.ch/fma/fma_small.zip",),
        file="fma_small.zip",
        folder="fma_small",
        unpacked_limit=10_000_000_000,
        checksum="sha1:ade154f733639d52e35e32f5593efe5be76c6d70",
    ),
    "fma_metadata": Source(
        what="the Free Music Archive's tables: genres, parts, artists and titles, which fma_small needs (358 MB)",
        urls=("https://os.unil.cloud.switch.ch/fma/fma_metadata.zip",),
        file="fma_metadata.zip",
        folder="fma_metadata",
        unpacked_limit=3_000_000_000,
        checksum="sha1:f0df49ffe5f2a6008d7dc83c6915b31835dfe733",
    ),
    "cifar100": Source(
        what="CIFAR-100: 60,000 photographs of 32 × 32 pixels in 100 classes (169 MB)",
        urls=("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",),
        file="cifar-100-python.tar.gz",
        folder="cifar-100-python",
        unpacked_limit=250_000_000,
        checksum="sha256:85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    ),
}


def fetch_named(name: str, folder: Path, *, archive: Path | None = None, progress: Progress | None = None) -> Path:
    """Fetch and unpack one of FETCHABLE into `folder`; the archive is removed afterwards.

    An `archive` brought by hand is unpacked instead, and stays. Gives the unpacked folder, at once where it is there
    already. Raises DataError where the archive cannot be fetched, is another one, or cannot be unpacked.
    """
    source = FETCHABLE[name]
    if (folder / source.folder).is_dir():
        return folder / source.folder
    if archive is not None:
        _require(archive, source.checksum)
        unpack(archive, folder, limit_bytes=source.unpacked_limit)
    else:
        fetched = fetch(source.urls, folder / source.file, checksum=source.checksum, progress=progress)
        unpack(fetched, folder, limit_bytes=source.unpacked_limit)
        fetched.unlink()
    return folder / source.folder


def _require(archive: Path, checksum: str) -> None:
    try:
        problem = _mismatch(archive, checksum, None)
    except OSError as error:
        raise DataError(f"{archive}: cannot be read: {error.strerror}") from error
    if problem:
        raise DataError(f"{archive}: {problem}; it is another file, or was cut off")


def fetch(
    urls: Sequence[str],
    target: Path,
    *,
    checksum: str | None = None,
    size: int | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    attempts: int = ATTEMPTS,
    wait: float = 1.0,
) -> Path:
    """Bring a file from the first of `urls` that gives it whole; gives `target`, at once where it is there already.

    What has come lies in `target`.part. A broken line is taken up there (HTTP Range, RFC 9110 section 14), up to
    `attempts` times a mirror, after `wait` seconds, then twice as many, and so on. With a checksum, the next mirror and
    the next call go on from there too; without one nothing tells whether the piece is of the same file.

    `checksum` is an algorithm of hashlib and its hex digits: "sha256:9f86d0…". Of what is longer than `limit` bytes no
    more than that is taken.

    Raises DataError naming every mirror with why it failed and how to bring the file by hand, or for a full disk.
    """
    if target.exists():
        if problem := _mismatch(target, checksum, size):
            raise DataError(f"{target}: already there, but {problem}; remove it and run this again")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    if checksum is None:
        part.unlink(missing_ok=True)
    tried = []
    for url in urls:
        line = _Line(url, part, size, progress, checked=checksum is not None, limit=limit)
        why = _bring(line, checksum, attempts, wait)
        if not why:
            part.replace(target)
            flush_folder(target.parent)
            return target
        tried.append(f"{url} ({why})")
    raise DataError(
        f"{target.name}: no mirror gave it; tried {', '.join(tried)}; "
        f"run this again later, or download it by hand and put it at {target}"
    )


class _LineError(Exception):
    """The line broke; another attempt may do."""


class _MirrorError(Exception):
    """This mirror does not give the file."""


def _bring(line: _Line, checksum: str | None, attempts: int, wait: float) -> str:
    """Fill the line's part file and check it; gives why not, empty where all is well."""
    why = ""
    for attempt in range(attempts):
        if attempt:
            time.sleep(wait * 2 ** (attempt - 1))
        started_at = line.there
        try:
            line.go_on()
        except _LineError as error:
            why = str(error)
            continue
        except _MirrorError as error:
            return str(error)
        why = _mismatch(line.part, checksum, line.size)
        if not why:
            return ""
        line.part.unlink()
        if not started_at:
            return f"{why}; what came was removed"
    return f"{why}; {attempts} attempts"


@dataclass
class _Line:
    """One mirror, and the file that fills from it. `validator` says which version of the file the piece is of.

    Where there is neither that nor a checksum afterwards (`checked`), a broken line is begun anew.
    """

    url: str
    part: Path
    size: int | None
    progress: Progress | None
    checked: bool
    validator: str | None = None
    limit: int | None = None

    @property
    def there(self) -> int:
        """Bytes there are."""
        return self.part.stat().st_size if self.part.exists() else 0

    def go_on(self) -> None:
        """Ask for what is missing and write it. Raises _LineError, _MirrorError, or DataError where it cannot write."""
        there = self.there if self.checked or self.validator else 0
        headers = {"User-Agent": "earmark"}
        if there:
            headers["Range"] = f"bytes={there}-"
            if self.validator:
                headers["If-Range"] = self.validator
        try:
            answer = urllib.request.urlopen(urllib.request.Request(self.url, headers=headers), timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            with error:
                self._judge(error, there)
            return
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError | ConnectionResetError):
                raise _LineError(str(error.reason)) from error
            raise _MirrorError(str(error.reason)) from error
        except (OSError, http.client.HTTPException) as error:
            raise _LineError(str(error) or type(error).__name__) from error
        with answer:
            self._take(answer, there)

    def _judge(self, error: urllib.error.HTTPError, there: int) -> None:
        """An error status, unless it says that there is nothing left to send."""
        said = f"{error.code} {error.reason}"
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and there:
            if error.headers.get("Content-Range") == f"bytes */{there}":
                return
            self.part.unlink()
            raise _LineError(said) from error
        if error.code in PASSING or error.code >= 500:
            raise _LineError(said) from error
        raise _MirrorError(said) from error

    def _take(self, answer: Any, there: int) -> None:
        if answer.status == HTTPStatus.PARTIAL_CONTENT:
            given = answer.headers.get("Content-Range", "")
            if not re.match(rf"bytes {there}-", given):
                raise _MirrorError(f"asked for byte {there} onwards, it sent {given!r}")
        else:
            there = 0
        length = answer.headers.get("Content-Length")
        total = there + int(length) if length else None
        if self.size is not None and total is not None and total != self.size:
            raise _MirrorError(f"it has {total:,} bytes, not {self.size:,}")
        if self.limit is not None and total is not None and total > self.limit:
            raise _MirrorError(f"it has {total:,} bytes, more than the {self.limit:,} that are taken")
        tag = answer.headers.get("ETag", "")
        self.validator = tag if tag.startswith('"') else answer.headers.get("Last-Modified")
        try:
            file = self.part.open("ab" if there else "wb", buffering=0)
        except OSError as error:
            raise DataError(f"{self.part}: cannot be written: {error.strerror}") from error
        with file:
            while block := self._read(answer, there, total):
                self._write(file, block, there, total)
                there += len(block)
                if self.size is not None and there > self.size:
                    raise _MirrorError(f"it sends more than {self.size:,} bytes")
                if self.limit is not None and there > self.limit:
                    raise _MirrorError(f"it sends more than the {self.limit:,} bytes that are taken")
                if self.progress:
                    self.progress(there, total)
            os.fsync(file.fileno())
        if total is not None and there < total:
            raise _LineError(f"broke off after {_of(there, total)}")

    @staticmethod
    def _read(answer: Any, there: int, total: int | None) -> bytes:
        try:
            block: bytes = answer.read1(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise _LineError(f"broke off after {_of(there, total)}: {error}") from error
        return block

    def _write(self, file: Any, block: bytes, there: int, total: int | None) -> None:
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError as error:
            raise DataError(
                f"{self.part}: {error.strerror} after {_of(there, total)}; make room and run this again, "
                "it goes on from there"
            ) from error


def _of(there: int, total: int | None) -> str:
    return f"{there:,} of {total:,} bytes" if total is not None else f"{there:,} bytes"


def _mismatch(path: Path, checksum: str | None, size: int | None) -> str:
    """What is not as wanted about a file, empty where all is."""
    there = path.stat().st_size
    if size is not None and there != size:
        return f"it has {there:,} bytes, not {size:,}"
    if checksum is not None:
        algorithm, _, digits = checksum.partition(":")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).hexdigest()
        if found != digits.casefold():
            return f"its {algorithm} is {found}, not {digits}"
    return ""
