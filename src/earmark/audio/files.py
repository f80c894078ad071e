"""Which files of a folder are sound."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.errors import DataError


def audio_files(paths: Iterable[Path]) -> list[Path]:
    """The files among `paths`, and all audio files below its folders by their suffix, in the order of their names.

    Hidden files and folders are left out, and links to folders are not followed, so that loops cannot trap.
    Raises DataError for a path that does not exist and for a folder without audio.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = _below(path)
            if not inside:
                kinds = ", ".join(sorted(AUDIO_SUFFIXES))
                raise DataError(f"{path}: no audio files in this folder or below it (looked for {kinds})")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise DataError(f"{path}: no such file or folder")
    return found


def _below(folder: Path) -> list[Path]:
    out: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        out += [
            Path(root) / name
            for name in sorted(names)
            if not name.startswith(".") and Path(name).suffix.lower() in AUDIO_SUFFIXES
        ]
    return out
