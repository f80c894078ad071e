"""The Free Music Archive (FMA): clips of 30 s under Creative Commons licences, with an artist-aware split."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from earmark.datasets.sounds import read_sound, sound_digest
from earmark.errors import DataError, UsageError, nearest
from earmark.tracks import Dataset, Fault, Part, Track

Subset = Literal["small", "medium", "large", "full"]
SUBSETS: tuple[Subset, ...] = get_args(Subset)  # each holds those before it
PART_OF: dict[str, Part] = {"training": "train", "validation": "valid", "test": "test"}
COLUMNS = (
    "set split",
    "set subset",
    "track genre_top",
    "track title",
    "track language_code",
    "track date_recorded",
    "album date_released",
    "artist name",
)
LONGEST_CELL = 10_000_000  # characters; biographies exceed what the csv module takes by default
# The clips were cut from the middle of a length that was wrong: just before the recording's end, or past it.
SHORT = (98565, 98566, 98567, 98568, 98569)
EMPTY = (1486, 5574, 65753, 80391, 98558, 98559, 98560, 98571, 99134, 105247, 108925, 126981, 127336, 133297, 143992)
SOURCE = "Free Music Archive, as collected in FMA: https://github.com/mdeff/fma"
LICENCE = "table: CC BY 4.0; each recording: the Creative Commons licence its artist chose (column track license)"
CITATION = (
    "M. Defferrard, K. Benzi, P. Vandergheynst and X. Bresson, FMA: a dataset for music analysis, ISMIR 2017, "
    "arXiv:1612.01840"
)


def fma(
    *,
    path: str | Path,
    metadata: str | Path | None = None,
    subset: Subset = "small",
    genres: Sequence[str] | None = None,
) -> Dataset:
    """FMA's audio, in its published layout: `fma_small/000/000002.mp3`; the track's id is `000002`.

    `path` is the folder that holds fma_small/, or that folder itself. `metadata` is the folder with tracks.csv;
    without it, fma_metadata/ in `path` or beside it. A `subset` holds the smaller ones: small has 8 genres of 1,000
    clips, medium 16 genres, large and full all tracks, as clips of 30 s and uncut. A track's genre is its top genre;
    tracks without one are left out. `genres` takes some genres alone, in this order. `part` is the published split,
    which puts no artist on two sides.

    Raises DataError where the audio or the table is not there or not FMA's; UsageError for an unknown subset or genre.
    """
    if subset not in SUBSETS:
        raise UsageError(f"FMA has no subset {subset!r}{nearest(subset, SUBSETS)}; it has: {', '.join(SUBSETS)}")
    root = _root(Path(path), subset)
    table = _table(Path(path), None if metadata is None else Path(metadata))
    listed = list(_read_tracks(table, root, subset))
    labelled = [track for track in listed if track.genre]
    known = sorted({track.genre for track in labelled if track.genre})
    for genre in genres or ():
        if genre not in known:
            raise UsageError(f"fma_{subset} has no genre {genre!r}{nearest(genre, known)}; it has: {', '.join(known)}")
    chosen = tuple(genres or known)
    wanted = [track for track in labelled if track.genre in chosen]
    broken = {} if subset == "full" else _broken()
    there = {str(file) for folder in root.iterdir() if folder.is_dir() for file in folder.iterdir()}
    tracks = [track for track in wanted if track.path in there and track.id not in broken]
    if not tracks:
        raise DataError(f"{root}: none of the {len(wanted)} files that {table} names, such as 000/000002.mp3, is in it")
    faults = [Fault(track.id, broken[track.id]) for track in wanted if track.id in broken]
    if missing := len(wanted) - len(faults) - len(tracks):
        faults.append(Fault(str(root), f"tracks of fma_{subset} in these genres that are not here: {missing}"))
    if unlabelled := len(listed) - len(labelled):
        faults.append(Fault(str(table), f"tracks of fma_{subset} without a top genre left out: {unlabelled}"))
    return Dataset(
        name=f"fma_{subset}",
        medium="audio",
        genres=chosen,
        tracks=tuple(tracks),
        read=read_sound,
        source=SOURCE,
        licence=LICENCE,
        citation=CITATION,
        faults=tuple(faults),
        digest=sound_digest,
    )


def _broken() -> dict[str, str]:
    short = {_id(number): "left out: the clip in circulation is only some seconds long" for number in SHORT}
    return short | {_id(number): "left out: the clip in circulation holds no sound" for number in EMPTY}


def _id(number: int) -> str:
    return f"{number:06d}"


def _root(path: Path, subset: Subset) -> Path:
    for root in (path / f"fma_{subset}", path):
        if (root / "000").is_dir():
            return root
    how = "`earmark fetch fma_small` brings it (7.7 GB)" if subset == "small" else f"unpack fma_{subset}.zip there"
    why = f"no folder fma_{subset}/ with 000/ to 155/ in it" if path.is_dir() else "no such folder"
    raise DataError(f"{path}: {why}; {how}")


def _table(path: Path, metadata: Path | None) -> Path:
    places = [path / "fma_metadata", path.parent / "fma_metadata"] if metadata is None else [metadata]
    for place in places:
        if (place / "tracks.csv").is_file():
            return place / "tracks.csv"
    raise DataError(
        f"{places[0]}: no tracks.csv, which names genres and parts; `earmark fetch fma_metadata` brings it (358 MB), "
        "or set metadata to the folder it is in"
    )


def _read_tracks(table: Path, root: Path, subset: Subset) -> Iterator[Track]:
    """The tracks of `subset` in the order of their ids. Two header rows name group and column, a third the index."""
    nested = SUBSETS if subset == "full" else SUBSETS[: SUBSETS.index(subset) + 1]
    for row, name, cell in _rows(table):
        if cell["set subset"] not in nested:
            continue
        if not name.isdecimal() or cell["set split"] not in PART_OF:
            raise DataError(
                f"{table}: row {row}: track {name!r} in the part {cell['set split']!r}; ids are whole numbers, "
                f"parts {', '.join(PART_OF)}"
            )
        track = _id(int(name))
        yield Track(
            id=track,
            path=str(root / track[:3] / f"{track}.mp3"),
            genres=(cell["track genre_top"],) if cell["track genre_top"] else (),
            artist=cell["artist name"] or None,
            title=cell["track title"] or None,
            year=_year(cell["track date_recorded"]) or _year(cell["album date_released"]),
            language=cell["track language_code"] or None,
            part=PART_OF[cell["set split"]],
        )


def _rows(table: Path) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Number, id and the cells of COLUMNS of each row, one at a time: the table has 260 MB."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        with table.open(encoding="utf-8", newline="") as content:
            rows = csv.reader(content, strict=True)
            header = [f"{group} {column}" for group, column in zip(next(rows, ()), next(rows, ()), strict=False)]
            for column in COLUMNS:
                if column not in header:
                    raise DataError(f"{table}: no column {column!r}; it is not FMA's tracks.csv of 2017-05")
            places = {column: header.index(column) for column in COLUMNS}
            next(rows, ())
            for number, row in enumerate(rows, start=4):
                if len(row) != len(header):
                    raise DataError(f"{table}: row {number}: {len(row)} cells, the header has {len(header)}")
                yield number, row[0], {column: row[place] for column, place in places.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: cannot be read: {error}; unpack fma_metadata.zip again") from error
    finally:
        csv.field_size_limit(limit)


def _year(date: str) -> int | None:
    """Of `2009-01-05 00:00:00`."""
    return int(date[:4]) if date[:4].isdecimal() else None
