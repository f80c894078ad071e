"""The tracks of a data set as files, sorted into one folder per genre: what the data set `folder` reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import soundfile

from earmark.atomic import replacing
from earmark.audio.waveform import Waveform
from earmark.errors import AudioError, DataError
from earmark.tracks import Dataset, Fault, Track


def write_audio(dataset: Dataset, out: Path, *, progress: Callable[[int, int], None] | None = None) -> list[Fault]:
    """Write every track as `out`/GENRE/ID.flac, 16 bit, mono, at its own rate; gives those that could not be read.

    `progress` hears how many of how many tracks are done. Raises DataError for data that are not audio, and where two
    tracks would be written to one file or a track has no genre.
    """
    if dataset.medium != "audio":
        raise DataError(
            f"{dataset.name}: holds {dataset.medium.replace('_', '-')}, not audio; there is no sound to write"
        )
    places: dict[Path, Track] = {}
    for track in dataset.tracks:
        if track.genre is None:
            raise DataError(f"{dataset.name}: {track.id} has no genre, so that there is no folder for it")
        name = _in_one_folder(track.id.removeprefix(f"{track.genre}/"))
        other = places.setdefault(out / _in_one_folder(track.genre) / f"{name}.flac", track)
        if other is not track:
            raise DataError(f"{dataset.name}: {other.id} and {track.id} would both be {track.genre}/{name}.flac")
    faults = []
    for done, (path, track) in enumerate(places.items(), start=1):
        try:
            sound: Waveform = dataset.read(track)
        except AudioError as error:
            faults.append(Fault(track.id, str(error)))
        else:
            with replacing(path) as temporary:
                soundfile.write(temporary, sound.samples, sound.sample_rate, format="FLAC")
        if progress is not None:
            progress(done, len(places))
    return faults


def _in_one_folder(name: str) -> str:
    """The name without what would lead to another folder."""
    return name.replace("/", "-").replace("\\", "-").lstrip(".") or "-"
