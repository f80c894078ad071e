"""CIFAR-100's layout in small, written as Python 2 wrote the published files."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Value = Sequence[str] | Sequence[int] | np.ndarray | str


def python_2_pickle(table: Mapping[str, Value]) -> bytes:
    """A dictionary at protocol 2, its text as strings of bytes."""
    return b"\x80\x02}(" + b"".join(_text(key) + _value(value) for key, value in table.items()) + b"u."


def _text(text: str) -> bytes:
    return b"U" + bytes([len(text)]) + text.encode("latin-1")


def _value(value: Value) -> bytes:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, np.ndarray):
        shape = b"".join(b"J" + struct.pack("<i", size) for size in value.shape)
        kind = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        raw = value.tobytes()
        state = b"(K\x01(" + shape + b"t" + kind + b"\x89T" + struct.pack("<i", len(raw)) + raw + b"t"
        return b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR" + state + b"b"
    return b"](" + b"".join(_text(v) if isinstance(v, str) else b"J" + struct.pack("<i", v) for v in value) + b"e"


def batch(
    images: int, *, fine: int = 4, seed: int = 0, pixels: np.ndarray | None = None, **instead: Value
) -> dict[str, Value]:
    """`images` pictures of each of `fine` classes, two of which make a group; entries given take the others' place."""
    labels = [label for _ in range(images) for label in range(fine)]
    drawn = np.random.default_rng(seed).integers(0, 256, (len(labels), 3072), dtype=np.uint8)
    return {
        "filenames": [f"thing_{seed}_{row:06d}.png" for row in range(len(labels))],
        "batch_label": "made up",
        "fine_labels": labels,
        "coarse_labels": [label // 2 for label in labels],
        "data": drawn if pixels is None else pixels,
        **instead,
    }


META = {"fine_label_names": ["ant", "bee", "cat", "dog"], "coarse_label_names": ["insects", "mammals"]}


def write_folder(root: Path, **files: Mapping[str, Value]) -> Path:
    """The unpacked folder with meta, train and test; those given take the others' place."""
    folder = root / "cifar-100-python"
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in {"meta": META, "train": batch(6, seed=1), "test": batch(2, seed=2), **files}.items():
        (folder / name).write_bytes(python_2_pickle(table))
    return folder


def write_archive(path: Path, folder: Path) -> Path:
    """The folder packed as the published archive is."""
    with tarfile.open(path, "w:gz") as archive:
        for file in sorted(folder.iterdir()):
            member = tarfile.TarInfo(f"cifar-100-python/{file.name}")
            member.size = file.stat().st_size
            archive.addfile(member, io.BytesIO(file.read_bytes()))
    return path
