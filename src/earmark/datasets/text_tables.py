"""Large tables of texts, CSV or Parquet, read row by row."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from earmark.errors import DataError, nearest, need

GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
LONGEST_CELL = 2**31 - 1  # characters; Python's own limit is 131,072
BATCH = 10_000  # rows of a Parquet file at a time


def header_of(path: Path) -> tuple[str, ...]:
    """The names of a table's columns. Raises DataError where the file is no table."""
    with _opened(path) as file:
        if _is_parquet(path):
            return tuple(_parquet(path, file).schema_arrow.names)
        return _header(path, _rows(path, file))


def place_of(path: Path, header: Sequence[str], column: str) -> int:
    """Where a column of that name stands, in whatever case. Raises DataError listing the columns."""
    for names in (header, [name.casefold() for name in header]):
        wanted = column if names is header else column.casefold()
        if wanted in names:
            return names.index(wanted)
    raise DataError(f"{path}: no column {column!r}{nearest(column, header)}; it has: {', '.join(header)}")


def read_rows(path: Path, columns: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    """Each row's number, the header's being 1, and its cells in `columns`, without blanks around them.

    CSV is UTF-8 with or without a byte order mark, as it is or packed by gzip; cells may hold line ends. Empty rows of
    it are passed over; what Parquet has no value for is empty. Raises DataError naming the row where the file is
    damaged, not such a table, or holds what is no text.
    """
    with _opened(path) as file:
        cells = _parquet_rows(path, file, columns) if _is_parquet(path) else _csv_rows(path, file, columns)
        for number, row in cells:
            for cell in row:
                if "\0" in cell:
                    raise DataError(
                        f"{path}: row {number}: a NUL byte: this is not text, or it is UTF-16; save as UTF-8"
                    )
            yield number, row


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP
            file.seek(0)
            if packed:
                with gzip.open(file) as unpacked:
                    yield unpacked  # type: ignore[misc]
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip file is damaged: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; give a CSV or Parquet file of lyrics") from error


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == PARQUET


def _rows(path: Path, file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV file. Bytes that are not UTF-8 come as lone surrogates, so that the row can be told."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, strict=True)
    number, limit = 0, csv.field_size_limit(LONGEST_CELL)
    try:
        for number, row in enumerate(reader, start=1):
            yield number, row
    except csv.Error as error:
        raise DataError(
            f"{path}: row {number + 1}, up to line {reader.line_num}: not valid CSV: {error}; look for a stray quote"
        ) from error
    finally:
        csv.field_size_limit(limit)
        if not text.closed:
            text.detach()  # or it would close the file of whoever opened it


def _header(path: Path, rows: Iterator[tuple[int, list[str]]]) -> tuple[str, ...]:
    header = tuple(cell.strip() for cell in next(rows, (0, []))[1])
    _require_text(path, 1, header)
    if not any(header) or len(set(header)) != len(header):
        shown = ",".join(header)[:200]
        raise DataError(f"{path}: the first row must name the columns, each once; it is {shown!r}")
    return header


def _csv_rows(path: Path, file: IO[bytes], columns: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    rows = _rows(path, file)
    width = len(_header(path, rows))
    for number, row in rows:
        if len(row) == width:
            cells = [row[column].strip() for column in columns]
            _require_text(path, number, cells)
            yield number, cells
        elif any(row):
            raise DataError(
                f"{path}: row {number}: {len(row)} cells, the header has {width}; put quotes around cells with commas"
            )


def _require_text(path: Path, number: int, cells: Sequence[str]) -> None:
    for cell in cells:
        try:
            cell.encode()
        except UnicodeEncodeError as error:
            byte = ord(cell[error.start]) - 0xDC00
            raise DataError(
                f"{path}: row {number}: the byte 0x{byte:02x} is not UTF-8; save the file as “CSV UTF-8”"
            ) from error


def _parquet(path: Path, file: IO[bytes]) -> Any:
    parquet = need("pyarrow.parquet", extra="parquet", purpose="reading Parquet files")
    try:
        return parquet.ParquetFile(file)
    except (ValueError, OSError) as error:  # what pyarrow raises is one or the other
        raise DataError(f"{path}: the Parquet file is damaged: {str(error).splitlines()[0]}") from error


def _parquet_rows(path: Path, file: IO[bytes], columns: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    table = _parquet(path, file)
    names = [table.schema_arrow.names[column] for column in columns]
    number = 1
    try:
        for batch in table.iter_batches(batch_size=BATCH, columns=list(dict.fromkeys(names))):
            values = [batch.column(name).to_pylist() for name in names]
            for row in zip(*values, strict=True):
                number += 1
                yield number, ["" if cell is None or cell != cell else str(cell).strip() for cell in row]
    except (ValueError, OSError) as error:
        raise DataError(
            f"{path}: after row {number}: the Parquet file is damaged: {str(error).splitlines()[0]}"
        ) from error
