"""Who plays: a table of track id, artist and title beside a data set that does not say so itself."""

from __future__ import annotations

from pathlib import Path

from earmark.datasets.tables import read_table
from earmark.errors import DataError


def read_artists(path: str | Path) -> dict[str, tuple[str | None, str | None]]:
    """Artist and title by track id, None where a cell is empty, from a CSV file with the columns id, artist, title.

    Raises DataError where it is not such a file or names a track twice.
    """
    table = read_table(Path(path))
    track, artist, title = (table.place(column) for column in ("id", "artist", "title"))
    found: dict[str, tuple[str | None, str | None]] = {}
    for number, row in table.rows:
        if row[track] in found:
            raise DataError(f"{path}: row {number}: {row[track]!r} stands twice")
        found[row[track]] = (row[artist] or None, row[title] or None)
    return found
