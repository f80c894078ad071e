"""The pieces beneath: checksum, protobuf numbers, snappy blocks."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.datasets.tfdata.checksum import masked_crc32c
from earmark.datasets.tfdata.compression import unpack_snappy, unpacked
from earmark.datasets.tfdata.records import framed, read_records
from earmark.datasets.tfdata.wire import FormatError, fields, integer_field, read_varint, varint


def unmasked(crc: int) -> int:
    rotated = (crc - 0xA282EAD8) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
    ],
)
def test_crc32c_of_rfc_3720(data, crc):
    assert unmasked(masked_crc32c(data)) == crc


@given(st.integers(0, (1 << 64) - 1), st.binary(max_size=3))
def test_a_varint_is_read_as_written(number, rest):
    assert read_varint(varint(number) + rest, 0) == (number, len(varint(number)))


def test_varints_of_the_protobuf_guide():
    assert varint(150) == b"\x96\x01"
    (field,) = fields(memoryview(integer_field(1, (1 << 64) - 2)))
    assert field.integer == -2


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"\x80", "the number at byte 0 does not end"),
        (b"\x08" + b"\xff" * 9 + b"\x7f", "more than 64 bits"),
        (b"\x08" + b"\xff" * 11, "does not end"),
        (b"\x00\x01", "field number 0 does not exist"),
        (b"\x0b", "wire type 3 of field 1 is unknown"),
        (b"\x0a\x05abc", "field 1 should have 5 bytes, 3 are left"),
        (b"\x0d\x00", "field 1 should have 4 bytes, 1 are left"),
        (b"\x08\x01\x08\x01", "field 1 stands twice"),
    ],
)
def test_bytes_that_are_no_message(message, why):
    with pytest.raises(FormatError, match=f"not the expected protobuf message: .*{why}"):
        list(fields(memoryview(message)))


literals = st.binary(min_size=1, max_size=300).map(lambda data: ("literal", data, 0))
copies = st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 1 << 12), st.integers(0, 64))


@given(literals, st.lists(literals | copies, max_size=12))
def test_snappy_against_the_format_description(first, pieces):
    block, data = b"", bytearray()
    for kind, value, length in [first, *pieces]:
        if kind == "literal":
            n = len(value) - 1
            block += bytes([n << 2]) if n < 60 else bytes([60 << 2 if n < 256 else 61 << 2, *struct.pack("<H", n)])
            block = block[:-1] if 60 <= n < 256 else block
            block += value
            data += value
            continue
        offset = min(value % len(data) + 1, 2047 if kind == 1 else 1 << 12)
        n = 4 + length % 8 if kind == 1 else 1 + length % 64
        if kind == 1:
            block += bytes([1 | n - 4 << 2 | offset >> 8 << 5, offset & 255])
        else:
            block += bytes([kind | n - 1 << 2]) + struct.pack("<H" if kind == 2 else "<I", offset)
        for _ in range(n):
            data.append(data[-offset])
    assert unpack_snappy(varint(len(data)) + block) == data


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b"\x05\x00a", "unpacks to 1 bytes instead of 5"),
        (b"\x01\x04ab", "more than it says"),
        (b"\x05\x10a", "ends inside a piece"),
        (b"\x05\xfc\xff\xff\xff\xff", "ends inside a piece"),
        (b"\x05\x00a\x0e\x02\x00", "a copy from 2 bytes back, with 1 unpacked"),
        (b"\x05\x00a\x0e\x00\x00", "a copy from 0 bytes back"),
        (b"\x05\x00a\x0d", "a copy from 0 bytes back"),
        (b"\xff\xff\xff\xff\x0f\x00a", "7 bytes cannot unpack to 4294967295"),
        (b"\xff", "does not end"),
    ],
)
def test_damaged_snappy(block, why):
    with pytest.raises(FormatError, match=why):
        unpack_snappy(block)


@given(st.binary(max_size=60))
def test_any_bytes_as_snappy_end_in_data_or_refusal(block):
    try:
        size = len(unpack_snappy(block))
    except FormatError:
        size = 0
    assert size <= 22 * len(block)


def snappy_file(*blocks: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(block)) + block for block in blocks)


def literal(data: bytes) -> bytes:
    return varint(len(data)) + bytes([len(data) - 1 << 2]) + data


def read_all(content: bytes) -> list[bytes]:
    source = unpacked(io.BytesIO(content), len(content), limit=1 << 20)
    return [data for _, data in read_records(source)]


def test_records_run_on_over_snappy_blocks():
    stream = framed(b"a", b"bc") + framed(b"", b"def")
    blocks = [literal(stream[at : at + 10]) for at in range(0, len(stream), 10)]
    assert read_all(snappy_file(*blocks)) == [b"abc", b"def"]


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        (b"\0\0", "the snappy block at byte 25 is cut off or damaged"),
        (b"\0\0\0\x09a", "the snappy block at byte 25 is cut off or damaged"),
        (b"\0\0\0\0", "the snappy block at byte 25 is cut off or damaged"),
        (b"\0\0\0\x03\x05\x00a", "the snappy block at byte 25 is damaged: it unpacks to 1 bytes instead of 5"),
    ],
)
def test_snappy_files_that_are_refused(tail, why):
    with pytest.raises(FormatError, match=why):
        read_all(snappy_file(literal(framed(b"", b"abc"))) + tail)
