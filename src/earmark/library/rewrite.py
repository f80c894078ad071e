"""A file replaced by itself with a few bytes exchanged: it is the old one or the new one at every moment.

The new one is written beside it, flushed, read back, checked, and renamed over it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from earmark.atomic import flush_folder
from earmark.checksums import file_digest
from earmark.errors import TagError
from earmark.library.tags.splice import Splice, spliced

DIGEST_BYTES = 16  # as file_digest has them
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def writable_target(path: Path) -> Path:
    """The file that `path` leads to, through links: it is the one to write, and the links stay.

    Raises TagError where writing it would do what nobody asked for: it or its folder is read-only, it has further names
    (hard links), or is no file; OSError where there is none, or links lead in a circle.
    """
    target = Path(os.path.realpath(path, strict=True))
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise TagError("it is not a file")
    if status.st_nlink > 1:
        raise TagError(
            f"it has {status.st_nlink} names (hard links): writing one would part it from the others; "
            "copy it over itself first, and it has one"
        )
    for place, what in ((target, "it"), (target.parent, "its folder")):
        if not place.stat().st_mode & WRITABLE or not os.access(place, os.W_OK):
            raise TagError(f"{what} is read-only")
    return target


def temporary_beside(target: Path) -> Path:
    """A hidden name in the same folder, short whatever the file's own name is."""
    return target.with_name(f".earmark-{secrets.token_hex(8)}.tmp")


def digests(file: BinaryIO, splices: Sequence[Splice]) -> tuple[str, str]:
    """The digests of an open file as it is, and as it will be."""
    before, after = blake2b(digest_size=DIGEST_BYTES), blake2b(digest_size=DIGEST_BYTES)
    for hashed, changes in ((before, ()), (after, splices)):
        for piece in spliced(file, changes):
            hashed.update(piece)
    return before.hexdigest(), after.hexdigest()


def rewrite(
    target: Path,
    splices: Sequence[Splice],
    *,
    temporary: Path,
    digest: str,
    mtime_ns: int | None,
    seen: os.stat_result,
    check: Callable[[BinaryIO], None],
) -> None:
    """Replace `target` by itself with `splices`, by way of `temporary`; mode, owner and extended attributes stay.

    digest: of the new content. mtime_ns: the new file's; None = now. seen: the old file's status when the splices were
    made. check: raises where the open new file is not what it shall be.
    Raises TagError or OSError, and the old file is there, whole.
    """
    copy = open(temporary, "xb", opener=_for_me_alone)  # noqa: SIM115  # what exists already is not ours to remove
    try:
        with copy as new, target.open("rb") as old:
            for piece in spliced(old, splices):
                new.write(piece)
            new.flush()
            _dress(temporary, target, seen, mtime_ns)
            os.fsync(new.fileno())
        if file_digest(temporary) != digest:
            raise TagError("what was read back of the copy is not what was written; is the disk failing?")
        with temporary.open("rb") as made:
            check(made)
        if not is_same(seen, target.stat()):
            raise TagError("another program has changed it meanwhile")
        temporary.replace(target)
        flush_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def is_same(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether a file has not been written or replaced between the two."""
    return (one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns) == (
        other.st_dev,
        other.st_ino,
        other.st_size,
        other.st_mtime_ns,
    )


def _for_me_alone(path: str, flags: int) -> int:
    """The copy of a private file must not be open to others, not even until its mode is set."""
    return os.open(path, flags, 0o600)


def _dress(copy: Path, target: Path, seen: os.stat_result, mtime_ns: int | None) -> None:
    """Give the copy the owner, mode and extended attributes of `target`."""
    made = copy.stat()
    if (made.st_uid, made.st_gid) != (seen.st_uid, seen.st_gid):
        try:
            os.chown(copy, seen.st_uid, seen.st_gid)
        except PermissionError as error:
            raise TagError(
                f"it belongs to user {seen.st_uid} and group {seen.st_gid}, to whom the new file could not be given; "
                "let them write it"
            ) from error
    shutil.copystat(target, copy)
    if mtime_ns is None:
        os.utime(copy)
    else:
        os.utime(copy, ns=(seen.st_atime_ns, mtime_ns))
