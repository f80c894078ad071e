"""TensorFlow checkpoints (its "tensor bundles"), read without TensorFlow, every checksum verified.

A checkpoint is an index and a file of values that the index points into. The index is a table as LevelDB has them: its
footer says where a block lies that says where the blocks of entries lie; a key leaves out what it shares with the key
before; behind each block stand its compression and a checksum. The entries' values are protobuf messages.

Source: tensorflow/core/protobuf/tensor_bundle.proto, and doc/table_format.md of LevelDB.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.datasets.tfdata.checksum import masked_crc32c
from earmark.datasets.tfdata.dtypes import BFLOAT16, READABLE, describe
from earmark.datasets.tfdata.structure import read_shape
from earmark.datasets.tfdata.wire import FormatError, fields, read_varint
from earmark.errors import ModelError

FOOTER_BYTES = 48
MAGIC = bytes.fromhex("57fb808b247547db")
TRAILER = struct.Struct("<BI")  # behind a block: its compression, and the checksum of both
RESTART = struct.Struct("<I")
PLAIN = 0
MOST_DIMENSIONS = 8
LONGEST_DIMENSION = 1 << 31
LONGEST_NAME = 4096  # bytes; keys that share their beginnings could else unfold to any size


@dataclass(frozen=True)
class _Entry:
    """A variable: its kind, and where its values lie."""

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    offset: int
    size: int
    checksum: int


def read_tensor_bundle(index: bytes, data: bytes, *, where: str) -> dict[str, NDArray[np.generic]]:
    """The variables of a checkpoint by name, from its `.index` and its one `.data-00000-of-00001`.

    Raises ModelError naming `where` and the place in it for all that is damaged, and for what is whole but not read:
    compressed blocks, several data files, big-endian values, sliced variables, and dtypes that NumPy does not have.
    """
    try:
        return {entry.name: _values(entry, data) for entry in _entries(memoryview(index))}
    except FormatError as error:
        raise ModelError(f"{where}: cannot be read as a TensorFlow checkpoint: {error}") from error


def _values(entry: _Entry, data: bytes) -> NDArray[np.generic]:
    if entry.offset + entry.size > len(data):
        raise FormatError(
            f"{entry.name} ends at byte {entry.offset + entry.size} of the data, there are {len(data)}; "
            "the data are cut off, or of another index"
        )
    content = data[entry.offset : entry.offset + entry.size]
    if masked_crc32c(content) != entry.checksum:
        raise FormatError(f"{entry.name}: the checksum of its values does not match; the data are damaged")
    return np.frombuffer(content, entry.dtype).reshape(entry.shape)


def _entries(index: memoryview) -> Iterator[_Entry]:
    """All variables that the index names; its first entry is a header, under an empty key."""
    if len(index) < FOOTER_BYTES or index[-len(MAGIC) :] != MAGIC:
        raise FormatError("the index does not end as one does; it is cut off, damaged, or another file")
    footer = index[-FOOTER_BYTES:]
    offset, size, after = _handle(footer, 0)
    for _ in _block(index, offset, size):  # about the table itself: nothing to know, but to be whole
        pass
    offset, size, _ = _handle(footer, after)
    headed, known = False, set()
    for _, handle in _block(index, offset, size):
        offset, size, _ = _handle(handle, 0)
        for key, value in _block(index, offset, size):
            if not headed:
                _check_header(key, value)
                headed = True
                continue
            entry = _entry(key, value)
            if entry.name in known:
                raise FormatError(f"{entry.name} stands there twice")
            known.add(entry.name)
            yield entry
    if not headed:
        raise FormatError("the index holds nothing")


def _handle(data: memoryview, at: int) -> tuple[int, int, int]:
    """Offset and size of a block, and the byte after them in `data`."""
    offset, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return offset, size, at


def _block(index: memoryview, offset: int, size: int) -> Iterator[tuple[bytes, memoryview]]:
    """Keys and values of the block at `offset`."""
    where = f"the block at byte {offset}"
    if offset + size + TRAILER.size > len(index) - FOOTER_BYTES:
        raise FormatError(f"{where} should have {size} bytes, more than the index has there")
    compression, checksum = TRAILER.unpack_from(index, offset + size)
    if masked_crc32c(bytes(index[offset : offset + size + 1])) != checksum:
        raise FormatError(f"{where}: its checksum does not match; the index is damaged")
    if compression != PLAIN:
        raise FormatError(f"{where} is compressed (kind {compression}), as TensorFlow's own checkpoints never are")
    body = index[offset : offset + size]
    restarts = RESTART.unpack_from(body, size - RESTART.size)[0] if size >= RESTART.size else size
    end = size - RESTART.size * (restarts + 1)
    if end < 0:
        raise FormatError(f"{where} has {size} bytes, too few for its {restarts} restarts")
    body, at, key = body[:end], 0, b""
    while at < end:
        shared, at = read_varint(body, at)
        own, at = read_varint(body, at)
        length, at = read_varint(body, at)
        if shared > len(key) or own + length > end - at or shared + own > LONGEST_NAME:
            raise FormatError(f"{where}: the entry before byte {at} of it does not fit")
        key = key[:shared] + bytes(body[at : at + own])
        yield key, body[at + own : at + own + length]
        at += own + length


def _check_header(key: bytes, message: memoryview) -> None:
    if key:
        raise FormatError("the index does not begin with a header")
    header = {entry.number: entry for entry in fields(message)}
    shards = header[1].integer if 1 in header else 0
    if shards != 1:
        raise FormatError(f"the values lie in {shards} files; one is read")
    if 2 in header and header[2].integer:
        raise FormatError("the values are big-endian, which is not read")


def _entry(key: bytes, message: memoryview) -> _Entry:
    try:
        name = key.decode()
    except UnicodeDecodeError as error:
        raise FormatError(f"the name {key!r} is not UTF-8") from error
    entry = {entry.number: entry for entry in fields(message, repeated=(7,))}
    if 7 in entry:
        raise FormatError(f"{name} is stored in slices, which are not read")
    number, shard, offset, size = (entry[place].integer if place in entry else 0 for place in (1, 3, 4, 5))
    kind = READABLE.get(number)
    if kind is None or kind.memory is None or number == BFLOAT16:
        raise FormatError(f"{name} is of dtype {describe(number)}, which is not read")
    shape = read_shape(entry[2].data) if 2 in entry else ()
    if shape is None or len(shape) > MOST_DIMENSIONS or not all(0 <= length < LONGEST_DIMENSION for length in shape):
        raise FormatError(f"{name}: its shape is {shape or 'unknown'}, which no array has")
    wanted = math.prod(shape) * kind.memory.itemsize
    if size != wanted or offset < 0 or shard:
        raise FormatError(
            f"{name}: {size} bytes at byte {offset} of file {shard}; {kind.name} of shape {shape} takes {wanted} bytes "
            "of file 0"
        )
    if 6 not in entry:
        raise FormatError(f"{name} has no checksum")
    return _Entry(name, kind.memory, shape, offset, size, entry[6].fixed32)
