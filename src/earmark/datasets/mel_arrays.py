"""Log-mel spectrograms of whole tracks, packed into eight bits a value."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.datasets.artists import read_artists
from earmark.datasets.npz import read_arrays
from earmark.errors import DataError, UsageError, nearest
from earmark.tracks import PARTS, Dataset, Part, Track

UNLISTED = "unlisted"
STEPS = 255  # of the packed level: 0 is the track's loudest value, 255 its floor


def mel_arrays(
    *,
    path: str | Path,
    genres: Sequence[str] | None = None,
    parts: Sequence[str] | None = None,
    artists: str | Path | None = None,
) -> Dataset:
    """Tracks whose log-mel spectrograms lie in one .npz file, one row a track.

    ids     (n,) text, the tracks' ids
    genre   (n,) text
    split   (n,) text: train, valid, test, or unlisted, which belongs to no part
    level   (n, bands, frames) uint8
    floor_db  (n,) float: the value at level 255

    `read` gives floor_db · (1 - level / 255): dB, 0 at the track's loudest value, float32 (bands, frames). `genres`
    takes some genres alone, in this order, and `parts` some of the words in `split`. `artists` is a CSV file with the
    columns id, artist, title.

    Raises DataError where the file is not of this layout, UsageError for a genre or part that it does not have.
    """
    path = Path(path)
    arrays = read_arrays(
        path,
        ["ids", "genre", "split", "level", "floor_db"],
        rows=["ids", "genre", "split", "level", "floor_db"],
    )
    level: NDArray[np.uint8] = arrays["level"]
    floor: NDArray[np.float32] = arrays["floor_db"].astype(np.float32)
    if level.dtype != np.uint8 or level.ndim != 3:
        raise DataError(f"{path}: level is {level.dtype} {level.shape}; it must be uint8 (tracks, bands, frames)")
    part_of: dict[str, Part | None] = {UNLISTED: None, **{part: part for part in PARTS}}
    there = {"genre": sorted(set(arrays["genre"].tolist())), "split": sorted(set(arrays["split"].tolist()))}
    for word in there["split"]:
        if word not in part_of:
            raise DataError(f"{path}: split {word!r} is not one of {', '.join(part_of)}")
    for column, wanted in (("genre", genres), ("split", parts)):
        for word in wanted or ():
            if word not in there[column]:
                known = ", ".join(there[column])
                raise UsageError(f"{path}: no {column} {word!r}{nearest(word, there[column])}; there are: {known}")
    names = read_artists(artists) if artists is not None else {}
    chosen, kept = tuple(genres or there["genre"]), parts or there["split"]
    tracks = []
    for row, name in enumerate(arrays["ids"].tolist()):
        genre, split = str(arrays["genre"][row]), str(arrays["split"][row])
        if genre in chosen and split in kept:
            artist, title = names.get(name, (None, None))
            tracks.append(
                Track(
                    id=name,
                    path=str(path),
                    row=row,
                    genres=(genre,),
                    part=part_of[split],
                    artist=artist,
                    title=title,
                )
            )

    def read_many(tracks: Sequence[Track]) -> NDArray[np.float32]:
        rows = np.array([track.row for track in tracks])
        db: NDArray[np.float32] = floor[rows][:, None, None] * (1 - level[rows].astype(np.float32) / STEPS)
        return db

    def digest(track: Track) -> str:
        return hashlib.sha256(level[track.row].tobytes() + floor[track.row].tobytes()).hexdigest()

    return Dataset(
        name=path.stem,
        medium="log_mel",
        genres=chosen,
        tracks=tuple(tracks),
        read=lambda track: read_many([track])[0],
        source=f"log-mel arrays in {path}",
        licence="not stated: that of the recordings they were computed from holds",
        read_many=read_many,
        digest=digest,
    )
