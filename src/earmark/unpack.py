"""Archives opened without trust: plain files and folders alone, inside one folder, up to a limit."""

from __future__ import annotations

import lzma
import secrets
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import IO

from earmark.errors import DataError

BLOCK = 1 << 20  # bytes copied at a time
ENTRY = 512  # bytes that even an empty entry counts for, so that a million of them meet the limit too


def unpack(archive: Path, folder: Path, *, limit_bytes: int) -> None:
    """Unpack a tar (plain, gz, bz2, xz) or zip archive into `folder`, all of it or nothing.

    Raises DataError where the archive is damaged, holds links or paths that lead outside, grows past `limit_bytes`, or
    where something of its name is in `folder` already.
    """
    beside = folder / f".{archive.name}.{secrets.token_hex(4)}.tmp"
    try:
        beside.mkdir(parents=True)
        total = 0
        for name, content in _entries(archive):
            target = _inside(beside, name, archive)
            (target if content is None else target.parent).mkdir(parents=True, exist_ok=True)
            total += ENTRY if content is None else ENTRY + _copy(content, target, limit_bytes - total)
            if total > limit_bytes:
                raise DataError(f"{archive}: unpacks to more than {limit_bytes:,} bytes; it is not what it should be")
        for entry in sorted(beside.iterdir()):
            if (folder / entry.name).exists():
                raise DataError(f"{folder / entry.name}: already there; move it away to unpack {archive.name}")
        for entry in sorted(beside.iterdir()):
            entry.rename(folder / entry.name)
    except (
        OSError,
        EOFError,
        NotImplementedError,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        raise DataError(f"{archive}: cannot be unpacked into {folder}: {error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _entries(archive: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Name and content of each file, in order; None for a folder."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                if info.flag_bits & 1:
                    raise DataError(f"{archive}: {info.filename} is encrypted")
                if info.is_dir():
                    yield info.filename, None
                else:
                    with file.open(info) as content:
                        yield info.filename, content
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.isfile() and not member.isdir():
                raise DataError(f"{archive}: {member.name} is neither a file nor a folder; nothing was unpacked")
            yield member.name, tar.extractfile(member)
        if tar.fileobj:
            tar.fileobj.read(BLOCK)  # past the padding, where gzip and xz keep their checksum


def _inside(folder: Path, name: str, archive: Path) -> Path:
    """Where an entry goes. Read with Windows' rules, which know every way out that POSIX has, and more."""
    path = PureWindowsPath(name)
    if path.drive or path.root or ".." in path.parts:
        raise DataError(f"{archive}: {name!r} leads outside the archive; nothing was unpacked")
    return folder.joinpath(*path.parts)


def _copy(content: IO[bytes], target: Path, limit: int) -> int:
    """Copy at most a block more than `limit` bytes; gives how many."""
    copied = 0
    with target.open("wb") as file:
        while copied <= limit and (block := content.read(BLOCK)):
            copied += file.write(block)
    return copied
