"""Folders made by hand, for what no sample has: every dtype, odd shards, hostile numbers."""

from __future__ import annotations

import gzip
import re
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest

from earmark.datasets.tfdata import read_folder
from earmark.datasets.tfdata.checksum import masked_crc32c
from earmark.datasets.tfdata.records import framed
from earmark.datasets.tfdata.wire import bytes_field, integer_field, varint
from earmark.errors import DataError

RUN = "12345678901234567890"
FIRST = "00000000.shard/00000000.snapshot"
MINUS_ONE = (1 << 64) - 1


def shape_of(*sizes: int) -> bytes:
    return bytes_field(2, b"".join(bytes_field(2, integer_field(1, size)) for size in sizes))


def spec_of(dtype: int, *sizes: int, kind: int = 33) -> bytes:
    return bytes_field(kind, shape_of(*sizes) + integer_field(3, dtype))


def in_tuple(*values: bytes) -> bytes:
    return bytes_field(52, b"".join(bytes_field(1, value) for value in values))


def tensor(dtype: int, sizes: tuple[int, ...], content: bytes) -> bytes:
    return integer_field(1, dtype) + shape_of(*sizes) + bytes_field(4, content)


def int64s(*numbers: int) -> bytes:
    """Records of int64 scalars."""
    return b"".join(framed(b"", tensor(9, (), struct.pack("<q", number))) for number in numbers)


def metadata(dtypes: bytes, count: int, *, run: str = RUN, extra: bytes = b"") -> bytes:
    return b"".join(
        (
            bytes_field(2, run.encode()),
            integer_field(4, 2),
            bytes_field(5, dtypes),
            integer_field(6, count % (1 << 64)),
            extra,
            integer_field(1000, 1),
        )
    )


def save(folder: Path, spec: bytes, message: bytes, files: dict[str, bytes], *, run: str = RUN) -> Path:
    (folder / run).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / run / name).parent.mkdir(exist_ok=True)
        (folder / run / name).write_bytes(content)
    (folder / "dataset_spec.pb").write_bytes(spec)
    (folder / "snapshot.metadata").write_bytes(message)
    return folder


def scalars(folder: Path, files: dict[str, bytes], count: int) -> Path:
    """A folder of int64 scalars."""
    return save(folder, spec_of(9), metadata(b"\x09", count), files)


def values(folder: Path) -> list[int]:
    return read_folder(folder).values[0].tolist()


@pytest.mark.parametrize(
    ("number", "dtype"),
    [
        *[(1, "<f4"), (2, "<f8"), (3, "<i4"), (4, "u1"), (5, "<i2"), (6, "i1"), (8, "<c8"), (9, "<i8"), (10, "?")],
        *[(17, "<u2"), (18, "<c16"), (19, "<f2"), (22, "<u4"), (23, "<u8")],
    ],
)
def test_every_dtype_of_numbers(tmp_path, number, dtype):
    wanted = np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)
    records = [framed(b"", tensor(number, (3,), row.tobytes())) for row in wanted]
    folder = save(tmp_path, spec_of(number, 3), metadata(bytes([number]), 2), {FIRST: b"".join(records)})
    np.testing.assert_array_equal(read_folder(folder).values[0], wanted, strict=True)


@pytest.mark.parametrize("number", [11, 12, 13, 15, 16, 20, 21, *range(24, 34), 101, 77])
def test_every_other_dtype_is_refused_by_number(tmp_path, number):
    folder = save(tmp_path, spec_of(number), metadata(bytes([number]), 0), {})
    with pytest.raises(
        DataError, match=rf"dataset_spec.pb: component \. has dtype \w+ \({number}\), which is not read"
    ):
        read_folder(folder)


def test_a_spec_with_bounds_is_read_like_one_without(tmp_path):
    folder = save(tmp_path, spec_of(9, kind=35), metadata(b"\x09", 1), {FIRST: int64s(4)})
    assert values(folder) == [4]


def test_named_tuples_keep_their_order_and_dicts_do_not(tmp_path):
    def entry(key: str, value: bytes) -> bytes:
        return bytes_field(1, key.encode()) + bytes_field(2, value)

    named = bytes_field(1, b"Pair") + b"".join(bytes_field(2, entry(key, spec_of(9))) for key in "zb")
    keys = bytes_field(53, b"".join(bytes_field(1, entry(key, spec_of(9))) for key in ("é", "b", "Z")))
    spec = in_tuple(bytes_field(54, named), bytes_field(51, bytes_field(1, keys)))
    saved = read_folder(save(tmp_path, spec, metadata(b"\x09" * 5, 1), {FIRST: int64s(1, 2, 3, 4, 5)}))
    paths = [component.path for component in saved.components]
    assert paths == ["[0]['z']", "[0]['b']", "[1][0]['Z']", "[1][0]['b']", "[1][0]['é']"]
    assert [column.tolist() for column in saved.values] == [[1], [2], [3], [4], [5]]


