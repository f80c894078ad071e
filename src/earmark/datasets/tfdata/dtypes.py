"""TensorFlow's dtype numbers (`tensorflow/core/framework/types.proto`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dtype:
    """A dtype that can be read: its number and name in TensorFlow, and the little-endian memory of one value.

    `memory` is None for strings, whose sizes vary.
    """

    number: int
    name: str
    memory: np.dtype[np.generic] | None

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"


_MEMORY = {
    1: ("float32", "<f4"),
    2: ("float64", "<f8"),
    3: ("int32", "<i4"),
    4: ("uint8", "u1"),
    5: ("int16", "<i2"),
    6: ("int8", "i1"),
    8: ("complex64", "<c8"),
    9: ("int64", "<i8"),
    10: ("bool", "?"),
    14: ("bfloat16", "<u2"),
    17: ("uint16", "<u2"),
    18: ("complex128", "<c16"),
    19: ("float16", "<f2"),
    22: ("uint32", "<u4"),
    23: ("uint64", "<u8"),
}
STRING, BFLOAT16, BOOL = 7, 14, 10
READABLE = {number: Dtype(number, name, np.dtype(memory)) for number, (name, memory) in _MEMORY.items()}
READABLE[STRING] = Dtype(STRING, "string", None)

_UNREADABLE = {
    0: "invalid",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    15: "qint16",
    16: "quint16",
    20: "resource",
    21: "variant",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    26: "float8_e4m3fnuz",
    27: "float8_e4m3b11fnuz",
    28: "float8_e5m2fnuz",
    29: "int4",
    30: "uint4",
    31: "int2",
    32: "uint2",
    33: "float4_e2m1fn",
}


def describe(number: int) -> str:
    """`"int32 (3)"`, for messages; `"unknown (77)"` where TensorFlow has no such number."""
    if number in READABLE:
        return str(READABLE[number])
    return f"{_UNREADABLE.get(number, 'unknown')} ({number})"
