"""A saved folder from two arrays, byte for byte as TensorFlow 2.21 writes one: plain records, one shard."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from earmark.atomic import replacing, write_bytes
from earmark.datasets.tfdata.dtypes import BFLOAT16, READABLE
from earmark.datasets.tfdata.folder import CHUNK, METADATA, SHARD, SPECIFICATION
from earmark.datasets.tfdata.metadata import VERSION
from earmark.datasets.tfdata.records import framed
from earmark.datasets.tfdata.wire import bytes_field, integer_field, varint
from earmark.errors import DataError

_NUMBERS = {dtype.memory: number for number, dtype in READABLE.items() if dtype.memory and number != BFLOAT16}


def write_folder(path: str | Path, x: NDArray[Any], y: NDArray[Any]) -> None:
    """Write the elements (x[i], y[i]) as a folder that `tf.data.Dataset.load(path)` and `read_folder` read.

    x, y   (n, …) arrays of numbers or bools, equally long

    The metadata come last, so that a write broken off is never taken for a whole one. Raises DataError where the
    lengths differ, a dtype has no number in TensorFlow, or the folder holds a saved dataset already.
    """
    folder = Path(path)
    if len(x) != len(y):
        raise DataError(f"{folder}: {len(x)} arrays but {len(y)} labels to write; give one label for each array")
    if (folder / METADATA).exists():
        raise DataError(f"{folder}: holds a saved dataset already; remove it or name another folder")
    numbers = [_number(folder, values) for values in (x, y)]
    run_id = str(secrets.randbits(64))
    (folder / run_id).mkdir(parents=True)
    if len(x):
        with replacing(folder / run_id / f"00000000{SHARD}" / f"00000000{CHUNK}") as temporary:
            _write_records(temporary, x, y, numbers)
    specifications = [
        bytes_field(1, bytes_field(33, _shape(values) + integer_field(3, number)))
        for values, number in zip((x, y), numbers, strict=True)
    ]
    write_bytes(folder / SPECIFICATION, bytes_field(52, b"".join(specifications)))
    write_bytes(
        folder / METADATA,
        b"".join(
            (
                bytes_field(2, run_id.encode()),
                integer_field(3, time.time_ns() // 1000),
                integer_field(4, VERSION),
                bytes_field(5, bytes(numbers)),
                integer_field(6, len(x)),
                integer_field(1000, 1),
            )
        ),
    )


def _number(folder: Path, values: NDArray[Any]) -> int:
    number = _NUMBERS.get(values.dtype.newbyteorder("<"))
    if number is None:
        raise DataError(f"{folder}: dtype {values.dtype} cannot be written; convert it to float32 or int64")
    return number


def _shape(values: NDArray[Any]) -> bytes:
    """Field 2 of both TensorSpecProto and TensorProto: the shape of one element."""
    return bytes_field(2, b"".join(bytes_field(2, integer_field(1, size)) for size in values.shape[1:]))


def _write_records(file: Path, x: NDArray[Any], y: NDArray[Any], numbers: list[int]) -> None:
    heads = []
    for values, number in zip((x, y), numbers, strict=True):
        size = values[0].nbytes
        content = varint(4 << 3 | 2) + varint(size) if size else b""
        heads.append(integer_field(1, number) + _shape(values) + content)
    x, y = (values.astype(values.dtype.newbyteorder("<"), copy=False) for values in (x, y))
    with file.open("wb") as out:
        for one_x, one_y in zip(x, y, strict=True):
            out.write(framed(heads[0], one_x.tobytes()))
            out.write(framed(heads[1], one_y.tobytes()))
