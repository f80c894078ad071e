"""One folder of audio files per genre."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.datasets.genre_folders import sorted_files
from earmark.datasets.sounds import cut_into_clips, read_sound, sound_digest
from earmark.errors import UsageError
from earmark.tracks import Dataset


def folder(
    *,
    path: str | Path,
    genres: Sequence[str] | None = None,
    clips_per_track: int | None = None,
    clip_seconds: float | None = None,
) -> Dataset:
    """Audio files sorted into one folder per genre, at any depth below it: `path/jazz/…/song.flac`.

    Folders train, valid and test above the genres hand out the parts. A track's id is its path below `path`. `genres`
    takes some of the folders alone, in this order; without it all, by name. With `clips_per_track` and `clip_seconds`
    each file is cut into so many clips from its start. What is passed over is listed in `faults`.

    Raises DataError where there is no such folder, fewer than two genres, or a genre without audio.
    """
    root = Path(path)
    if (clips_per_track is None) != (clip_seconds is None):
        raise UsageError("clips_per_track and clip_seconds belong together; give both or neither")
    chosen, tracks, faults = sorted_files(root, genres, suffixes=AUDIO_SUFFIXES, what="audio file")
    if clips_per_track is not None and clip_seconds is not None:
        tracks, cutting = cut_into_clips(tracks, count=clips_per_track, seconds=clip_seconds)
        faults += cutting
    return Dataset(
        name=root.resolve().name,
        medium="audio",
        genres=chosen,
        tracks=tuple(tracks),
        read=read_sound,
        source=f"audio files in {root}",
        licence="not stated: that of each recording holds",
        faults=tuple(faults),
        digest=sound_digest,
    )
