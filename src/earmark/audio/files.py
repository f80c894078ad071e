"""Which files of a folder are sound."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.tracks import Fault


def audio_files(paths: Iterable[Path]) -> tuple[list[Path], list[Fault]]:
    """The files among `paths`, and all audio files below its folders by their suffix, in the order of their names.

    Beside them the paths that do not exist and the folders without audio. Hidden files and folders are left out, and
    links to folders are not followed, so that loops cannot trap.
    """
    found: list[Path] = []
    faults: list[Fault] = []
    for path in paths:
        inside = _below(path) if path.is_dir() else [path] if path.exists() else []
        found += inside
        if not path.exists():
            faults.append(Fault(str(path), "no such file or folder"))
        elif not inside:
            kinds = ", ".join(sorted(AUDIO_SUFFIXES))
            faults.append(Fault(str(path), f"no audio files in this folder or below it (looked for {kinds})"))
    return found, faults


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
