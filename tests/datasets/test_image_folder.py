"""A folder of pictures per genre: whose track each is, which part it is in, and what is read."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from earmark.datasets.image_folder import image_folder
from earmark.errors import DataError, UsageError
from earmark.splits import draw

MEL = np.clip(np.linspace(-5, -70, 40)[:, None] + np.random.default_rng(2).normal(0, 6, (40, 60)), -80, 0)


def picture(path: Path, *, border: int = 0, colours: str = "viridis", mel: np.ndarray = MEL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = mpl.colormaps[colours]((mel[::-1] + 80) / 80, bytes=True)[..., :3]
    Image.fromarray(np.pad(image, [(border, border), (border, border), (0, 0)], constant_values=255)).save(path)
    return path


@pytest.fixture
def pieces(tmp_path: Path) -> Path:
    """Two genres, five tracks each, of which each has three pieces."""
    for genre in ("jazz", "rock"):
        for track in range(5):
            for piece in range(3):
                picture(tmp_path / genre / f"{genre}.{track:05d}_{piece:03d}.png")
    return tmp_path


def test_all_pieces_of_a_track_stand_on_one_side(pieces: Path) -> None:
    dataset = image_folder(path=pieces)
    assert dataset.medium == "image"
    assert dataset.counts() == {"jazz": 15, "rock": 15}
    assert {track.part for track in dataset.tracks} == {None}
    assert dataset.track("jazz/jazz.00003_001.png").song == "jazz/jazz.00003"
    split = draw(dataset, kind="by_track", valid=0.2, test=0.2)
    assert split.sizes == {"train": 18, "valid": 6, "test": 6}
    assert split.leaks(dataset).sentence is None


@pytest.mark.parametrize(
    ("names", "songs"),
    [
        (["a-1.png", "a-2.png", "b-1.png"], ["a", "a", "b"]),
        (["a_001.jpg", "a_002.JPEG", "b.png"], ["a", "a", "b"]),
        (["blues.00000.png", "blues.00001.png"], ["blues.00000", "blues.00001"]),
        (["blues00000.png", "blues00001.png"], ["blues00000", "blues00001"]),
        (["img_0001.png", "img_0002.png"], ["img_0001", "img_0002"]),
        (["img_001.png", "img_002.png"], ["img_001", "img_002"]),  # else the genre would have one track
    ],
)
def test_the_track_is_told_from_the_name(tmp_path: Path, names: list[str], songs: list[str]) -> None:
    for name in names:
        picture(tmp_path / "x" / name)
    picture(tmp_path / "y" / "other.png")
    found = {track.id: track.song for track in image_folder(path=tmp_path).tracks if track.genre == "x"}
    assert found == {f"x/{name}": f"x/{song}" for name, song in zip(names, songs, strict=True)}


def test_a_pattern_of_ones_own(tmp_path: Path) -> None:
    for name in ("take1 of s1", "take2 of s1", "take1 of s2"):
        picture(tmp_path / "x" / f"{name}.png")
        picture(tmp_path / "y" / f"{name}.png")
    dataset = image_folder(path=tmp_path, track_pattern=r"take\d of (.+)")
    assert [track.song for track in dataset.tracks] == ["x/s1", "x/s2", "x/s1", "y/s1", "y/s2", "y/s1"]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [("(", "missing ), unterminated"), ("a", "no such group"), ("z(.+)", "does not fit 'a', the name of x/a.png")],
)
def test_a_pattern_that_cannot_be(tmp_path: Path, pattern: str, why: str) -> None:
    picture(tmp_path / "x" / "a.png")
    picture(tmp_path / "y" / "a.png")
    with pytest.raises(UsageError, match=f"track_pattern = .*{re.escape(why)}"):
        image_folder(path=tmp_path, track_pattern=pattern)


def test_folders_of_parts_hand_them_out_and_a_track_in_two_leaks(tmp_path: Path) -> None:
    for part in ("train", "valid", "test"):
        for genre in ("x", "y"):
            picture(tmp_path / part / genre / f"{part}_1.png")
    picture(tmp_path / "test" / "x" / "train_2.png")
    dataset = image_folder(path=tmp_path)
    split = draw(dataset, kind="as_given")
    assert split.sizes == {"train": 2, "valid": 2, "test": 3}
    assert split.leaks(dataset).songs == ("x/train",)


def test_rgb_is_the_picture_resized(tmp_path: Path) -> None:
    picture(tmp_path / "x" / "a.png", border=20)
    picture(tmp_path / "y" / "a.png")
    trimmed = image_folder(path=tmp_path, height=40, width=60)
    x, y = (trimmed.read(track) for track in trimmed.tracks)
    assert x.shape == (3, 40, 60)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, y)
    drawn = mpl.colormaps["viridis"]((MEL[::-1] + 80) / 80, bytes=True)[..., :3]
    np.testing.assert_array_equal(x.transpose(1, 2, 0) * 255, drawn)


def test_the_trim_can_be_switched_off(tmp_path: Path) -> None:
    picture(tmp_path / "x" / "a.png", border=20)
    picture(tmp_path / "y" / "a.png")
    dataset = image_folder(path=tmp_path, trim=False, height=80, width=100)
    x = dataset.read(dataset.tracks[0])
    assert (x[:, :20] == 1).all()
    trimmed = image_folder(path=tmp_path, height=80, width=100)
    assert dataset.digest is not None
    assert trimmed.digest is not None
    assert dataset.digest(dataset.tracks[0]) != trimmed.digest(trimmed.tracks[0])


def test_grey_is_luminance(tmp_path: Path) -> None:
    picture(tmp_path / "x" / "a.png")
    picture(tmp_path / "y" / "a.png")
    grey = image_folder(path=tmp_path, colour="grey", height=40, width=60)
    rgb = image_folder(path=tmp_path, height=40, width=60)
    weights = np.array([0.299, 0.587, 0.114])[:, None, None]  # ITU-R BT.601
    expected = (rgb.read(rgb.tracks[0]) * weights).sum(0, keepdims=True)
    np.testing.assert_allclose(grey.read(grey.tracks[0]), expected, atol=1.01 / 255)


@pytest.mark.parametrize("colours", ["viridis", "jet", "gray_r"])
def test_decibels_do_not_depend_on_the_colours(tmp_path: Path, colours: str) -> None:
    picture(tmp_path / "x" / "a.png", colours=colours)
    picture(tmp_path / "y" / "a.png")
    dataset = image_folder(path=tmp_path, colour="decibels", height=40, width=60)
    x = dataset.read(dataset.tracks[0])
    assert x.shape == (1, 40, 60)
    np.testing.assert_allclose(x[0, ::-1], (MEL + 80) / 80, atol=3.5 / 255)  # jet has one blue for three steps


def test_making_smaller_averages(tmp_path: Path) -> None:
    stripes = np.tile(np.array([-80.0, 0.0]), (40, 30))
    picture(tmp_path / "x" / "a.png", colours="gray", mel=stripes)
    picture(tmp_path / "y" / "a.png")
    dataset = image_folder(path=tmp_path, height=10, width=10, trim=False)
    x = dataset.read(dataset.tracks[0])
    assert 0.4 < x.min() < x.max() < 0.6


def test_what_is_read_is_made_of_bytes(pieces: Path) -> None:
    dataset = image_folder(path=pieces, colour="decibels", height=17, width=23)
    levels = dataset.read(dataset.tracks[0]) * np.float32(255)
    np.testing.assert_array_equal(levels, levels.round())


def test_nothing_is_held(tmp_path: Path) -> None:
    for number in range(40):
        picture(tmp_path / "xy"[number % 2] / f"{number}.png", mel=np.full((200, 200), -number))
    dataset = image_folder(path=tmp_path, trim=False)
    dataset.read(dataset.tracks[0])
    tracemalloc.start()
    try:
        for track in dataset.tracks:
            dataset.read(track)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    one = 3 * 224 * 224 * 4
    assert held < one
    assert peak < 8 * one


def test_a_damaged_picture_is_named(pieces: Path) -> None:
    (pieces / "jazz" / "jazz.00000_000.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    dataset = image_folder(path=pieces)
    with pytest.raises(DataError, match=r"jazz\.00000_000\.png: "):
        dataset.read(dataset.tracks[0])


def test_colours_of_no_map_are_named_with_their_file(tmp_path: Path, rng: np.random.Generator) -> None:
    picture(tmp_path / "x" / "a.png")
    picture(tmp_path / "y" / "a.png")
    Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(tmp_path / "x" / "a.png")
    dataset = image_folder(path=tmp_path, colour="decibels")
    with pytest.raises(DataError, match=r"x/a\.png: the picture's colours are not those of a known colour map"):
        dataset.read(dataset.tracks[0])


def test_a_file_that_went_away(pieces: Path) -> None:
    dataset = image_folder(path=pieces)
    (pieces / "jazz" / "jazz.00000_000.png").unlink()
    assert dataset.digest is not None
    with pytest.raises(DataError, match=r"jazz\.00000_000\.png: cannot be read: No such file"):
        dataset.digest(dataset.tracks[0])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"colour": "gray"}, "no colour 'gray'; did you mean 'grey'"),
        ({"height": 0}, "height = 0"),
        ({"colour_map": "magma"}, "colour_map = 'magma' is for colour = 'decibels', not 'rgb'"),
    ],
)
def test_options_that_cannot_be(pieces: Path, options: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        image_folder(path=pieces, **options)


def test_what_is_no_picture_is_passed_over_and_said(pieces: Path) -> None:
    (pieces / "jazz" / "song.mp3").write_bytes(b"ID3")
    faults = image_folder(path=pieces).faults
    assert [(fault.where, fault.what) for fault in faults] == [("jazz/song.mp3", "ignored: not a picture")]


def test_a_genre_without_pictures(pieces: Path) -> None:
    (pieces / "blues").mkdir()
    with pytest.raises(DataError, match="blues: no pictures of the genre blues; add some or remove the folder"):
        image_folder(path=pieces)
