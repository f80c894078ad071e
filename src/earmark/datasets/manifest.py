"""A CSV file that names audio files and their genres."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from earmark.datasets.genre_folders import PARTS
from earmark.datasets.sounds import read_sound, sound_digest
from earmark.datasets.tables import Table, read_table
from earmark.errors import DataError, nearest
from earmark.tracks import Dataset, Fault, Track

SHOWN = 10  # bad rows in one message


def manifest(
    *,
    path: str | Path,
    root: str | Path | None = None,
    path_column: str = "path",
    genre_column: str = "genre",
    artist_column: str | None = None,
    song_column: str | None = None,
    title_column: str | None = None,
    year_column: str | None = None,
    split_column: str | None = None,
) -> Dataset:
    """Audio files listed in a CSV file with the columns path and genre.

    The columns artist, song, title, year and split (train, valid or test) are read where they are there; each may go by
    another name. Paths are relative to `root`, or else to the CSV file's folder; a track's id is its path as written.
    Columns of other names are passed over, and listed in `faults`.

    Raises DataError for a column that is not there, or naming all bad rows: no path or genre, no such file, a file
    named twice, a split or year that is none.
    """
    table = read_table(Path(path))
    optional = {
        "artist": artist_column,
        "song": song_column,
        "title": title_column,
        "year": year_column,
        "split": split_column,
    }
    places = {"path": table.place(path_column), "genre": table.place(genre_column)}
    for field, column in optional.items():
        if column is not None or field in table.header:
            places[field] = table.place(column or field)
    tracks = _tracks(table, places, Path(path).parent if root is None else Path(root))
    genres = tuple(sorted({genre for track in tracks for genre in track.genres}))
    if len(genres) < 2:
        raise DataError(
            f"{path}: {'only the genre ' + genres[0] if genres else 'no tracks'} in it; two genres are needed"
        )
    absent = [field for field in optional if field not in places]
    return Dataset(
        name=Path(path).stem,
        medium="audio",
        genres=genres,
        tracks=tuple(tracks),
        read=read_sound,
        source=f"audio files listed in {path}",
        licence="not stated: that of each recording holds",
        faults=tuple(
            Fault(str(path), f"column {column!r} is not used{nearest(column, absent)}")
            for place, column in enumerate(table.header)
            if place not in places.values()
        ),
        digest=sound_digest,
    )


def _tracks(table: Table, places: dict[str, int], root: Path) -> list[Track]:
    """A track a row, in the order of the rows."""
    tracks: list[Track] = []
    bad: list[str] = []
    first: dict[str, int] = {}
    for number, row in table.rows:
        cells = {field: row[place] for field, place in places.items()}
        name = PurePosixPath(cells["path"]).as_posix()
        if why := _wrong(cells, root) or (f"{name} stands in row {first[name]} already" if name in first else ""):
            bad.append(f"row {number}: {why}")
            continue
        first[name] = number
        tracks.append(
            Track(
                id=name,
                path=str(root / cells["path"]),
                genres=(cells["genre"],),
                song=cells.get("song", ""),
                artist=cells.get("artist") or None,
                title=cells.get("title") or None,
                year=int(cells["year"]) if cells.get("year") else None,
                part=PARTS[cells["split"].casefold()] if cells.get("split") else None,
            )
        )
    if bad:
        more = f"; and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
        raise DataError(f"{table.path}: {len(bad)} of {len(table.rows)} rows: {'; '.join(bad[:SHOWN])}{more}")
    return tracks


def _wrong(cells: dict[str, str], root: Path) -> str:
    """What is wrong with a row, empty where nothing is."""
    for field in ("path", "genre"):
        if not cells[field]:
            return f"no {field}"
    if not (root / cells["path"]).is_file():
        return f"no file {root / cells['path']}"
    if (split := cells.get("split", "")) and split.casefold() not in PARTS:
        return f"split {split!r} is not train, valid or test{nearest(split, PARTS)}"
    if (year := cells.get("year", "")) and not (year.isascii() and year.isdigit()):
        return f"year {year!r} is not a whole number"
    return ""
