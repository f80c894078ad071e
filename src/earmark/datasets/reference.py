"""A data set by name or by what lies at a path."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.catalog import DATASETS
from earmark.datasets.lyrics import is_lyrics
from earmark.errors import UsageError
from earmark.images.decode import IMAGE_SUFFIXES
from earmark.tracks import Dataset


def read_options(settings: Sequence[str], *, path: str | None = None) -> dict[str, Any]:
    """Options of a data set from `key=value` with a TOML value; a bare word counts as a string."""
    options: dict[str, Any] = {} if path is None else {"path": path}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting!r}: write it as key=value")
        try:
            options[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            options[key] = value
    return options


def open_dataset(reference: str, options: Mapping[str, Any]) -> Dataset:
    """The data set of that name, or that which lies at that path: folder of audio or pictures, table, .npz, tf.data.

    Raises UsageError listing the known names where it is neither.
    """
    path = Path(reference)
    if reference in DATASETS.names() or not path.exists():
        name, rest = reference, dict(options)
    else:
        name, rest = kind_at(path), {"path": reference, **options}
    dataset: Dataset = DATASETS.build(name, options=rest)
    return dataset


def kind_at(path: Path) -> str:
    """Which data set reads what lies at `path`."""
    if is_lyrics(path):
        return "lyrics"
    if path.suffix == ".csv":
        return "manifest"
    if path.suffix == ".npz":
        return "mel_arrays"
    if (path / "snapshot.metadata").exists() or (path / "train" / "snapshot.metadata").exists():
        return "tfdata"
    if (path / "genres").is_dir() or (path / "genres_original").is_dir():
        return "gtzan"
    suffixes = {file.suffix.lower() for file in path.rglob("*.*")}
    return "image_folder" if suffixes & IMAGE_SUFFIXES and not suffixes & AUDIO_SUFFIXES else "folder"
