"""What is written, against the bytes that TensorFlow 2.21 wrote."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.atomic import replacing
from earmark.datasets.tfdata import read_folder, write_folder
from earmark.datasets.tfdata.metadata import read_metadata
from earmark.errors import DataError

SNAPSHOT = "*/00000000.shard/00000000.snapshot"


@pytest.mark.parametrize("name", ["default_xy", "int_label", "float64", "uint8_image", "squeezed", "batched_static"])
def test_the_bytes_are_tensorflow_s(shared, tmp_path, name):
    sample = shared / "tfdata_samples" / name
    x, y = read_folder(sample).values
    write_folder(tmp_path, x, y)

    assert (tmp_path / "dataset_spec.pb").read_bytes() == (sample / "dataset_spec.pb").read_bytes()
    ((ours,), (theirs,)) = (list(folder.glob(SNAPSHOT)) for folder in (tmp_path, sample))
    assert ours.read_bytes() == theirs.read_bytes()
    ours, theirs = (
        read_metadata(memoryview((folder / "snapshot.metadata").read_bytes())) for folder in (tmp_path, sample)
    )
    ours.run_id = theirs.run_id
    assert ours == theirs
    assert sorted(path.name for path in tmp_path.iterdir())[1:] == ["dataset_spec.pb", "snapshot.metadata"]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.arange(12, dtype=">f8").reshape(3, 4), np.array([True, False, True])),
        (np.zeros((0, 2, 3), np.float32), np.zeros(0, np.int64)),
        (np.zeros((2, 0), np.complex64), np.zeros((2, 300), np.uint16)),
        (np.arange(24, dtype=np.float16).reshape(2, 3, 4).swapaxes(1, 2), np.arange(2)),
    ],
)
def test_what_is_written_is_read_back(tmp_path, x, y):
    write_folder(tmp_path / "new", x, y)
    for values, wanted in zip(read_folder(tmp_path / "new").values, (x, y), strict=True):
        np.testing.assert_array_equal(values, wanted.astype(wanted.dtype.newbyteorder("<")), strict=True)


def test_what_cannot_be_written(tmp_path):
    x = np.zeros((2, 3), np.float32)
    with pytest.raises(DataError, match="2 arrays but 3 labels to write"):
        write_folder(tmp_path, x, np.zeros(3))
    with pytest.raises(DataError, match="dtype <U1 cannot be written"):
        write_folder(tmp_path, x, np.array(["a", "b"]))
    assert list(tmp_path.iterdir()) == []
    write_folder(tmp_path, x, np.zeros(2))
    with pytest.raises(DataError, match="holds a saved dataset already"):
        write_folder(tmp_path, x, np.zeros(2))


def test_a_write_broken_off_is_never_read(tmp_path, monkeypatch):
    def full_disk(path, content):
        with replacing(path) as temporary:
            temporary.write_bytes(content)
            if path.name == "snapshot.metadata":
                raise OSError("no space left")

    monkeypatch.setattr("earmark.datasets.tfdata.writer.write_bytes", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_folder(tmp_path, np.zeros((2, 3)), np.zeros(2))
    with pytest.raises(DataError, match=r"no snapshot\.metadata in it"):
        read_folder(tmp_path)
    monkeypatch.undo()
    write_folder(tmp_path, np.ones((1, 3)), np.zeros(1))
    assert len(read_folder(tmp_path)) == 1