def test_an_unknown_rank_takes_any_shape_and_equal_shapes_are_stacked(tmp_path):
    spec = bytes_field(33, bytes_field(2, integer_field(3, 1)) + integer_field(3, 4))
    for name, shapes in {"equal": [(2,), (2,)], "differing": [(2,), (1, 3), ()]}.items():
        records = [framed(b"", tensor(4, shape, bytes(int(np.prod(shape))))) for shape in shapes]
        folder = save(tmp_path / name, spec, metadata(b"\x04", len(shapes)), {FIRST: b"".join(records)})
        (column,) = read_folder(folder).values
        assert [value.shape for value in column] == shapes
        assert isinstance(column, np.ndarray) == (name == "equal")


def test_dtypes_may_stand_unpacked_in_the_metadata(tmp_path):
    message = metadata(b"\x09", 1).replace(bytes_field(5, b"\x09"), integer_field(5, 9))
    assert values(save(tmp_path, spec_of(9), message, {FIRST: int64s(3)})) == [3]


def test_the_run_of_an_earlier_save_does_not_count(tmp_path):
    save(tmp_path, b"", b"", {FIRST: int64s(9, 9, 9), "00000007.shard/00000000.snapshot": b"x"}, run="111")
    assert values(scalars(tmp_path, {FIRST: int64s(1)}, 1)) == [1]


def test_shards_go_by_the_text_of_their_names_and_chunks_by_number_with_gaps(tmp_path):
    shards = {"00000003": 1, "00000010": 2, "100000000": 3, "18446744073709551615": 4, "20000000": 5}
    files = {f"{shard}.shard/00000000.snapshot": int64s(number) for shard, number in shards.items()}
    files |= {"00000003.shard/100000000.snapshot": int64s(11), "00000003.shard/00000020.snapshot": int64s(10)}
    assert values(scalars(tmp_path, files, -2)) == [1, 10, 11, 2, 3, 4, 5]


def test_a_missing_shard_is_found_by_the_count_and_a_surplus_one_too(tmp_path):
    files = {FIRST: int64s(1, 2), "00000002.shard/00000000.snapshot": int64s(3, 4)}
    with pytest.raises(DataError, match=r"4 elements \(shard folders: 2\), snapshot.metadata counts 6; a shard"):
        read_folder(scalars(tmp_path / "few", files, 6))
    with pytest.raises(DataError, match=r"00000002.shard/00000000.snapshot: record 1 at byte 3\d: more than the 3"):
        read_folder(scalars(tmp_path / "many", files, 3))


def test_a_shard_that_ends_inside_an_element(tmp_path):
    spec = in_tuple(spec_of(9), spec_of(9))
    for count in (2, -2):
        folder = save(tmp_path / str(count), spec, metadata(b"\x09\x09", count), {FIRST: int64s(1, 2, 3)})
        with pytest.raises(DataError, match=r"snapshot: the file ends inside element 1, before its component \[1\]"):
            read_folder(folder)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("0000000.shard/00000000.snapshot", "0000000.shard: the name is not a number of at least 8 digits"),
        ("000000001.shard/00000000.snapshot", "000000001.shard: the name is not a number"),
        ("00000000.shard/copy.snapshot", "copy.snapshot: the name is not a number"),
        ("00000000.shard/٠٠٠٠٠٠٠٠.snapshot", "the name is not a number"),
    ],
)
def test_odd_names(tmp_path, name, why):
    with pytest.raises(DataError, match=why):
        read_folder(scalars(tmp_path, {name: int64s(1)}, 1))


def test_things_that_are_no_files(tmp_path):
    (scalars(tmp_path / "chunk", {}, 0) / RUN / FIRST).mkdir(parents=True)
    (scalars(tmp_path / "shard", {}, 0) / RUN / "00000000.shard").write_bytes(b"")
    (tmp_path / "spec" / "dataset_spec.pb").mkdir(parents=True)
    (tmp_path / "spec" / "snapshot.metadata").write_bytes(metadata(b"\x09", 0))
    for name, why in {"chunk": "regular file", "shard": "not a folder", "spec": "regular", "none": "no such"}.items():
        with pytest.raises(DataError, match=why):
            read_folder(tmp_path / name)


def test_a_file_that_the_system_does_not_give_out(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    folder = scalars(tmp_path, {}, 0)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match=r"snapshot.metadata: cannot be read: Permission denied"):
        read_folder(folder)


@pytest.mark.parametrize("run", ["../..", "", "12a", "1" * 21, "-1", "١٢", "/tmp", "a\nb"])
def test_a_run_id_that_is_no_number(tmp_path, run):
    save(tmp_path, spec_of(9), metadata(b"\x09", 0, run=run), {})
    with pytest.raises(DataError, match=r"snapshot.metadata: run id .* is not a decimal number"):
        read_folder(tmp_path)


