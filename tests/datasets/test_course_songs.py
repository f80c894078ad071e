"""The course's clips with their songs: equal to those the course hands out without."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from earmark.datasets.course_songs import course_songs
from earmark.datasets.tfdata import tfdata
from earmark.errors import DataError


def arrays(songs: int = 3) -> dict[str, Any]:
    level = np.random.default_rng(3).integers(0, 256, (songs, 4, 60), dtype=np.uint8)
    return {"level": level, "label": np.arange(songs) % 2, "genres": np.array(["jazz", "rock"])}


def write(path: Path, **changed: Any) -> Path:
    np.savez(path, **{**arrays(), **changed})
    return path


def test_every_clip_names_its_song(tmp_path: Path) -> None:
    dataset = course_songs(path=write(tmp_path / "a.npz"))
    assert len(dataset) == 45
    assert dataset.counts() == {"jazz": 30, "rock": 15}
    clip = dataset.tracks[16]
    assert (clip.id, clip.song, clip.row, clip.start, clip.seconds) == ("song001#01", "song001", 1, 2.0, 2.0)


def test_frames_are_linear_between_columns(tmp_path: Path) -> None:
    """60 columns are two a second: a clip's frame i lies at 0.0125 + 0.025 i seconds, column j at 0.25 + 0.5 j."""
    ramp = np.tile(np.arange(60, dtype=np.uint8) * 4, (1, 2, 1))
    dataset = course_songs(path=write(tmp_path / "a.npz", level=ramp, label=np.array([0])))
    clip = dataset.read(dataset.track("song000#03"))
    assert (clip.dtype, clip.shape) == (np.float32, (2, 80))
    seconds = 6 + 0.0125 + 0.025 * np.arange(80)
    level = (seconds - 0.25) / 0.5 * 4
    np.testing.assert_allclose(clip[0], (level - level.max()) / 255 * 80, atol=1e-4)
    first = dataset.read(dataset.track("song000#00"))
    np.testing.assert_allclose(first[0, :10], first[0, 0], atol=1e-6)


def test_loudest_is_zero_and_the_floor_eighty_below(tmp_path: Path) -> None:
    dataset = course_songs(path=write(tmp_path / "a.npz"))
    clips = dataset.read_many(dataset.tracks) if dataset.read_many else None
    assert clips is not None
    np.testing.assert_array_equal(clips.max(axis=(1, 2)), 0)
    assert clips.min() >= -80


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"level": np.zeros((3, 4, 1), np.uint8)}, r"level is uint8 \(3, 4, 1\)"),
        ({"level": np.zeros((3, 4, 60), np.int16)}, r"level is int16"),
        ({"label": np.array([0, 1, 2])}, r"label must be one whole number a song, from 0 to 1"),
        ({"label": np.array([0.0, 1.0, 1.0])}, r"label must be one whole number a song"),
        ({"label": np.array([0, 1])}, r"label has the shape \(2,\), level \(3, 4, 60\)"),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        course_songs(path=write(tmp_path / "a.npz", **changed))


@pytest.fixture(scope="module")
def handout(shared: Path) -> ModuleType:
    """The script that writes what the course hands out."""
    path = shared / "gtzan" / "course" / "make_gtzan8_tfdata.py"
    spec = importlib.util.spec_from_file_location("make_gtzan8_tfdata", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_clips_are_those_of_the_handout(shared: Path, handout: ModuleType, tmp_path: Path) -> None:
    dataset = course_songs(path=shared / "gtzan" / "course" / "mel80.npz")
    assert len(dataset) == 12_000
    assert set(dataset.counts().values()) == {1_500}
    some = [track for track in dataset.tracks if track.row in (0, 1, 2, 400, 799)]
    with np.load(shared / "gtzan" / "course" / "mel80.npz") as file:
        songs = file["level"][[0, 1, 2, 400, 799]].astype(np.float32) / 255 * 80 - 80
        labels = np.repeat(file["label"][[0, 1, 2, 400, 799]], 15)
    order = np.random.default_rng(5).permutation(len(some))
    clips = np.concatenate([handout.clips_of(song) for song in songs])[order, :, :, None]
    for part, rows in (("train", slice(0, 60)), ("valid", slice(60, 75))):
        handout.save(tmp_path / part, clips[rows], np.eye(8, dtype=np.float32)[labels[order][rows]], "1234")
    handed_out = tfdata(path=str(tmp_path))
    assert handed_out.read_many is not None
    assert dataset.read_many is not None
    np.testing.assert_array_equal(
        np.squeeze(handed_out.read_many(handed_out.tracks)), dataset.read_many([some[i] for i in order])
    )
    np.testing.assert_array_equal(handed_out.labels(handed_out.tracks), dataset.labels([some[i] for i in order]))
