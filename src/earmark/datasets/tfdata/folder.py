"""A saved folder as arrays: its files found, everything counted and compared with what the folder says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from earmark.datasets.tfdata.compression import unpacked
from earmark.datasets.tfdata.dtypes import describe
from earmark.datasets.tfdata.metadata import Metadata, read_metadata
from earmark.datasets.tfdata.records import read_records
from earmark.datasets.tfdata.structure import Component, read_structure
from earmark.datasets.tfdata.tensors import Column
from earmark.datasets.tfdata.wire import FormatError
from earmark.errors import DataError

SPECIFICATION = "dataset_spec.pb"
METADATA = "snapshot.metadata"
SHARD, CHUNK = ".shard", ".snapshot"
_LARGEST_MESSAGE = 1 << 20  # bytes; real ones have some hundred
_BUFFER = 1 << 16  # bytes
_DISTRIBUTED = ("DONE", "ERROR", "chunks", "streams")

# Packed files may unpack to 256 MiB, and beyond that to 100 times their size: ten times what log-mels come to, and
# a tenth of what deflate can do.
_UNPACKED_FLOOR, _UNPACKED_RATIO = 1 << 28, 100

T = TypeVar("T")


@dataclass(frozen=True)
class SavedDataset:
    """The elements of a folder, component by component.

    components   in the order of their records: depth first, dicts by sorted key
    values       for each component (n, *shape), or n arrays where the shapes of the elements differ

    With several shards the elements stand shard after shard, shards by their folder's name as text. (TensorFlow
    interleaves them by the number of processors of the machine that loads.)
    """

    components: tuple[Component, ...]
    values: tuple[NDArray[Any] | tuple[NDArray[Any], ...], ...]

    def __len__(self) -> int:
        return len(self.values[0])


def read_folder(path: str | Path) -> SavedDataset:
    """Read a folder that `tf.data.Dataset.save(path)` wrote: plain, gzip, zlib or snappy; any number of shards.

    Every checksum, count, dtype, shape and length is verified. Raises DataError with the file, the place in it and
    the cause where the folder is unfinished, damaged, incomplete, of another layout or version, or holds something
    other than plain tensors.
    """
    folder = Path(path)
    try:
        _check_layout(folder)
        metadata = _read_message(folder / METADATA, read_metadata)
        components = _read_message(folder / SPECIFICATION, read_structure)
        _check_dtypes(folder, metadata, components)
        run = folder / metadata.run_id
        if not run.is_dir():
            raise DataError(f"{run}: the run folder that {METADATA} names is missing; copy the folder again")
        return _read_shards(run, components, metadata.num_elements)
    except OSError as error:
        raise DataError(f"{error.filename or folder}: cannot be read: {error.strerror}") from error


def _check_layout(folder: Path) -> None:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    for name in _DISTRIBUTED:
        if (folder / name).exists():
            raise DataError(f"{folder}: {name} in it: a snapshot of the tf.data service, which is another layout")
    if (folder / METADATA).exists() and (folder / SPECIFICATION).exists():
        return
    if not (folder / METADATA).exists() and any(folder.glob(f"{METADATA}-tmp-*")):
        raise DataError(f"{folder}: only a temporary {METADATA}-tmp: the save was broken off; save again")
    missing = " or ".join(name for name in (METADATA, SPECIFICATION) if not (folder / name).exists())
    raise DataError(f"{folder}: no {missing} in it: not a whole folder of tf.data's Dataset.save")


def _read_message(file: Path, read: Callable[[memoryview], T]) -> T:
    if not file.is_file():
        raise DataError(f"{file}: not a regular file")
    size = file.stat().st_size
    if size > _LARGEST_MESSAGE:
        raise DataError(f"{file}: {size} bytes; a real one has fewer than {_LARGEST_MESSAGE}")
    try:
        return read(memoryview(file.read_bytes()))
    except FormatError as error:
        raise DataError(f"{file}: {error}") from error


def _check_dtypes(folder: Path, metadata: Metadata, components: tuple[Component, ...]) -> None:
    specified = [component.dtype.number for component in components]
    if metadata.dtypes != specified:
        listed, wanted = (", ".join(map(describe, numbers)) or "none" for numbers in (metadata.dtypes[:64], specified))
        raise DataError(f"{folder / METADATA}: its dtypes are {listed}; {SPECIFICATION} has {wanted}")


def _read_shards(run: Path, components: tuple[Component, ...], num_elements: int) -> SavedDataset:
    """`num_elements` below zero: the number is not known beforehand."""
    shards = [_chunks(shard) for shard in sorted(_numbered(run, SHARD), key=lambda entry: entry.name)]
    allowance = _UNPACKED_FLOOR + _UNPACKED_RATIO * sum(file.stat().st_size for chunks in shards for file in chunks)
    columns = [Column(component) for component in components]
    for chunks in shards:
        for file in chunks:
            try:
                allowance -= _read_chunk(file, columns, allowance, num_elements)
            except FormatError as error:
                raise DataError(f"{file}: {error}") from error
        unfinished = _turn(columns)
        if unfinished:
            raise DataError(
                f"{chunks[-1]}: the file ends inside element {len(columns[-1])}, before its component "
                f"{components[unfinished].path}; it is cut off"
            )
    count = len(columns[0])
    if num_elements >= 0 and count != num_elements:
        raise DataError(
            f"{run}: {count} elements (shard folders: {len(shards)}), {METADATA} counts {num_elements}; "
            "a shard or the end of one is missing: copy the folder again"
        )
    return SavedDataset(components, tuple(column.values() for column in columns))


def _read_chunk(file: Path, columns: list[Column], limit: int, num_elements: int) -> int:
    """Append the file's records to the columns in turn; return the bytes they had. Raises FormatError."""
    turn, end = _turn(columns), 0
    with file.open("rb", buffering=_BUFFER) as opened:
        source = unpacked(opened, file.stat().st_size, limit=limit)
        for number, (at, record) in enumerate(read_records(source)):
            column = columns[turn]
            if len(column) == num_elements:
                raise FormatError(f"record {number} at byte {at}: more than the {num_elements} elements of {METADATA}")
            try:
                column.append(record)
            except FormatError as error:
                raise FormatError(
                    f"record {number} at byte {at} (element {len(column)}, component {column.component.path}): {error}"
                ) from error
            turn = (turn + 1) % len(columns)
            end = at + len(record)
    return end


def _turn(columns: list[Column]) -> int:
    """Place of the component whose record comes next: the first that is behind, 0 between elements."""
    return sum(len(column) > len(columns[-1]) for column in columns)


def _chunks(shard: Path) -> list[Path]:
    """The files of one shard by number. Gaps are whole: an interval of the save may have left the shard nothing."""
    if not shard.is_dir():
        raise DataError(f"{shard}: not a folder")
    chunks = sorted(_numbered(shard, CHUNK), key=lambda entry: int(entry.stem))
    if not chunks:
        raise DataError(f"{shard}: no {CHUNK} file in it; copy the folder again")
    for chunk in chunks:
        if not chunk.is_file():
            raise DataError(f"{chunk}: not a regular file")
    return chunks


def _numbered(folder: Path, suffix: str) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.suffix != suffix:
            continue
        if not (entry.stem.isascii() and entry.stem.isdigit() and entry.stem == f"{int(entry.stem):08d}"):
            raise DataError(f"{entry}: the name is not a number of at least 8 digits before {suffix}")
        yield entry