def test_versions_and_counts_that_do_not_exist(tmp_path):
    zero = metadata(b"\x09", 0).replace(integer_field(4, 2), b"")
    with pytest.raises(DataError, match="format version 0 is not read"):
        read_folder(save(tmp_path / "version", spec_of(9), zero, {}))
    with pytest.raises(DataError, match="the number of elements is -3"):
        read_folder(scalars(tmp_path / "count", {}, -3))


def test_metadata_may_have_fields_of_a_later_time(tmp_path):
    folder = save(tmp_path, spec_of(9), metadata(b"\x09", 1, extra=bytes_field(77, b"x")), {FIRST: int64s(5)})
    assert values(folder) == [5]


def test_a_message_of_many_bytes_is_not_even_opened(tmp_path):
    folder = scalars(tmp_path, {}, 0)
    (folder / "dataset_spec.pb").write_bytes(bytes(1 << 21))
    with pytest.raises(DataError, match=r"dataset_spec.pb: 2097152 bytes; a real one"):
        read_folder(folder)


def deep(levels: int) -> bytes:
    value = spec_of(9)
    for _ in range(levels):
        value = in_tuple(value)
    return value


def test_nesting_has_a_limit(tmp_path):
    folder = save(tmp_path / "fair", deep(40), metadata(b"\x09", 1), {FIRST: int64s(5)})
    assert values(folder) == [5]
    with pytest.raises(DataError, match="nests more than 64 levels deep"):
        read_folder(save(tmp_path / "deep", deep(3000), metadata(b"\x09", 0), {}))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (in_tuple(), "the element has no tensor in it"),
        (in_tuple(b""), r"component \[0\] has no kind"),
        (spec_of(9) + spec_of(9), "field 33 stands twice"),
        (spec_of(9) + in_tuple(), r"component \. has 2 kind"),
        (bytes_field(13, b"text"), r"component \. is a string, not a tensor specification"),
        (bytes_field(99, b""), r"component \. is of unknown kind 99"),
        (spec_of(9, MINUS_ONE - 1), r"component \. has a negative dimension in its shape \(-2,\)"),
        (bytes_field(34, integer_field(1, 13)), r"component \. is an ExtensionType, stored as a variant"),
        (bytes_field(34, integer_field(1, 12) + bytes_field(3, b"my\nType")), r"is 'my\\nType', stored as a variant"),
        (bytes_field(53, bytes_field(1, bytes_field(1, b"k") + bytes_field(2, spec_of(9))) * 2), "key stands twice"),
        (bytes_field(53, bytes_field(1, bytes_field(1, b"\xff"))), "field 1 is not UTF-8"),
        (integer_field(33, 5), "field 33 has wire type 0, not 2"),
        (spec_of(9, *[1] * 255), "more than 254 dimensions"),
    ],
)
def test_specs_that_are_refused(tmp_path, spec, why):
    with pytest.raises(DataError, match=f"dataset_spec.pb: .*{why}"):
        read_folder(save(tmp_path, spec, metadata(b"\x09", 0), {}))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (integer_field(1, 1) + shape_of(1), r"the content has 0 bytes; shape \(1,\) of float32 needs 4"),
        (integer_field(1, 1) + shape_of(1) + bytes_field(5, b"abcd"), "has float_val, which `save` never writes"),
        (integer_field(1, 1) + shape_of(1) + bytes_field(99, b""), "has unknown field 99"),
        (shape_of(1) + bytes_field(4, b"abcd"), r"the stored dtype is invalid \(0\), the specification says float32"),
        (tensor(1, (1 << 62, 4), b""), r"the stored shape is \(4611686018427387904, 4\), the specification"),
        (tensor(1, (1,), b"abcd") + bytes_field(4, b"abcd"), "field 4 stands twice"),
        (integer_field(1, 1) + bytes_field(2, integer_field(3, 1)), "of unknown rank has a negative or unknown"),
        (b"", r"the stored dtype is invalid \(0\)"),
    ],
)
def test_records_that_are_refused(tmp_path, record, why):
    folder = save(tmp_path, spec_of(1, 1), metadata(b"\x01", 1), {FIRST: framed(b"", record)})
    with pytest.raises(DataError, match=rf"record 0 at byte 0 \(element 0, component \.\): .*{why}"):
        read_folder(folder)


def test_swapped_components_are_refused(tmp_path):
    records = framed(b"", tensor(9, (), bytes(8))) + framed(b"", tensor(1, (2,), bytes(8)))
    folder = save(tmp_path, in_tuple(spec_of(1, 2), spec_of(9)), metadata(b"\x01\x09", 1), {FIRST: records})
    with pytest.raises(DataError, match=r"component \[0\]\): the stored dtype is int64 \(9\)"):
        read_folder(folder)


