"""TFRecord framing: length, its checksum, the data, their checksum. Every checksum is verified."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from earmark.datasets.tfdata.checksum import masked_crc32c
from earmark.datasets.tfdata.compression import Readable, Unpacked
from earmark.datasets.tfdata.wire import FormatError

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_PIECE = 1 << 24  # bytes asked for at once: a false length costs no more memory than the file has bytes


def read_records(source: Unpacked) -> Iterator[tuple[int, bytes]]:
    """Where each record begins in the plain stream, and its data.

    Raises FormatError with the record's number (from 0) and first byte.
    """
    stream, size, beyond = source
    number, at = 0, 0
    while header := stream.read(_HEADER.size):
        where = f"record {number} at byte {at}"
        if len(header) < _HEADER.size:
            raise FormatError(
                f"{where}: {len(header)} stray bytes at the end of the file, fewer than the {_HEADER.size} of a header"
            )
        length, checksum = _HEADER.unpack(header)
        if masked_crc32c(header[:8]) != checksum:
            raise FormatError(f"{where}: the checksum of its length does not match; the file is damaged")
        left = size - at - _HEADER.size
        if length + _FOOTER.size > left:
            raise FormatError(
                f"{where}: it needs {length + _FOOTER.size} bytes, at most {left} are left; "
                f"{beyond}, or the length is false"
            )
        data = _take(stream, length)
        footer = stream.read(_FOOTER.size)
        if len(data) < length or len(footer) < _FOOTER.size:
            raise FormatError(f"{where}: the file ends inside it; the file is cut off")
        if masked_crc32c(data) != _FOOTER.unpack(footer)[0]:
            raise FormatError(f"{where}: the checksum of its data does not match; the file is damaged")
        yield at, data
        number += 1
        at += _HEADER.size + length + _FOOTER.size


def _take(stream: Readable, length: int) -> bytes:
    if length <= _PIECE:
        return stream.read(length)
    pieces = []
    while length and (piece := stream.read(min(length, _PIECE))):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def framed(head: bytes, content: bytes) -> bytes:
    """One record whose data are `head` and `content` joined."""
    data = head + content
    length = struct.pack("<Q", len(data))
    return b"".join((length, _FOOTER.pack(masked_crc32c(length)), data, _FOOTER.pack(masked_crc32c(data))))
