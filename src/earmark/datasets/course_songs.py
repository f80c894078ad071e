"""The course's clips with their songs named: the same clips that the course hands out, to be split by song."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.datasets.gtzan import CITATION, LICENCE
from earmark.datasets.npz import read_arrays
from earmark.errors import DataError
from earmark.tracks import Dataset, Track, clips

CLIPS_PER_SONG = 15
CLIP_SECONDS = 2.0
CLIP_FRAMES = 80
RANGE_DB = 80.0  # below a clip's loudest value
LEVEL_DB = np.arange(256, dtype=np.float32) / 255 * RANGE_DB - RANGE_DB  # of a packed value


def course_songs(*, path: str | Path) -> Dataset:
    """Fifteen 2 s clips of each song of the course, as log-mel (80, 80) float32 in dB, 0 at the clip's loudest value.

    `path` is an .npz file of whole songs: level (songs, 80, columns) uint8, where 0 to 255 is -80 to 0 dB and the
    columns are evenly spread over 30 s; label (songs,), place in genres; genres, text. A clip's frames stand 25 ms
    apart, each linear in time between the two columns around it.

    Raises DataError where the file is not of this layout.
    """
    path = Path(path)
    arrays = read_arrays(path, ["level", "label", "genres"], rows=["level", "label"])
    level, label, genres = arrays["level"], arrays["label"], tuple(str(genre) for genre in arrays["genres"].tolist())
    if level.dtype != np.uint8 or level.ndim != 3 or level.shape[2] < 2:
        raise DataError(f"{path}: level is {level.dtype} {level.shape}; it must be uint8 (songs, bands, columns)")
    if label.ndim != 1 or label.dtype.kind not in "iu" or not np.isin(label, np.arange(len(genres))).all():
        raise DataError(f"{path}: label must be one whole number a song, from 0 to {len(genres) - 1}")
    songs = [
        Track(id=f"song{row:03d}", path=str(path), row=row, genres=(genres[place],)) for row, place in enumerate(label)
    ]

    def read(track: Track) -> NDArray[np.float32]:
        return cut_clip(level[track.row], track.start)

    def read_many(tracks: Sequence[Track]) -> NDArray[np.float32]:
        out = np.empty((len(tracks), level.shape[1], CLIP_FRAMES), np.float32)
        for place, track in enumerate(tracks):
            out[place] = read(track)
        return out

    def digest(track: Track) -> str:
        return f"{hashlib.sha256(level[track.row].tobytes()).hexdigest()}:{track.start!r}"

    return Dataset(
        name="course_songs",
        medium="log_mel",
        genres=genres,
        tracks=tuple(clip for song in songs for clip in clips(song, count=CLIPS_PER_SONG, seconds=CLIP_SECONDS)),
        read=read,
        source=f"GTZAN without jazz and rock, as log-mel arrays in {path}",
        licence=LICENCE,
        citation=CITATION,
        read_many=read_many,
        digest=digest,
    )


def cut_clip(song: NDArray[np.uint8], start: float) -> NDArray[np.float32]:
    """The clip that begins at `start` seconds of a song's packed levels (bands, columns).

    Gives float32 (bands, CLIP_FRAMES) in dB: 0 at the clip's loudest value, no value below -RANGE_DB.
    """
    columns = song.shape[1]
    # Column and frame alike stand for the middle of their time; before the first middle and after the last one all is
    # as at that middle.
    middles = start + (np.arange(CLIP_FRAMES) + 0.5) * CLIP_SECONDS / CLIP_FRAMES
    place = np.clip(middles * columns / (CLIPS_PER_SONG * CLIP_SECONDS) - 0.5, 0, columns - 1)
    left = np.minimum(place.astype(np.int64), columns - 2)
    weight = (place - left).astype(np.float32)
    db: NDArray[np.float32] = LEVEL_DB[song[:, left]] * (1 - weight) + LEVEL_DB[song[:, left + 1]] * weight
    db -= db.max()
    return np.maximum(db, -RANGE_DB, out=db)