@pytest.mark.parametrize("sizes", [(0, 1 << 62), (1 << 40, 1 << 40)])
def test_sizes_that_overflow(tmp_path, sizes):
    folder = save(tmp_path, spec_of(1, *sizes), metadata(b"\x01", 1), {FIRST: framed(b"", tensor(1, sizes, b""))})
    with pytest.raises(DataError, match=r"the stored shape \(.*\) overflows"):
        read_folder(folder)


def test_content_may_stand_before_the_shape(tmp_path):
    records = [
        framed(b"", integer_field(1, 9) + bytes_field(4, struct.pack("<q", number)) + shape_of()) for number in (6, 7)
    ]
    assert values(scalars(tmp_path, {FIRST: b"".join(records)}, 2)) == [6, 7]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "0 bytes, too few for 2 strings"),
        (b"\x01\x01a", "should have 2 bytes in all, 1 are there"),
        (b"\x01\x01abc", "should have 2 bytes in all, 3 are there"),
        (b"\xff\xff\xff", "the number at byte 0 does not end"),
        (b"\x00" + varint(1 << 62), "should have 4611686018427387904 bytes"),
    ],
)
def test_strings_that_do_not_add_up(tmp_path, content, why):
    folder = save(tmp_path, spec_of(7, 2), metadata(b"\x07", 1), {FIRST: framed(b"", tensor(7, (2,), content))})
    with pytest.raises(DataError, match=why):
        read_folder(folder)


def test_a_bool_is_zero_or_one(tmp_path):
    folder = save(tmp_path, spec_of(10, 3), metadata(b"\x0a", 1), {FIRST: framed(b"", tensor(10, (3,), b"\0\2\1"))})
    with pytest.raises(DataError, match="a bool is neither 0 nor 1"):
        read_folder(folder)


def header(length: int) -> bytes:
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", masked_crc32c(packed))


@pytest.mark.parametrize("length", [1 << 60, 1 << 40, (1 << 64) - 1])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress], ids=["plain", "gzip", "zlib"])
def test_a_false_length_costs_no_memory(tmp_path, length, pack):
    folder = scalars(tmp_path, {FIRST: pack(int64s(1) + header(length) + b"x")}, 2)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=rf"record 1 at byte 3\d: it needs {length + 4} bytes, at most"):
            read_folder(folder)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("count", [-2, 1 << 40])
def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch, count):
    monkeypatch.setattr("earmark.datasets.tfdata.folder._UNPACKED_FLOOR", 1 << 20)
    record = framed(b"", tensor(4, (1 << 20,), bytes(1 << 20)))
    folder = save(tmp_path, spec_of(4, 1 << 20), metadata(b"\x04", count), {FIRST: gzip.compress(record * 30)})
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"snapshot: .*it unpacks to more than \d+ bytes, far beyond its size"):
            read_folder(folder)
        assert tracemalloc.get_traced_memory()[1] < 25 << 20
    finally:
        tracemalloc.stop()


def test_a_bomb_of_many_files_has_one_allowance(tmp_path, monkeypatch):
    monkeypatch.setattr("earmark.datasets.tfdata.folder._UNPACKED_FLOOR", 1 << 20)
    packed = gzip.compress(framed(b"", tensor(4, (1 << 19,), bytes(1 << 19))))
    files = {f"{shard:08d}.shard/00000000.snapshot": packed for shard in range(12)}
    with pytest.raises(DataError, match=r"0\d.shard/00000000.snapshot: .*it unpacks to more than"):
        read_folder(save(tmp_path, spec_of(4, 1 << 19), metadata(b"\x04", 12), files))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b"abc", "the first bytes are neither a record"),
        (gzip.compress(int64s(1)) + b"\0", "other bytes follow the end of the gzip stream"),
        (gzip.compress(int64s(1)) + gzip.compress(int64s(2)), "other bytes follow the end of the gzip stream"),
        (gzip.compress(int64s(1))[:-8], "the gzip stream is cut off"),
        (zlib.compress(int64s(1))[:-4], "the zlib stream is cut off"),
        (zlib.compress(int64s(1))[:-4] + bytes(4), "the zlib stream is damaged"),
        (zlib.compress(int64s(1)) + b"?", "other bytes follow the end of the zlib stream"),
    ],
    ids=[
        "empty",
        "no record",
        "gzip and a byte",
        "gzip twice",
        "gzip cut",
        "zlib cut",
        "zlib damaged",
        "zlib and a byte",
    ],
)
def test_packings_that_are_refused(tmp_path, content, why):
    with pytest.raises(DataError, match=f"{FIRST}: {re.escape(why)}"):
        read_folder(scalars(tmp_path, {FIRST: content}, 1))
