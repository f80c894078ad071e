"""TensorFlow checkpoints written by hand, as whole or as wrong as a test asks for."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.datasets.tfdata.checksum import masked_crc32c
from earmark.datasets.tfdata.wire import bytes_field, integer_field, varint
from earmark.pretrained.tensor_bundle import MAGIC

DTYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int64": 9, "bool": 10, "float16": 19}
Entries = Sequence[tuple[bytes, bytes]]


def block(entries: Entries, *, restart_every: int = 3, compression: int = 0) -> bytes:
    """Entries with shared beginnings left out, the restarts, the compression and the checksum."""
    body, restarts, before = b"", [], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % restart_every == 0:
            restarts.append(len(body))
        else:
            while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                shared += 1
        body += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    body += b"".join(struct.pack("<I", place) for place in restarts or [0])
    body += struct.pack("<I", len(restarts or [0])) + bytes([compression])
    return body + struct.pack("<I", masked_crc32c(body))


def table(blocks: Sequence[bytes], *, after: bytes = b"") -> bytes:
    """An index of these blocks of entries."""
    body, handles = b"", []
    for content in blocks:
        handles.append((b"\xff", varint(len(body)) + varint(len(content) - 5)))
        body += content
    places = []
    for content in (block([]), block(handles, restart_every=1)):
        places.append(varint(len(body)) + varint(len(content) - 5))
        body += content
    return body + after + b"".join(places).ljust(40, b"\0") + MAGIC


def entry(
    array: NDArray[np.generic], offset: int, *, size: int | None = None, dtype: int | None = None, more: bytes = b""
) -> bytes:
    """The message that says what lies at `offset`."""
    content = array.tobytes()
    shape = b"".join(bytes_field(2, integer_field(1, length & (1 << 64) - 1)) for length in array.shape)
    return b"".join(
        (
            integer_field(1, DTYPES[array.dtype.name] if dtype is None else dtype),
            bytes_field(2, shape) if shape else b"",
            integer_field(4, offset),
            integer_field(5, len(content) if size is None else size),
            b"\x35" + struct.pack("<I", masked_crc32c(content)),
            more,
        )
    )


HEADER = (b"", integer_field(1, 1))


def entries(arrays: Mapping[str, NDArray[np.generic]]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Entries of arrays in the order of their names, and the data that they point into."""
    found, data = [HEADER], b""
    for name in sorted(arrays):
        found.append((name.encode(), entry(arrays[name], len(data))))
        data += arrays[name].tobytes()
    return found, data


def bundle(arrays: Mapping[str, NDArray[np.generic]], *, per_block: int = 4) -> tuple[bytes, bytes]:
    """Index and data."""
    found, data = entries(arrays)
    return table([block(found[at : at + per_block]) for at in range(0, len(found), per_block)]), data
