"""Checkpoints: those written by hand come back, the real one is what it should be, damaged ones are refused."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bundles import HEADER, block, bundle, entries, entry, table
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from earmark.datasets.tfdata.wire import bytes_field, integer_field, varint
from earmark.errors import ModelError
from earmark.pretrained.tensor_bundle import MAGIC, read_tensor_bundle

ARRAYS = {
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dense/bias": np.array([0.5, -0.5, 2], dtype=np.float32),
    "dense_1/kernel": np.zeros((3, 0), dtype=np.float32),
    "step": np.array(7, dtype=np.int64),
    "schwer/zu/größen": np.array([True, False]),
    "half": np.array([1, 2], dtype=np.float16),
}
SOME = np.array([1, 2, 3], dtype=np.float32)


def read(index: bytes, data: bytes) -> dict[str, NDArray[np.generic]]:
    return read_tensor_bundle(index, data, where="here")


@pytest.mark.parametrize("per_block", [1, 2, 7])
def test_what_was_written_comes_back(per_block: int) -> None:
    found = read(*bundle(ARRAYS, per_block=per_block))
    assert list(found) == sorted(ARRAYS)
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found[name], array)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=12),
        st.sampled_from(["float32", "int32", "uint8", "float64"]).flatmap(
            lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
        ),
        max_size=9,
    ),
    st.integers(1, 5),
)
def test_whatever_was_written_comes_back(written: dict[str, NDArray[np.generic]], per_block: int) -> None:
    found = read(*bundle(written, per_block=per_block))
    assert set(found) == set(written)
    for name, array in written.items():
        np.testing.assert_array_equal(found[name], array)


def test_the_published_checkpoint(musicnn_wheel: Path) -> None:
    with zipfile.ZipFile(musicnn_wheel) as members:
        index, data = (members.read(f"musicnn/MSD_musicnn/{end}") for end in (".index", ".data-00000-of-00001"))
    found = read(index, data)
    assert len(found) == 150
    assert sum(array.size for array in found.values()) == 2_366_399
    state = hashlib.sha256()
    for name in sorted(found):
        if "Adam" not in name and not name.endswith("_power"):
            state.update(name.encode() + found[name].tobytes())
    assert state.hexdigest() == "711c98c55c158c9b497ab49eef3ed8d42b989d3864cd611d5561d3ccb7639d47"


def one(message: bytes, *, key: bytes = b"x") -> bytes:
    """An index of one variable."""
    return table([block([HEADER, (key, message)])])


NOTHING = table([block([])])
CASES = {
    "empty": (b"", "does not end as one does; it is cut off, damaged, or another file"),
    "no magic": (bundle(ARRAYS)[0][:-1] + b"\0", "does not end as one does"),
    "compressed": (table([block([HEADER], compression=1)]), r"byte 0 is compressed \(kind 1\), as TensorFlow's own"),
    "far block": (b"\x7f\x7f".ljust(40, b"\0") + MAGIC, "the block at byte 127 should have 127"),
    "nothing": (NOTHING, "the index holds nothing"),
    "no header": (table([block([(b"x", entry(SOME, 0))])]), "does not begin with a header"),
    "two files": (table([block([(b"", integer_field(1, 2))])]), "the values lie in 2 files; one is read"),
    "big-endian": (table([block([(b"", integer_field(1, 1) + integer_field(2, 1))])]), "are big-endian, which is not"),
    "restarts": (table([b"\x09\0\0\0" + block([])[4:]]), "the block at byte 0: its checksum does not match"),
    "no protobuf": (one(b"\x0f"), "not the expected protobuf message"),
    "name": (one(entry(SOME, 0), key=b"\xff"), r"the name b'\\xff' is not UTF-8"),
    "twice": (table([block([HEADER, (b"x", entry(SOME, 0)), (b"x", entry(SOME, 0))])]), "x stands there twice"),
    "slices": (one(entry(SOME, 0, more=bytes_field(7, b""))), "x is stored in slices, which are not read"),
    "string": (one(entry(SOME, 0, dtype=7)), r"x is of dtype string \(7\), which is not read"),
    "bfloat16": (one(entry(SOME, 0, dtype=14)), r"x is of dtype bfloat16 \(14\), which is not read"),
    "no dtype": (one(entry(SOME, 0, dtype=0)), r"x is of dtype invalid \(0\), which is not read"),
    "short": (one(entry(SOME, 0, size=8)), r"x: 8 bytes at byte 0 of file 0; float32 of shape \(3,\) takes 12 bytes"),
    "shard": (one(entry(SOME, 0, more=integer_field(3, 1))), "x: 12 bytes at byte 0 of file 1"),
    "far": (one(entry(SOME, 900)), "x ends at byte 912 of the data, there are 12; the data are cut off, or of another"),
    "rank": (one(integer_field(1, 1) + bytes_field(2, integer_field(3, 1))), "x: its shape is unknown, which no array"),
    "negative": (
        one(integer_field(1, 1) + bytes_field(2, bytes_field(2, integer_field(1, (1 << 64) - 1)))),
        r"x: its shape is \(-1,\), which no array has",
    ),
    "too many dimensions": (one(entry(np.zeros((1,) * 9, np.float32), 0)), "which no array has"),
    "no checksum": (one(integer_field(1, 1) + integer_field(5, 4)), "x has no checksum"),
    "checksum's kind": (
        one(integer_field(1, 1) + integer_field(5, 4) + integer_field(6, 4)),
        "field 6 has wire type 0",
    ),
}


@pytest.mark.parametrize(("index", "why"), CASES.values(), ids=CASES)
def test_what_is_not_read_is_refused_by_name(index: bytes, why: str) -> None:
    with pytest.raises(ModelError, match=rf"here: cannot be read as a TensorFlow checkpoint: .*{why}"):
        read(index, SOME.tobytes())


def test_keys_that_do_not_fit_are_refused() -> None:
    for first in (varint(1) + varint(0), varint(0) + varint(99), varint(0) + varint(5000)):
        body = bytearray(first + varint(0) + bytes(5000 * (first[-1] > 99)) + bytes(4) + b"\1\0\0\0\0")
        with pytest.raises(ModelError, match=r"the block at byte 0: the entry before byte \d of it does not fit"):
            read(table([bytes(body) + _checksum(body)]), b"")


def test_more_restarts_than_bytes_are_refused() -> None:
    for body in (b"\0\0\0\xff\0", b"\1\0\0\0\0", b"\0\0"):
        with pytest.raises(ModelError, match=r"the block at byte 0 has \d bytes, too few for its \d+ restarts"):
            read(table([body + _checksum(body)]), b"")


def _checksum(body: bytes | bytearray) -> bytes:
    from earmark.datasets.tfdata.checksum import masked_crc32c

    return masked_crc32c(bytes(body)).to_bytes(4, "little")


def test_damaged_values_are_refused_by_the_variable() -> None:
    index, data = bundle(ARRAYS)
    place = entries(ARRAYS)[1].index(ARRAYS["dense/kernel"].tobytes())
    damaged = bytearray(data)
    damaged[place + 3] ^= 1
    with pytest.raises(ModelError, match=r"dense/kernel: the checksum of its values does not match; the data are dam"):
        read(index, bytes(damaged))


def test_every_flipped_bit_of_the_index_is_noticed() -> None:
    index, data = bundle(ARRAYS)
    whole = read(index, data)
    for byte in range(len(index)):
        for bit in range(8):
            damaged = bytearray(index)
            damaged[byte] ^= 1 << bit
            try:
                found = read(bytes(damaged), data)
            except ModelError:
                continue
            unread = len(index) - 48 <= byte  # where the index says where its parts lie, which has no checksum
            assert unread
            assert found.keys() == whole.keys()


def test_every_cut_is_noticed() -> None:
    index, data = bundle(ARRAYS)
    for length in range(len(index)):
        with pytest.raises(ModelError, match="here: "):
            read(index[:length], data)
    for length in range(len(data)):
        with pytest.raises(ModelError, match=r"ends at byte|checksum of its values"):
            read(index, data[:length])


messages = st.lists(
    st.one_of(
        st.builds(integer_field, st.integers(1, 8), st.integers(0, (1 << 64) - 1)),
        st.builds(bytes_field, st.integers(1, 8), st.binary(max_size=12)),
        st.binary(max_size=6),
    ),
    max_size=6,
).map(b"".join)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.binary(max_size=6), messages), max_size=4), st.booleans(), st.binary(max_size=20))
def test_whatever_stands_behind_right_checksums_is_read_or_refused(
    written: list[tuple[bytes, bytes]], headed: bool, data: bytes
) -> None:
    head = [HEADER] if headed else []
    try:
        read(table([block([*head, *written])]), data)
    except ModelError as error:
        assert str(error).startswith("here: cannot be read as a TensorFlow checkpoint: ")  # noqa: PT017


@settings(max_examples=300)
@given(st.binary(max_size=60), st.binary(max_size=40))
def test_whatever_stands_in_a_block_or_the_footer_is_read_or_refused(body: bytes, footer: bytes) -> None:
    content = body + b"\0"
    for index in (table([content + _checksum(content)]), body + footer.ljust(40, b"\0") + MAGIC):
        try:
            read(index, b"")
        except ModelError as error:
            assert str(error).startswith("here: ")  # noqa: PT017
