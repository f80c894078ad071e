"""`snapshot.metadata`: which run folder counts, and how many elements it holds (`SnapshotMetadataRecord`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from earmark.datasets.tfdata.wire import BYTES, FormatError, fields, read_varint

VERSION = 2
UNKNOWN, INFINITE = -2, -1
_RUN_ID_DIGITS = 20  # an unsigned 64-bit number


@dataclass
class Metadata:
    """What the file says; absent fields are zero or empty."""

    run_id: str = ""
    version: int = 0
    dtypes: list[int] = field(default_factory=list)
    num_elements: int = 0
    finalized: bool = False


def read_metadata(message: memoryview) -> Metadata:
    """Read and check the record. Raises FormatError where the save is unfinished or of another version."""
    if not message:
        raise FormatError("the file is empty")
    found = Metadata()
    for entry in fields(message, repeated={5}):
        match entry.number:
            case 2:
                found.run_id = entry.text
            case 4:
                found.version = entry.integer
            case 5:
                found.dtypes += _packed(entry.data) if entry.wire == BYTES else [entry.integer]
            case 6:
                found.num_elements = entry.integer
            case 1000:
                found.finalized = bool(entry.integer)
    if not found.finalized:
        raise FormatError("the save is not finished (finalized is false): it still runs or was broken off; save again")
    if found.version != VERSION:
        raise FormatError(f"format version {found.version} is not read, only {VERSION}; save again with TensorFlow 2")
    if not (found.run_id.isascii() and found.run_id.isdigit() and len(found.run_id) <= _RUN_ID_DIGITS):
        raise FormatError(f"run id {found.run_id[:80]!r} is not a decimal number of at most {_RUN_ID_DIGITS} digits")
    if found.num_elements < UNKNOWN:
        raise FormatError(f"the number of elements is {found.num_elements}")
    return found


def _packed(numbers: memoryview) -> list[int]:
    found, at = [], 0
    while at < len(numbers):
        number, at = read_varint(numbers, at)
        found.append(number)
    return found
