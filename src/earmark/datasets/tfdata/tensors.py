"""One component of all elements: TensorProto records in, one array out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.datasets.tfdata.dtypes import BFLOAT16, BOOL, describe
from earmark.datasets.tfdata.structure import Component, read_shape
from earmark.datasets.tfdata.wire import FormatError, fields, read_varint

_TYPED_VALUES = {
    5: "float_val",
    6: "double_val",
    7: "int_val",
    8: "string_val",
    9: "scomplex_val",
    10: "int64_val",
    11: "bool_val",
    12: "dcomplex_val",
    13: "half_val",
    14: "resource_handle_val",
    15: "variant_val",
    16: "uint32_val",
    17: "uint64_val",
    18: "float8_val",
}
_LARGEST = 1 << 40  # bytes of one tensor, its empty dimensions left out: keeps every product within int64


class Column:
    """The tensors of one component, each checked against the specification as it comes."""

    def __init__(self, component: Component) -> None:
        self.component = component
        self._content = bytearray()
        self._strings: list[bytes] = []
        self._shapes: list[tuple[int, ...]] = []
        # Elements of one shape begin with the same bytes and are equally long: what was checked once holds for all.
        self._known_head, self._known_size = b"", -1

    def __len__(self) -> int:
        return len(self._shapes)

    def append(self, record: bytes) -> None:
        """Take one serialised TensorProto. Raises FormatError where it is not what the specification says."""
        if len(record) == self._known_size and record.startswith(self._known_head):
            shape = self._shapes[-1]
            content = memoryview(record)[len(self._known_head) :]
        else:
            shape, start, end = self._checked(record)
            content = memoryview(record)[start:end]
            at_end = end == len(record)
            self._known_head, self._known_size = (record[:start], len(record)) if at_end else (b"", -1)
        if self.component.dtype.memory is None:
            self._strings += _strings(content, math.prod(shape))
        else:
            if self.component.dtype.number == BOOL and bytes(content).translate(None, b"\0\1"):
                raise FormatError("a bool is neither 0 nor 1")
            self._content += content
        self._shapes.append(shape)

    def values(self) -> NDArray[Any] | tuple[NDArray[Any], ...]:
        """(n, *shape) where all elements have one shape, else one array an element.

        Strings are bytes in an object array. bfloat16 comes as float32, which holds it exactly.
        """
        flat = self._flat()
        shapes = set(self._shapes)
        spec = self.component.shape
        if not shapes and spec is not None and None not in spec:
            shapes = {tuple(size for size in spec if size is not None)}
        if len(shapes) == 1:
            return flat.reshape(len(self._shapes), *shapes.pop())
        ends = np.cumsum([math.prod(shape) for shape in self._shapes], dtype=np.int64)
        return tuple(
            flat[end - math.prod(shape) : end].reshape(shape) for shape, end in zip(self._shapes, ends, strict=True)
        )

    def _flat(self) -> NDArray[Any]:
        memory = self.component.dtype.memory
        if memory is None:
            return np.array(self._strings, dtype=object)
        # The array stands on the bytes read: no second copy of the data.
        flat: NDArray[Any] = np.ndarray(len(self._content) // memory.itemsize, memory, buffer=self._content)
        if self.component.dtype.number == BFLOAT16:
            return (flat.astype("<u4") << 16).view("<f4")
        return flat

    def _checked(self, record: bytes) -> tuple[tuple[int, ...], int, int]:
        """Shape of the tensor, and where its content starts and ends in `record`."""
        dtype, shape, start, end = _parse(record)
        wanted = self.component
        if dtype != wanted.dtype.number:
            raise FormatError(f"the stored dtype is {describe(dtype)}, the specification says {wanted.dtype}")
        if shape is None or any(size < 0 for size in shape):
            raise FormatError(f"the stored shape {shape or 'of unknown rank'} has a negative or unknown dimension")
        if not _fits(shape, wanted.shape):
            raise FormatError(f"the stored shape is {shape}, the specification says {wanted.shape}")
        itemsize = wanted.dtype.memory.itemsize if wanted.dtype.memory else 1
        if itemsize * math.prod(max(size, 1) for size in shape) > _LARGEST:
            raise FormatError(f"the stored shape {shape} overflows")
        if wanted.dtype.memory and end - start != itemsize * math.prod(shape):
            raise FormatError(
                f"the content has {end - start} bytes; shape {shape} of {wanted.dtype.name} needs "
                f"{itemsize * math.prod(shape)}"
            )
        return shape, start, end


def _parse(record: bytes) -> tuple[int, tuple[int, ...] | None, int, int]:
    """dtype number, shape, start and end of the content. Raises FormatError on any field that `save` does not write."""
    dtype, start, end = 0, 0, 0
    shape: tuple[int, ...] | None = ()
    for field in fields(memoryview(record)):
        match field.number:
            case 1:
                dtype = field.integer
            case 2:
                shape = read_shape(field.data)
            case 3:  # version_number, which TensorFlow itself does not look at
                pass
            case 4:
                start, end = field.start, field.start + len(field.data)
            case number:
                name = _TYPED_VALUES.get(number, f"unknown field {number}")
                raise FormatError(f"the tensor has {name}, which `save` never writes and is not read")
    return dtype, shape, start, end


def _fits(shape: tuple[int, ...], specification: tuple[int | None, ...] | None) -> bool:
    if specification is None:
        return True
    return len(shape) == len(specification) and all(
        wanted in (None, size) for size, wanted in zip(shape, specification, strict=True)
    )


def _strings(content: memoryview, count: int) -> list[bytes]:
    """`count` varint lengths, then the bytes of all strings joined."""
    if count > len(content):
        raise FormatError(f"the content has {len(content)} bytes, too few for {count} strings")
    lengths, at = [], 0
    for _ in range(count):
        length, at = read_varint(content, at)
        lengths.append(length)
    if sum(lengths) != len(content) - at:
        raise FormatError(f"the strings should have {sum(lengths)} bytes in all, {len(content) - at} are there")
    found = []
    for length in lengths:
        found.append(bytes(content[at : at + length]))
        at += length
    return found
