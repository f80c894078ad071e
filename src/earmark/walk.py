"""Files of one kind among paths and below folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from earmark.tracks import Fault


def files_of(paths: Iterable[Path], suffixes: AbstractSet[str], *, what: str) -> tuple[list[Path], list[Fault]]:
    """The files among `paths`, and below its folders all with one of `suffixes`, in the order of their names.

    Beside them the paths that do not exist, the folders that cannot be read, and those without such files, which `what`
    names: "audio files". Hidden files and folders are left out, and links to folders are not followed, so that loops
    cannot trap.
    """
    found: list[Path] = []
    faults: list[Fault] = []
    for path in paths:
        inside = list(walk(path, suffixes)) if path.is_dir() else [path] if path.exists() else []
        found += [entry for entry in inside if isinstance(entry, Path)]
        faults += [entry for entry in inside if isinstance(entry, Fault)]
        if not path.exists():
            faults.append(Fault(str(path), "no such file or folder"))
        elif not inside:
            kinds = ", ".join(sorted(suffixes))
            faults.append(Fault(str(path), f"no {what} in this folder or below it (looked for {kinds})"))
    return found, faults


def once(files: Sequence[Path]) -> list[Path]:
    """The files in their order, each once: without links to one of them, or to where an earlier link leads."""
    real = [os.path.realpath(file) for file in files]
    chosen: dict[str, Path] = {}
    for target, file in sorted(zip(real, files, strict=True), key=lambda pair: pair[1].is_symlink()):
        chosen.setdefault(target, file)
    return [file for target, file in zip(real, files, strict=True) if chosen[target] is file]


def walk(folder: Path, suffixes: AbstractSet[str]) -> Iterator[Path | Fault]:
    """The files below `folder` with one of `suffixes`, one after the other in the order of their names.

    What is left out is as in `files_of`. Folders that cannot be read come last, as faults.
    """
    refused: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                yield Path(root) / name
    for error in refused:
        yield Fault(str(error.filename), f"this folder cannot be read: {error.strerror}")
