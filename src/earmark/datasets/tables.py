"""CSV files that people write: read whole, with the row number a spreadsheet shows."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from earmark.errors import DataError, nearest


@dataclass(frozen=True)
class Table:
    """Cells of a CSV file. `rows` pairs each row's number, the header's being 1, with a cell for each column."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def place(self, column: str) -> int:
        """Place of a column. Raises DataError with the nearest one."""
        if column not in self.header:
            raise DataError(
                f"{self.path}: no column {column!r}{nearest(column, self.header)}; it has: {', '.join(self.header)}"
            )
        return self.header.index(column)


def read_table(path: Path) -> Table:
    """Read a CSV file with a header, UTF-8 with or without a byte order mark. Blanks around cells and empty rows go.

    Raises DataError naming the row where it is not such a file.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}: line {row}: not UTF-8; save it as “CSV UTF-8”") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        records = [tuple(cell.strip() for cell in record) for record in reader]
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: not valid CSV: {error}; look for a stray quote") from error
    header = records[0] if records else ()
    if not any(header) or len(set(header)) != len(header):
        raise DataError(f"{path}: the first row must name the columns, each once; it is {','.join(header)!r}")
    rows = tuple((number, record) for number, record in enumerate(records[1:], start=2) if any(record))
    wrong = [number for number, record in rows if len(record) != len(header)]
    if wrong:
        several = f" (and {len(wrong) - 1} more rows)" if len(wrong) > 1 else ""
        cells = len(records[wrong[0] - 1])
        raise DataError(
            f"{path}: row {wrong[0]}{several}: {cells} cells, the header has {len(header)}; "
            "put quotes around cells with commas"
        )
    return Table(path, header, rows)
