"""Files sorted into one folder per genre, with or without folders of parts above."""

from __future__ import annotations

import os
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePosixPath

from earmark.errors import DataError, UsageError, nearest
from earmark.tracks import Fault, Part, Track

PARTS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "validation": "valid",
    "test": "test",
    "testing": "test",
}


def sorted_files(
    root: Path, genres: Sequence[str] | None, *, suffixes: AbstractSet[str], what: str
) -> tuple[tuple[str, ...], list[Track], list[Fault]]:
    """The genres below `root`, a track for each file with one of `suffixes`, and what is passed over.

    A track's id is its path below `root`; folders train, valid and test above the genres hand out the parts. `genres`
    takes some of the folders alone, in this order; None: all, by name. `what` names one such file: "audio file".

    Raises DataError where there is no such folder, fewer than two genres, or a genre without files.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; it should hold one folder of {what}s per genre")
    faults = [Fault(name, "ignored: not in a genre's folder") for name in _files(root)]
    places = _genre_folders(root)
    there = sorted({place.name for place in places})
    for genre in genres or ():
        if genre not in there:
            raise UsageError(f"{root}: no genre {genre!r}{nearest(genre, there)}; there are: {', '.join(there)}")
    chosen = tuple(genres or there)
    if len(chosen) < 2:
        raise DataError(
            f"{root}: {'only the genre ' + chosen[0] if chosen else 'no folders of genres'} in it; "
            f"it should hold one folder of {what}s for each of two or more genres"
        )
    tracks: list[Track] = []
    for place, part in places.items():
        if place.name in chosen:
            found = _tracks(root, place, part, suffixes, what, faults)
            if not found:
                raise DataError(f"{place}: no {what}s of the genre {place.name}; add some or remove the folder")
            tracks += found
    return chosen, tracks, faults


def _genre_folders(root: Path) -> dict[Path, Part | None]:
    """The genres' folders with the part they hand out, in the order of their names."""
    tops = _folders(root)
    named = [top for top in tops if top.name.casefold() in PARTS]
    if not named:
        return dict.fromkeys(tops)
    if len(named) < len(tops):
        other = next(top for top in tops if top not in named)
        raise DataError(
            f"{root}: {named[0].name} is a part and {other.name} a genre; put all genres inside parts or none"
        )
    return {genre: PARTS[part.name.casefold()] for part in named for genre in _folders(part)}


def _tracks(
    root: Path, place: Path, part: Part | None, suffixes: AbstractSet[str], what: str, faults: list[Fault]
) -> list[Track]:
    """The files below one genre's folder; what is none goes to `faults`."""
    found = []
    for top, folders, names in os.walk(place, onerror=_refuse):
        below = Path(top).relative_to(root)
        for name in sorted(folders):
            if name.startswith(".") or Path(top, name).is_symlink():
                folders.remove(name)
                faults.append(Fault((below / name).as_posix(), "ignored: a hidden folder, or a link to one"))
        folders.sort()
        for name in sorted(names):
            file = (below / name).as_posix()
            if why := _passed_over(file, suffixes, what):
                faults.append(Fault(file.encode(errors="backslashreplace").decode(), f"ignored: {why}"))
            else:
                found.append(Track(id=file, path=str(Path(top, name)), genres=(place.name,), part=part))
    return sorted(found, key=lambda track: track.id)


def _passed_over(file: str, suffixes: AbstractSet[str], what: str) -> str:
    """Why a file is no track; empty where it is one."""
    if PurePosixPath(file).name.startswith("."):
        return "a hidden file"
    if PurePosixPath(file).suffix.lower() not in suffixes:
        return f"not {'an' if what[0] in 'aeiou' else 'a'} {what}"
    # A name of other bytes than UTF-8 reaches Python as lone surrogates, which no table can hold.
    return "its name is not UTF-8" if any("\ud800" <= letter <= "\udfff" for letter in file) else ""


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _files(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir() if entry.is_file())


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error
