"""What every data set must be, by being listed."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from earmark.audio.waveform import Waveform
from earmark.catalog import DATASETS
from earmark.datasets.faults import find_faults
from earmark.datasets.tfdata import write_folder
from earmark.errors import EarmarkError
from earmark.tracks import PARTS, Dataset
from earmark.wording import wording_of

SECONDS = 1.0


def sound(path: Path, hertz: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(SECONDS * 8000)) / 8000
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hertz * times), 8000)


@dataclass(frozen=True)
class Miniature:
    """Options of a small data set; `change` gives other content to its first track, and the options to see it with.

    `absent` is what the error of a missing path says.
    """

    options: Mapping[str, Any]
    change: Callable[[], Mapping[str, Any]]
    absent: str = ""


def cifar100(root: Path) -> Miniature:
    def write(seed: int) -> Mapping[str, Any]:
        for number, (name, images) in enumerate((("train", 6), ("test", 4))):
            data = np.random.default_rng(number).integers(0, 255, (images, 3072), dtype=np.uint8)
            data[0] += seed
            labels = [row % 2 for row in range(images)]
            table = {"data": data, "fine_labels": labels, "coarse_labels": labels, "filenames": ["a.png"] * images}
            (root / name).write_bytes(pickle.dumps(table, 2))
        names = {"fine_label_names": ["crab", "rose"], "coarse_label_names": ["animals", "flowers"]}
        (root / "meta").write_bytes(pickle.dumps(names, 2))
        return {"path": str(root), "valid_per_class": 0}

    return Miniature(write(0), lambda: write(1), "`earmark fetch cifar100`")


def folder(root: Path) -> Miniature:
    for number, name in enumerate(("jazz/a.wav", "jazz/b.wav", "rock/a.wav")):
        sound(root / name, 200 + 100 * number)

    def change() -> Mapping[str, Any]:
        sound(root / "jazz" / "a.wav", 250)
        return {"path": str(root)}

    return Miniature({"path": str(root)}, change, "one folder of audio files per genre")


def fma(root: Path) -> Miniature:
    for number in (1, 2, 3):
        sound(root / "fma_small" / "000" / f"{number:06d}.mp3", 200 + 100 * number)
    (root / "fma_metadata").mkdir()
    (root / "fma_metadata" / "tracks.csv").write_text(
        ",set,set,track,track,track,track,album,artist\n"
        ",split,subset,genre_top,title,language_code,date_recorded,date_released,name\n"
        "track_id,,,,,,,,\n"
        "1,training,small,Rock,One,en,,2009-01-05 00:00:00,A\n"
        "2,training,small,Folk,Two,en,,2009-01-05 00:00:00,B\n"
        "3,test,small,Folk,Three,en,,2009-01-05 00:00:00,C\n"
    )

    def change() -> Mapping[str, Any]:
        sound(root / "fma_small" / "000" / "000001.mp3", 250)
        return {"path": str(root)}

    return Miniature({"path": str(root)}, change, "`earmark fetch fma_small`")


def gtzan(root: Path) -> Miniature:
    for number, name in enumerate(("blues/blues.00000.wav", "blues/blues.00001.wav", "rock/rock.00000.wav")):
        sound(root / "genres" / name, 200 + 100 * number)

    def change() -> Mapping[str, Any]:
        sound(root / "genres" / "blues" / "blues.00000.wav", 250)
        return {"path": str(root)}

    return Miniature({"path": str(root)}, change, "`earmark fetch gtzan`")


def image_folder(root: Path) -> Miniature:
    def draw(name: str, seed: int) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(noise).save(root / name)

    for number, name in enumerate(("jazz/a_0.png", "jazz/b_0.png", "rock/a_0.png")):
        draw(name, number)

    def change() -> Mapping[str, Any]:
        draw("jazz/a_0.png", 7)
        return {"path": str(root), "height": 8, "width": 12}

    return Miniature({"path": str(root), "height": 8, "width": 12}, change, "one folder of pictures per genre")


def lyrics(root: Path) -> Miniature:
    def write(first: str) -> Mapping[str, Any]:
        rows = [
            f'Nina,One,Jazz,en,"{first}\nand a day"',
            "Nina,Two,Jazz,en,Blue moon",
            "Elis,Águas,Samba,pt,É pau é pedra",
        ]
        (root / "songs.csv").write_text("\n".join(["Artist,Song,Genre,Language,Lyrics", *rows]), encoding="utf-8")
        return {"path": str(root / "songs.csv")}

    return Miniature(write("A night"), lambda: write("A day"), "give a CSV or Parquet file")


def manifest(root: Path) -> Miniature:
    for number, name in enumerate(("a.wav", "b.wav", "c.wav")):
        sound(root / name, 200 + 100 * number)
    (root / "list.csv").write_text("path,genre\na.wav,rock\nb.wav,jazz\nc.wav,jazz\n")

    def change() -> Mapping[str, Any]:
        sound(root / "a.wav", 250)
        return {"path": str(root / "list.csv")}

    return Miniature({"path": str(root / "list.csv")}, change, "cannot be read")


def mel_arrays(root: Path) -> Miniature:
    def write(seed: int) -> Mapping[str, Any]:
        level = np.random.default_rng(7).integers(0, 256, (4, 16, 20), dtype=np.uint8)
        level[0] += seed
        np.savez(
            root / "mel.npz",
            ids=np.array(["a", "b", "c", "d"]),
            genre=np.array(["rock", "jazz", "rock", "jazz"]),
            split=np.array(["train", "train", "valid", "unlisted"]),
            level=level,
            floor_db=np.full(4, -80, np.float32),
        )
        return {"path": str(root / "mel.npz")}

    return Miniature(write(0), lambda: write(1), "give the path of an .npz file")


def course_songs(root: Path) -> Miniature:
    def write(seed: int) -> Mapping[str, Any]:
        level = np.random.default_rng(7).integers(0, 256, (3, 16, 60), dtype=np.uint8)
        level[0] += seed
        np.savez(root / "songs.npz", level=level, label=np.array([0, 1, 1]), genres=np.array(["jazz", "rock"]))
        return {"path": str(root / "songs.npz")}

    return Miniature(write(0), lambda: write(1), "give the path of an .npz file")


def synthetic(_root: Path) -> Miniature:
    options = {"songs": 20, "seconds": 1.0}
    return Miniature(options, lambda: {**options, "seed": 1})


def tfdata(root: Path) -> Miniature:
    def write(name: str, seed: int) -> Mapping[str, Any]:
        x = -80 * np.random.default_rng(7).random((6, 16, 20, 1), dtype=np.float32)
        x[0] -= seed
        for part, rows in (("train", slice(0, 4)), ("valid", slice(4, 6))):
            write_folder(root / name / part, x[rows], np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]][rows])
        return {"path": str(root / name)}

    return Miniature(write("one", 0), lambda: write("other", 1), "no such folder")


MINIATURES: dict[str, Callable[[Path], Miniature]] = {
    "cifar100": cifar100,
    "course_songs": course_songs,
    "fma": fma,
    "folder": folder,
    "gtzan": gtzan,
    "image_folder": image_folder,
    "lyrics": lyrics,
    "manifest": manifest,
    "mel_arrays": mel_arrays,
    "synthetic": synthetic,
    "tfdata": tfdata,
}

every_dataset = pytest.mark.parametrize("name", DATASETS.names())


@pytest.fixture
def miniature(name: str, tmp_path: Path) -> Miniature:
    if name not in MINIATURES:
        pytest.fail(
            f"the data set {name!r} has no miniature; add one to MINIATURES in tests/conformance/test_datasets.py"
        )
    return MINIATURES[name](tmp_path)


@pytest.fixture
def dataset(name: str, miniature: Miniature) -> Dataset:
    built: Dataset = DATASETS.build(name, options=miniature.options)
    return built


@every_dataset
def test_its_options_are_keywords_with_types_and_it_says_what_it_is(name: str) -> None:
    function = DATASETS.find(name)
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, parameter.name
        assert parameter.annotation is not inspect.Parameter.empty, parameter.name
    assert inspect.getdoc(function)


@every_dataset
def test_its_facts_are_stated(dataset: Dataset) -> None:
    assert dataset.name
    assert dataset.source
    assert dataset.licence
    assert all(fault.where and fault.what for fault in dataset.faults)


@every_dataset
def test_its_tracks_are_named_once_and_of_its_genres(dataset: Dataset) -> None:
    names = [track.id for track in dataset.tracks]
    assert len(set(names)) == len(names) > 0
    assert len(set(dataset.genres)) == len(dataset.genres) >= 2
    assert {genre for track in dataset.tracks for genre in track.genres} <= set(dataset.genres)
    assert {track.part for track in dataset.tracks} <= {None, *PARTS}
    assert sum(dataset.counts().values()) == sum(track.genre is not None for track in dataset.tracks)
    assert dataset.songs_known or all(track.song == track.id for track in dataset.tracks)


@every_dataset
def test_its_name_tells_what_its_things_are_called(name: str, dataset: Dataset) -> None:
    assert wording_of(name) == dataset.wording


@every_dataset
def test_it_is_the_same_each_time(name: str, miniature: Miniature, dataset: Dataset) -> None:
    again: Dataset = DATASETS.build(name, options=miniature.options)
    assert again.tracks == dataset.tracks
    assert again.genres == dataset.genres
    assert again.faults == dataset.faults
    for kind in {(track.part, track.genre) for track in dataset.tracks}:
        names = [track.id for track in dataset.tracks if (track.part, track.genre) == kind]
        assert names == sorted(names)


@every_dataset
def test_what_it_reads_is_what_its_medium_says(dataset: Dataset) -> None:
    for track in (dataset.tracks[0], dataset.tracks[-1]):
        content = dataset.read(track)
        if dataset.medium == "audio":
            assert isinstance(content, Waveform)
            assert content.sample_rate > 0
            values = content.samples
            assert values.ndim == 1
            assert np.abs(values).max() <= 1
        elif dataset.medium == "text":
            assert isinstance(content, str)
            assert content.strip()
            continue
        else:
            values = content
            assert (dataset.medium, values.ndim) in [("log_mel", 2), ("image", 3)]
            assert dataset.medium == "log_mel" or (values.min() >= 0 and values.max() <= 1)
        assert values.dtype == np.float32
        assert values.size > 0
        assert np.isfinite(values).all()


@every_dataset
def test_reading_many_equals_reading_each(dataset: Dataset) -> None:
    assert dataset.read_many is None or dataset.medium in ("log_mel", "image")
    assert dataset.read_many is not None or dataset.medium != "log_mel"
    if dataset.read_many is not None:
        asked = [dataset.tracks[-1], dataset.tracks[0], dataset.tracks[-1]]
        many = dataset.read_many(asked)
        assert many.dtype == np.float32
        np.testing.assert_array_equal(many, [dataset.read(track) for track in asked])


@every_dataset
def test_its_digest_changes_with_the_content_alone(name: str, miniature: Miniature, dataset: Dataset) -> None:
    assert dataset.digest is not None
    before = [dataset.digest(track) for track in dataset.tracks]
    assert [dataset.digest(track) for track in dataset.tracks] == before
    assert len(set(before)) == len(before)
    changed: Dataset = DATASETS.build(name, options=miniature.change())
    assert changed.digest is not None
    assert changed.digest(changed.tracks[0]) != before[0]
    if "path" in miniature.options:
        assert changed.digest(changed.tracks[-1]) == before[-1]


@every_dataset
def test_nothing_is_wrong_with_its_miniature(dataset: Dataset) -> None:
    assert find_faults(dataset) == []


def test_no_miniature_is_left_over() -> None:
    assert set(MINIATURES) <= set(DATASETS.names())


@every_dataset
def test_where_it_is_not_there_it_says_what_to_do(name: str, miniature: Miniature, tmp_path: Path) -> None:
    if "path" not in miniature.options:
        assert "path" not in DATASETS.options(name)
        return
    with pytest.raises(EarmarkError) as caught:
        DATASETS.build(name, options={**miniature.options, "path": str(tmp_path / "nowhere")})
    assert "nowhere" in str(caught.value)
    assert miniature.absent in str(caught.value)
