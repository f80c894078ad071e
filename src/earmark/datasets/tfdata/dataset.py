"""Saved folders as a data set of log-mel clips."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.datasets.tfdata.folder import METADATA, SPECIFICATION, SavedDataset, read_folder
from earmark.errors import DataError, UsageError, nearest
from earmark.tracks import PARTS, Dataset, Part, Track

AXES = ("band", "time")
_MOST_CLASSES = 1000  # a larger whole number counts something else


@dataclass(frozen=True)
class _Clips:
    """One folder's arrays: x (n, bands, frames), label (n,) below `classes`; one-hot labels say how many there are."""

    x: NDArray[Any]
    label: NDArray[np.int64]
    classes: int
    one_hot: bool


def tfdata(
    *,
    path: str | Path,
    parts: Sequence[str] | None = None,
    genres: Sequence[str] | None = None,
    axes: Sequence[str] = AXES,
    clips_of_songs: bool = True,
) -> Dataset:
    """Log-mel clips saved by TensorFlow's `Dataset.save`, without TensorFlow.

    `path` holds train/, valid/ and test/, or some of them, or is itself one saved folder, whose clips then belong to
    no part. An element is one log-mel clip in dB, float (80, 80) or (80, 80, 1) for instance, and its label: one-hot,
    or a whole number from 0. As a pair or as a dict, in any order: shapes and dtypes tell which is which.

    parts    only these of train, valid, test
    genres   names of the classes, in the order of the labels; class_0, class_1, … where none are given
    axes     what the first and second axis of an array are; `read` always gives (bands, frames)
    clips_of_songs   the elements are clips and nothing names their songs; False: each is a song of its own

    Elements are numbered as they stand in the folder, with several shards shard after shard.

    Raises DataError where a folder is missing, damaged or of other elements; UsageError for an unknown part or axis,
    or a wrong number of genres.
    """
    path = Path(path)
    if sorted(axes) != sorted(AXES):
        raise UsageError(f"axes {', '.join(axes)!r}: write band and time in the order they stand in")
    folders = _folders(path, parts)
    found = {part: _read_clips(folder, transpose=tuple(axes) != AXES) for part, folder in folders.items()}
    shapes = {clips.x.shape[1:] for clips in found.values()}
    if len(shapes) > 1:
        raise DataError(f"{path}: the parts hold clips of different shapes: {', '.join(map(str, sorted(shapes)))}")
    names = _names(path, list(found.values()), genres)
    tracks = []
    for part, clips in found.items():
        prefix = f"{part}/" if part else ""
        for row, label in enumerate(clips.label):
            tracks.append(
                Track(id=f"{prefix}{row:05d}", path=str(folders[part]), row=row, genres=(names[label],), part=part)
            )

    def read_many(tracks: Sequence[Track]) -> NDArray[np.float32]:
        out = np.empty((len(tracks), *next(iter(shapes))), np.float32)
        for part, clips in found.items():
            places = np.array([place for place, track in enumerate(tracks) if track.part == part], np.intp)
            out[places] = clips.x[np.array([tracks[place].row for place in places], np.intp)]
        return out

    def read(track: Track) -> NDArray[np.float32]:
        return found[track.part].x[track.row].astype(np.float32)

    def digest(track: Track) -> str:
        return hashlib.sha256(read(track).tobytes()).hexdigest()

    return Dataset(
        name=path.resolve().name,
        medium="log_mel",
        genres=names,
        tracks=tuple(tracks),
        read=read,
        source=f"tf.data folder {path}",
        licence="not stated: that of the recordings they were computed from holds",
        songs_known=not clips_of_songs,
        read_many=read_many,
        digest=digest,
    )


