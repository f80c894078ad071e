"""Whether all pages of an Ogg file are whole. Decoders pass over those that are not, and say nothing.

Source: RFC 3533, section 6.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

MARK = b"OggS"
HEADER = 27  # bytes before the table of segments, whose length is the last
CHECKSUM = slice(22, 26)
# Ogg's checksum takes each byte from its highest bit on, zlib's from its lowest; otherwise they are one.
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def is_damaged(file: BinaryIO) -> bool:
    """Whether a page has another checksum than it says, is cut off, or has something else before it.

    What other programs put behind the last page is no damage.
    """
    file.seek(0)
    while mark := file.read(len(MARK)):
        if mark != MARK:
            return MARK in mark + file.read()
        page = bytearray(mark + file.read(HEADER - len(MARK)))
        if len(page) < HEADER:
            return True
        segments = file.read(page[-1])
        page += segments + file.read(sum(segments))
        if len(segments) < page[HEADER - 1] or len(page) < HEADER + len(segments) + sum(segments):
            return True
        told = bytes(page[CHECKSUM])
        page[CHECKSUM] = bytes(4)
        if _checksum(page) != told:
            return True
    return False


def _checksum(page: bytearray) -> bytes:
    """As it stands in a page."""
    reversed_bits = ~zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) & 0xFFFFFFFF
    return reversed_bits.to_bytes(4, "little").translate(REVERSED)[::-1]
