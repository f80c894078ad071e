"""The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): a message as a run of fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED_SIZE = {FIXED64: 8, FIXED32: 4}
_LONGEST_VARINT = 10  # bytes: 64 bits, 7 to a byte


class FormatError(Exception):
    """What is wrong inside a file, in one clause; whoever knows the file turns it into a DataError."""


@dataclass(frozen=True)
class Field:
    """One field of a message. `value` is set for a varint, `payload` otherwise; `start` is the payload's first byte."""

    number: int
    wire: int
    value: int
    payload: memoryview
    start: int

    @property
    def integer(self) -> int:
        """The value as int64 or enum."""
        self._expect(VARINT)
        return self.value - (1 << 64) if self.value >> 63 else self.value

    @property
    def data(self) -> memoryview:
        """The value as bytes or as a message inside this one."""
        self._expect(BYTES)
        return self.payload

    @property
    def fixed32(self) -> int:
        """The value as uint32 of fixed width."""
        self._expect(FIXED32)
        return int.from_bytes(self.payload, "little")

    @property
    def text(self) -> str:
        """The value as a string."""
        try:
            return str(self.data, "utf-8")
        except UnicodeDecodeError as error:
            raise FormatError(f"not the expected protobuf message: field {self.number} is not UTF-8") from error

    def _expect(self, wire: int) -> None:
        if self.wire != wire:
            raise FormatError(
                f"not the expected protobuf message: field {self.number} has wire type {self.wire}, not {wire}"
            )


def fields(message: memoryview, *, repeated: Collection[int] = ()) -> Iterator[Field]:
    """The fields of `message` in the order they stand; numbers not in `repeated` may stand once.

    Raises FormatError where the bytes are no message.
    """
    try:
        yield from _walk(message, repeated)
    except FormatError as error:
        raise FormatError(f"not the expected protobuf message: {error}") from error


def _walk(message: memoryview, repeated: Collection[int]) -> Iterator[Field]:
    seen: set[int] = set()
    at, nothing = 0, message[:0]
    while at < len(message):
        start = at
        tag, at = read_varint(message, at)
        number, wire = tag >> 3, tag & 7
        if number == 0 or number >= 1 << 29:
            raise FormatError(f"byte {start}: field number {number} does not exist")
        if number in seen:
            raise FormatError(f"byte {start}: field {number} stands twice")
        if number not in repeated:
            seen.add(number)
        if wire == VARINT:
            value, at = read_varint(message, at)
            yield Field(number, wire, value, nothing, at)
            continue
        if wire == BYTES:
            size, at = read_varint(message, at)
        elif wire in _FIXED_SIZE:
            size = _FIXED_SIZE[wire]
        else:
            raise FormatError(f"byte {start}: wire type {wire} of field {number} is unknown")
        if size > len(message) - at:
            raise FormatError(f"field {number} should have {size} bytes, {len(message) - at} are left")
        yield Field(number, wire, 0, message[at : at + size], at)
        at += size


def read_varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """The unsigned 64-bit number that begins at byte `at`, and the byte after it. Raises FormatError."""
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if value >> 64:
                raise FormatError(f"the number at byte {at} has more than 64 bits")
            return value, at + place + 1
    raise FormatError(f"the number at byte {at} does not end")


def varint(value: int) -> bytes:
    """`value` >= 0 as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer_field(number: int, value: int) -> bytes:
    """A varint field; nothing for 0, which proto3 leaves out."""
    return varint(number << 3 | VARINT) + varint(value) if value else b""


def bytes_field(number: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | BYTES) + varint(len(payload)) + payload
