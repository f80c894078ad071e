"""One folder of spectrogram pictures per genre."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.checksums import remembered_digest
from earmark.datasets.genre_folders import sorted_files
from earmark.errors import DataError, UsageError, nearest
from earmark.images.decode import IMAGE_SUFFIXES
from earmark.images.drawing import Colour, Drawing
from earmark.tracks import Dataset, Track

PIECE = r"(.+?)(?:[-_]\d{1,3})?"  # name-2.png and name_002.png are pieces of one track


def image_folder(
    *,
    path: str | Path,
    genres: Sequence[str] | None = None,
    trim: bool = True,
    height: int = 224,
    width: int = 224,
    colour: Colour = "rgb",
    colour_map: str | None = None,
    track_pattern: str | None = None,
) -> Dataset:
    """PNG and JPEG pictures sorted into one folder per genre: `path/jazz/song_002.png`.

    Folders train, valid and test above the genres hand out the parts; without them a split shares the pictures out,
    all of one track to one side. Nothing is held: each picture is decoded when it is asked for.

    genres         some of the folders alone, in this order; None: all, by name
    trim           cut off borders, axes, titles and colour bars
    height, width  pixels that each picture is resized to
    colour         "rgb": (3, height, width) · "grey": (1, …) luminance · "decibels": (1, …) the colour map inverted,
                   0 its first and 1 its last colour; all float32 from 0 to 1 in steps of 1/255
    colour_map     matplotlib's name of the map that "decibels" inverts; None: recognised in each picture
    track_pattern  regular expression for a picture's name without suffix, whose first group names its track; None:
                   the name up to a piece's number (`-2`, `_002`), or whole where that would leave a genre one track

    Raises DataError where there is no such folder, fewer than two genres, or a genre without pictures; UsageError for
    options out of range.
    """
    if colour not in get_args(Colour):
        raise UsageError(
            f"no colour {colour!r}{nearest(colour, get_args(Colour))}; known: {', '.join(get_args(Colour))}"
        )
    if height < 1 or width < 1:
        raise UsageError(f"height = {height}, width = {width}: pictures have at least one pixel")
    if colour_map is not None and colour != "decibels":
        raise UsageError(f"colour_map = {colour_map!r} is for colour = 'decibels', not {colour!r}")
    root = Path(path)
    chosen, tracks, faults = sorted_files(root, genres, suffixes=IMAGE_SUFFIXES, what="picture")
    drawing = Drawing(trim=trim, height=height, width=width, colour=colour, colour_map=colour_map)
    settings = msgspec.json.encode(drawing).decode()

    def read(track: Track) -> NDArray[np.float32]:
        return drawing.read(_file(track))

    def digest(track: Track) -> str:
        try:
            return f"{remembered_digest(_file(track))}:{settings}"
        except OSError as error:
            raise DataError(f"{track.path}: cannot be read: {error.strerror}") from error

    return Dataset(
        name=root.resolve().name,
        medium="image",
        genres=chosen,
        tracks=tuple(_with_songs(root, tracks, track_pattern)),
        read=read,
        source=f"pictures in {root}",
        licence="not stated: that of each recording holds",
        faults=tuple(faults),
        digest=digest,
        drawing=drawing,
    )


def _with_songs(root: Path, tracks: Sequence[Track], pattern: str | None) -> list[Track]:
    """Each picture with the track it shows, named by the genre's folder and its own name there."""
    if pattern is not None:
        return [msgspec.structs.replace(track, song=_song(track, pattern, root)) for track in tracks]
    songs = {track.id: _song(track, PIECE, root) for track in tracks}
    pictures, distinct = defaultdict(list), defaultdict(set)
    for track in tracks:
        pictures[track.genre].append(track)
        distinct[track.genre].add(songs[track.id])
    if any(len(distinct[genre]) == 1 < len(pictures[genre]) for genre in pictures):
        songs = {track.id: _song(track, "(.+)", root) for track in tracks}
    return [msgspec.structs.replace(track, song=songs[track.id]) for track in tracks]


def _song(track: Track, pattern: str, root: Path) -> str:
    """A track has one name in all parts, so that it is found where it stands on both sides."""
    place = PurePosixPath(track.id)
    try:
        found = re.fullmatch(pattern, place.stem)
        name = found[1] if found else None
    except (re.error, IndexError) as error:
        raise UsageError(
            f"track_pattern = {pattern!r}: {error}; it takes one group, as in '(.+)_part[0-9]+'"
        ) from error
    if not name:
        raise UsageError(f"{root}: track_pattern = {pattern!r} does not fit {place.stem!r}, the name of {track.id}")
    folders = place.parent.parts[1:] if track.part is not None else place.parent.parts
    return "/".join((*folders, name))


def _file(track: Track) -> Path:
    if track.path is None:
        raise DataError(f"{track.id}: this track has no file")
    return Path(track.path)
