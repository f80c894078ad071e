"""How a snapshot file is packed, which nothing records: recognised by its first bytes, unpacked as a stream.

Snappy is decoded here: its block format is forty lines (google/snappy, format_description.txt), the files that
have it are few, and so every folder can be read by the base install.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

from earmark.datasets.tfdata.checksum import masked_crc32c
from earmark.datasets.tfdata.wire import FormatError, read_varint

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 1 << 18  # bytes unpacked at a time
_GZIP_MAGIC = b"\x1f\x8b"
_ZLIB_METHOD = 0x78
_MAX_SNAPPY_RATIO = 22  # a copy of 64 bytes takes 3


class Readable(Protocol):
    """What records are read from."""

    def read(self, size: int, /) -> bytes: ...


class Unpacked(NamedTuple):
    """A plain record stream, the most bytes that it can have, and what is wrong where a record reaches beyond them."""

    stream: Readable
    size: int
    beyond: str


def unpacked(file: BinaryIO, size: int, *, limit: int) -> Unpacked:
    """The plain record stream in `file` of `size` bytes.

    limit   bytes that a packed file may unpack to

    Raises FormatError where the file is neither plain nor packed in a known way; the stream itself raises it where
    the packing turns out damaged, cut off, followed by other bytes, or unpacks beyond `limit`.
    """
    head = file.read(16)
    file.seek(0)
    if not head:
        raise FormatError("the file is empty")
    if len(head) >= 12 and masked_crc32c(head[:8]) == int.from_bytes(head[8:12], "little"):
        return Unpacked(file, size, "the file is cut off")
    if head.startswith(_GZIP_MAGIC):
        chunks = _inflated(file, "gzip", 16 + zlib.MAX_WBITS)
    elif head[0] == _ZLIB_METHOD and int.from_bytes(head[:2], "big") % 31 == 0:
        chunks = _inflated(file, "zlib", zlib.MAX_WBITS)
    elif _begins_as_snappy(head, size):
        chunks = _snappy_blocks(file, size)
    else:
        raise FormatError("the first bytes are neither a record (its checksum does not match) nor gzip, zlib or snappy")
    beyond = f"it unpacks to more than {limit} bytes, far beyond its size; save without compression"
    return Unpacked(io.BufferedReader(_Stream(chunks, limit, beyond), _CHUNK), limit, beyond)


class _Stream(io.RawIOBase):
    """Chunks as a file, up to `limit` bytes."""

    def __init__(self, chunks: Iterator[bytes], limit: int, beyond: str) -> None:
        super().__init__()
        self._chunks = chunks
        self._left = limit
        self._beyond = beyond
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
            self._left -= len(self._rest)
            if self._left < 0:
                raise FormatError(self._beyond)
        view = memoryview(buffer)
        taken = min(len(view), len(self._rest))
        view[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def _inflated(file: BinaryIO, name: str, window: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(window)
    packed = b""
    while not stream.eof:
        packed = stream.unconsumed_tail or file.read(_CHUNK)
        if not packed:
            raise FormatError(f"the {name} stream is cut off")
        try:
            chunk = stream.decompress(packed, _CHUNK)
        except zlib.error as error:
            raise FormatError(f"the {name} stream is damaged: {error}") from error
        if chunk:
            yield chunk
    if stream.unused_data or file.read(1):
        raise FormatError(f"other bytes follow the end of the {name} stream")


def _begins_as_snappy(head: bytes, size: int) -> bool:
    """Whether a first block fits in the file and says that it unpacks to a possible size."""
    packed = int.from_bytes(head[:4], "big")
    if not 0 < packed <= size - 4:
        return False
    try:
        return 0 < read_varint(head, 4)[0] <= _MAX_SNAPPY_RATIO * packed
    except FormatError:
        return False


def _snappy_blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """TensorFlow's framing: each raw block after its size as uint32, big-endian."""
    at = 0
    while header := file.read(4):
        packed = int.from_bytes(header, "big")
        if len(header) < 4 or not 0 < packed <= size - at - 4:
            raise FormatError(f"the snappy block at byte {at} is cut off or damaged")
        try:
            yield unpack_snappy(file.read(packed))
        except FormatError as error:
            raise FormatError(f"the snappy block at byte {at} is damaged: {error}") from error
        at += 4 + packed


def unpack_snappy(block: bytes) -> bytes:
    """The data of one raw snappy block. Raises FormatError."""
    size, at = read_varint(block, 0)
    if size > _MAX_SNAPPY_RATIO * len(block):
        raise FormatError(f"{len(block)} bytes cannot unpack to {size}")
    data = bytearray()
    while at < len(block):
        tag = block[at]
        kind, upper = tag & 3, tag >> 2
        at += 1
        if kind == 0:
            if upper < 60:
                length = upper + 1
            else:
                width = upper - 59
                length = int.from_bytes(block[at : at + width], "little") + 1
                at += width
            data += block[at : at + length]
            at += length
        else:
            width = kind if kind < 3 else 4
            offset = int.from_bytes(block[at : at + width], "little")
            at += width
            if kind == 1:
                length, offset = 4 + (upper & 7), offset | upper >> 3 << 8
            else:
                length = 1 + upper
            start = len(data) - offset
            if offset == 0 or start < 0:
                raise FormatError(f"a copy from {offset} bytes back, with {len(data)} unpacked")
            source = data[start : start + length]
            if offset < length:  # the copy reaches into what it writes
                source = (source * (length // offset + 1))[:length]
            data += source
        if at > len(block) or len(data) > size:
            raise FormatError("it ends inside a piece or unpacks to more than it says")
    if len(data) != size:
        raise FormatError(f"it unpacks to {len(data)} bytes instead of {size}")
    return bytes(data)
