"""A folder of music, sorted in whatever way, as a data set without genres."""

from __future__ import annotations

from pathlib import Path

from earmark.audio.files import audio_files
from earmark.datasets.genre_folders import PARTS
from earmark.datasets.sounds import read_sound, sound_digest
from earmark.errors import DataError
from earmark.tracks import Dataset, Track
from earmark.walk import once


def collection(root: Path) -> Dataset:
    """All audio files below `root`, or the one that `root` is; a track's id is its path below. Links repeat no file.

    Folders train, valid and test at the top hand out the parts. Raises DataError where there is no audio.
    """
    files, missing = audio_files([root])
    if missing:
        raise DataError(f"{root}: {missing[0].what}")
    tracks = []
    for file in once(files):
        name = file.name if file == root else file.relative_to(root).as_posix()
        top, _, inside = name.partition("/")
        tracks.append(Track(id=name, path=str(file), part=PARTS.get(top.casefold()) if inside else None))
    return Dataset(
        name=root.resolve().name,
        medium="audio",
        genres=(),
        tracks=tuple(tracks),
        read=read_sound,
        source=f"audio files in {root}",
        licence="not stated: that of each recording holds",
        digest=sound_digest,
    )
