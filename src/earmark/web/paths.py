"""Names that come from outside, to files below one folder and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import msgspec

from earmark.errors import UsageError


class Sound(msgspec.Struct, frozen=True):
    """A file, and what a person calls it."""

    path: str
    name: str


class NoSuchFileError(UsageError):
    """There is nothing of that name, or nothing that may be read."""


class Folder:
    """A folder that may be read, and what its files are called outside: paths relative to it, percent-encoded.

    Encoded because names of files are bytes, which need be no text. `/` is the only separator.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))

    def path(self, name: str) -> Path:
        """The file or folder of that name, links resolved; "" is the folder itself.

        Raises NoSuchFileError for a name that is absolute, climbs, is hidden or leads out by a link, and where there is
        nothing: in the same words, so that nobody learns what lies outside.
        """
        missing = NoSuchFileError(f"{printable(name)}: no such file in this folder")
        parts = os.fsdecode(unquote_to_bytes(name)).split("/") if name else []
        if any(part == "" or part.startswith(".") or "\0" in part for part in parts):
            raise missing
        try:
            # realpath, because a name without ".." may still be a link that leads out.
            path = Path(os.path.realpath(self.root.joinpath(*parts), strict=True))
        except (OSError, ValueError) as error:
            raise missing from error
        if not path.is_relative_to(self.root):
            raise missing
        return path

    def name(self, path: Path) -> str:
        """What a file below the folder is called outside. Raises ValueError for one that is not below it."""
        return "" if path == self.root else quote(os.fsencode(path.relative_to(self.root).as_posix()))


def printable(text: str) -> str:
    """Text that can be shown and sent, whatever bytes a name had: what is no text or no print is spelt with escapes."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in clean)
