"""Saved folders as a data set."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.catalog import DATASETS
from earmark.datasets.tfdata import tfdata, write_folder
from earmark.errors import DataError, UsageError

GENRES = ["blues", "metal", "pop"]


@pytest.fixture
def clips(rng):
    return rng.uniform(-80, 0, (7, 5, 4, 1)).astype(np.float32)


@pytest.fixture
def folder(tmp_path, clips):
    one_hot = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2, 2]]
    write_folder(tmp_path / "clips" / "train", clips[:5], one_hot[:5])
    write_folder(tmp_path / "clips" / "valid", clips[5:], one_hot[5:])
    return tmp_path / "clips"


def test_parts_become_tracks(folder, clips):
    dataset = DATASETS.build("tfdata", options={"path": str(folder), "genres": GENRES})
    assert [track.id for track in dataset.tracks] == [
        *(f"train/0000{i}" for i in range(5)),
        "valid/00000",
        "valid/00001",
    ]
    assert [track.part for track in dataset.tracks] == ["train"] * 5 + ["valid"] * 2
    assert dataset.counts() == {"blues": 2, "metal": 2, "pop": 3}
    assert dataset.name == "clips"
    assert (dataset.medium, dataset.songs_known, dataset.synthetic) == ("log_mel", False, False)
    for track, clip in zip(dataset.tracks, clips, strict=True):
        np.testing.assert_array_equal(dataset.read(track), clip[..., 0], strict=True)
    some = [dataset.tracks[place] for place in (6, 0, 5, 3, 0)]
    np.testing.assert_array_equal(dataset.read_many(some), clips[[6, 0, 5, 3, 0], ..., 0], strict=True)
    assert dataset.read_many([]).shape == (0, 5, 4)
    digests = {dataset.digest(track) for track in dataset.tracks}
    assert len(digests) == 7


def test_one_folder_has_no_parts(folder, clips):
    dataset = tfdata(path=folder / "valid")
    assert [(track.id, track.part) for track in dataset.tracks] == [("00000", None), ("00001", None)]
    assert dataset.genres == ("class_0", "class_1", "class_2")
    np.testing.assert_array_equal(dataset.read_many(dataset.tracks), clips[5:, ..., 0])
    with pytest.raises(UsageError, match="one saved folder, without parts"):
        tfdata(path=folder / "valid", parts=["train"])


def test_some_parts_alone(folder):
    assert {track.part for track in tfdata(path=folder, parts=["valid"]).tracks} == {"valid"}
    with pytest.raises(DataError, match="no folder test in it; there are: train, valid"):
        tfdata(path=folder, parts=["test"])
    with pytest.raises(UsageError, match="part 'vald' is not one of train, valid, test; did you mean 'valid'"):
        tfdata(path=folder, parts=["vald"])


def test_axes_and_songs_are_as_told(folder, clips):
    dataset = tfdata(path=folder, axes=["time", "band"], clips_of_songs=False)
    np.testing.assert_array_equal(dataset.read(dataset.tracks[0]), clips[0, ..., 0].T)
    np.testing.assert_array_equal(dataset.read_many(dataset.tracks), clips[..., 0].swapaxes(1, 2))
    assert dataset.songs_known
    with pytest.raises(UsageError, match="write band and time in the order"):
        tfdata(path=folder, axes=["band", "frame"])


@pytest.mark.parametrize(
    "name", ["default_xy", "int_label", "dict_image_label", "squeezed", "gzip", "float64", "bfloat16"]
)
def test_folders_that_tensorflow_wrote(shared, name):
    dataset = tfdata(path=shared / "tfdata_samples" / name)
    x = dataset.read_many(dataset.tracks)
    assert x.dtype == np.float32
    assert x.ndim == 3
    with np.load(shared / "tfdata_samples" / f"{name}.npz") as arrays:
        y = arrays["c1"]
        np.testing.assert_array_equal(dataset.labels(dataset.tracks), y if y.ndim == 1 else y.argmax(1))
        if name != "bfloat16":
            np.testing.assert_array_equal(x.ravel(), arrays["c0"].ravel().astype(np.float32))


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("uint8_image", r"\[0\] uint8 \(80, 80, 1\), \[1\] float32 \(8,\)"),
        ("bare_tensor", r"\. float32 \(80, 80\)"),
        ("batched_remainder", r"\[0\] float32 of differing shapes"),
        ("nested", r"\[0\]\['aux'\]\[0\] int32 \(\), .*\[0\]\['mel'\] float32 \(20, 20, 1\)"),
        ("string_component", r"\[1\] string \(\)"),
    ],
)
def test_other_elements_are_refused_with_their_components(shared, name, listed):
    with pytest.raises(DataError, match=f"one float array .* and one label, .* here it is: .*{listed}"):
        tfdata(path=shared / "tfdata_samples" / name)


def test_a_wrong_number_of_genres(tmp_path, folder):
    for genres in (GENRES[:2], [*GENRES, "rock"]):
        with pytest.raises(UsageError, match=f"{len(genres)} genres are named, but the labels have 3 classes"):
            tfdata(path=folder, genres=genres)
    write_folder(tmp_path / "int", np.zeros((2, 5, 4), np.float32), np.array([0, 1]))
    assert tfdata(path=tmp_path / "int", genres=GENRES).genres == tuple(GENRES)
    with pytest.raises(UsageError, match="1 genres are named, but the labels have 2 classes"):
        tfdata(path=tmp_path / "int", genres=GENRES[:1])


@pytest.mark.parametrize(
    ("x", "y", "why"),
    [
        (np.zeros((0, 5, 4), np.float32), np.zeros(0, np.int64), "it holds no elements"),
        (np.full((2, 5, 4), np.nan, np.float32), np.zeros(2, np.int64), "element 0: the array has values that are not"),
        (np.zeros((2, 5, 4)), np.array([0, -1]), "element 1: label -1 is not from 0 to 999"),
        (np.zeros((2, 5, 4)), np.array([1 << 62, 0]), "element 0: label 4611686018427387904 is not from 0 to 999"),
        (np.zeros((2, 5, 4)), np.array([[1.0, 0], [0.5, 0.5]]), r"element 1: label \[0.5, 0.5\] is not one-hot"),
        (np.zeros((2, 5, 4)), np.array([[True, True], [True, False]]), "element 0: .* is not one-hot"),
    ],
)
def test_elements_that_are_no_clips_with_genres(tmp_path, x, y, why):
    write_folder(tmp_path / "odd", x, y)
    with pytest.raises(DataError, match=f"odd: {why}"):
        tfdata(path=tmp_path / "odd")


def test_parts_that_do_not_fit_together(tmp_path, folder):
    write_folder(folder / "test", np.zeros((2, 5, 3), np.float32), np.eye(3)[:2])
    with pytest.raises(DataError, match=r"clips of different shapes: \(5, 3\), \(5, 4\)"):
        tfdata(path=folder)
    write_folder(tmp_path / "w" / "train", np.zeros((2, 5, 3), np.float32), np.eye(3)[:2])
    write_folder(tmp_path / "w" / "valid", np.zeros((2, 5, 3), np.float32), np.eye(4)[:2])
    with pytest.raises(DataError, match=r"the parts have different numbers of classes: \[3, 4\]"):
        tfdata(path=tmp_path / "w")


def test_a_missing_folder_says_how_to_make_it(tmp_path):
    with pytest.raises(
        DataError, match=r"gtzan8: no such folder; .* earmark data gtzan --path GTZAN --course .*gtzan8"
    ):
        tfdata(path=tmp_path / "gtzan8")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no snapshot\.metadata or dataset_spec\.pb in it"):
        tfdata(path=tmp_path / "empty")
