"""Files of one kind among paths and below folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

from earmark.tracks import Fault


def files_of(paths: Iterable[Path], suffixes: AbstractSet[str], *, what: str) -> tuple[list[Path], list[Fault]]:
    """The files among `paths`, and below its folders all with one of `suffixes`, in the order of their names.

    Beside them the paths that do not exist and the folders without such files, which `what` names: "audio files".
    Hidden files and folders are left out, and links to folders are not followed, so that loops cannot trap.
    """
    found: list[Path] = []
    faults: list[Fault] = []
    for path in paths:
        inside = _below(path, suffixes) if path.is_dir() else [path] if path.exists() else []
        found += inside
        if not path.exists():
            faults.append(Fault(str(path), "no such file or folder"))
        elif not inside:
            kinds = ", ".join(sorted(suffixes))
            faults.append(Fault(str(path), f"no {what} in this folder or below it (looked for {kinds})"))
    return found, faults


def _below(folder: Path, suffixes: AbstractSet[str]) -> list[Path]:
    out: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        out += [
            Path(root) / name
            for name in sorted(names)
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes
        ]
    return out