def _folders(path: Path, parts: Sequence[str] | None) -> dict[Part | None, Path]:
    if not path.exists():
        raise DataError(
            f"{path}: no such folder; make the course's clips from GTZAN's audio with: "
            f"earmark data gtzan --path GTZAN --course {path}"
        )
    for part in parts or ():
        if part not in PARTS:
            raise UsageError(f"part {part!r} is not one of {', '.join(PARTS)}{nearest(part, PARTS)}")
    there: dict[Part | None, Path] = {part: path / part for part in PARTS if (path / part).is_dir()}
    if not there or (path / METADATA).exists() or (path / SPECIFICATION).exists():
        if parts:
            raise UsageError(f"{path}: one saved folder, without parts to choose from; leave out parts")
        return {None: path}
    for part in PARTS:
        if parts and part in parts and part not in there:
            raise DataError(f"{path}: no folder {part} in it; there are: {', '.join(str(part) for part in there)}")
    return {part: folder for part, folder in there.items() if not parts or part in parts}


def _read_clips(folder: Path, *, transpose: bool) -> _Clips:
    saved = read_folder(folder)
    if not len(saved):
        raise DataError(f"{folder}: it holds no elements; save some")
    x, y = _array_and_label(folder, saved)
    if x.ndim == 4:
        x = x[..., 0]
    finite = np.isfinite(x).all(axis=(1, 2))
    if not finite.all():
        raise DataError(f"{folder}: element {finite.argmin()}: the array has values that are not finite")
    if y.ndim == 1:
        wrong = (y < 0) | (y >= _MOST_CLASSES)
        if wrong.any():
            raise DataError(
                f"{folder}: element {wrong.argmax()}: label {y[wrong.argmax()]} is not from 0 to {_MOST_CLASSES - 1}"
            )
        label, classes = y.astype(np.int64), int(y.max()) + 1
    else:
        wrong = ((y == 1).sum(axis=1) != 1) | ((y == 0).sum(axis=1) != y.shape[1] - 1)
        if wrong.any():
            raise DataError(f"{folder}: element {wrong.argmax()}: label {y[wrong.argmax()].tolist()} is not one-hot")
        label, classes = y.argmax(axis=1), y.shape[1]
    return _Clips(x.swapaxes(1, 2) if transpose else x, label, classes, one_hot=y.ndim == 2)


def _array_and_label(folder: Path, saved: SavedDataset) -> tuple[NDArray[Any], NDArray[Any]]:
    arrays = [values for values in saved.values if isinstance(values, np.ndarray) and _is_array(values)]
    labels = [values for values in saved.values if isinstance(values, np.ndarray) and _is_label(values)]
    if len(saved.components) != 2 or len(arrays) != 1 or len(labels) != 1:
        listed = ", ".join(
            f"{component.path} {component.dtype.name} "
            + (str(values.shape[1:]) if isinstance(values, np.ndarray) else "of differing shapes")
            for component, values in zip(saved.components, saved.values, strict=True)
        )
        raise DataError(
            f"{folder}: an element must be one float array (bands, frames) or (bands, frames, 1) and one label, "
            f"one-hot or a whole number, not a batch of them; here it is: {listed}"
        )
    return arrays[0], labels[0]


def _is_array(values: NDArray[Any]) -> bool:
    return values.dtype.kind == "f" and (values.ndim == 3 or (values.ndim == 4 and values.shape[-1] == 1))


def _is_label(values: NDArray[Any]) -> bool:
    return (values.ndim == 1 and values.dtype.kind in "iu") or (values.ndim == 2 and values.dtype.kind in "fiub")


def _names(path: Path, parts: Sequence[_Clips], genres: Sequence[str] | None) -> tuple[str, ...]:
    """Whole numbers show no more than the highest class that occurs: there may be more names, and never fewer."""
    classes = max(clips.classes for clips in parts)
    widths = {clips.classes for clips in parts if clips.one_hot}
    if widths and widths != {classes}:
        raise DataError(f"{path}: the parts have different numbers of classes: {[clips.classes for clips in parts]}")
    if genres is None:
        return tuple(f"class_{label}" for label in range(classes))
    if len(genres) < classes or (widths and len(genres) > classes):
        raise UsageError(f"{path}: {len(genres)} genres are named, but the labels have {classes} classes")
    return tuple(genres)
