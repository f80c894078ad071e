"""The checksum of TFRecord files."""

from __future__ import annotations

import google_crc32c

_MASK = 0xA282EAD8


def masked_crc32c(data: bytes) -> int:
    """CRC-32C of `data`, rotated right by 15 bits and offset, as TFRecord stores it."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF
