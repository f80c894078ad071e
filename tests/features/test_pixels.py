"""Pictures as examples: bytes on disk, skipped where damaged, refused where they are none."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earmark.errors import DataError, ModelError, UsageError
from earmark.features.cache import FeatureCache
from earmark.features.extract import extract
from earmark.features.log_mel import LogMel
from earmark.features.pixels import Pixels, pixels
from earmark.images.drawing import Drawing
from earmark.tracks import Dataset, Track

NAMES = ("a", "broken", "b", "c")


class Pictures:
    """Four pictures, one of which cannot be read, and how often each was asked for."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.levels = {name: rng.integers(0, 256, (3, 4, 5)) for name in NAMES}
        self.read = Counter[str]()
        tracks = tuple(Track(id=name, genres=("xy"[name < "b"],)) for name in NAMES)
        self.dataset = Dataset("pictures", "image", ("x", "y"), tracks, self._read, digest=lambda track: track.id)

    def _read(self, track: Track) -> np.ndarray:
        self.read[track.id] += 1
        if track.id == "broken":
            raise DataError("broken.png: truncated")
        return (self.levels[track.id] / 255).astype(np.float32)


@pytest.fixture
def pictures(rng: np.random.Generator) -> Pictures:
    return Pictures(rng)


def test_what_can_be_read_is_an_example(pictures: Pictures) -> None:
    heard: list[tuple[int, int]] = []
    extraction = extract(
        pictures.dataset, pictures.dataset.tracks, Pixels(), on_track=lambda done, of: heard.append((done, of))
    )
    examples = extraction.examples
    assert examples.ids == ("a", "b", "c")
    assert examples.y.tolist() == [1, 0, 0]
    assert examples.shape == (3, 4, 5)
    assert [(fault.where, fault.what) for fault in extraction.skipped] == [("broken", "broken.png: truncated")]
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]
    expected = np.stack([pictures.levels[name] for name in "abc"])
    np.testing.assert_array_equal(np.asarray(examples.x) * np.float32(255), expected)


def test_a_cached_picture_is_decoded_once(pictures: Pictures, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    tracks = [track for track in pictures.dataset.tracks if track.id != "broken"]
    for _ in range(2):
        examples = extract(pictures.dataset, tracks, Pixels(), cache=cache).examples
        examples.x[1:].to("cpu")
    assert pictures.read == {"a": 1, "b": 1, "c": 1}


def test_pictures_of_different_shapes_are_refused(pictures: Pictures) -> None:
    pictures.levels["c"] = pictures.levels["c"][:, :2]
    with pytest.raises(DataError, match=r"different shapes, such as \(3, 2, 5\) and \(3, 4, 5\)"):
        extract(pictures.dataset, pictures.dataset.tracks, Pixels())


def test_nothing_that_can_be_read_is_said(pictures: Pictures) -> None:
    with pytest.raises(DataError, match=r"none of 1 tracks can be read; the first: broken\.png: truncated"):
        extract(pictures.dataset, pictures.dataset.tracks[1:2], Pixels())


@pytest.mark.parametrize(
    ("medium", "features", "name"),
    [("image", LogMel(), "pixels"), ("audio", Pixels(), "log_mel"), ("log_mel", Pixels(), "log_mel")],
)
def test_features_of_another_medium_are_refused(
    pictures: Pictures, medium: str, features: LogMel | Pixels, name: str
) -> None:
    dataset = replace(pictures.dataset, medium=medium)
    with pytest.raises(UsageError, match=f"pictures holds .* data; set features.name = '{name}'"):
        extract(dataset, dataset.tracks, features)


@pytest.mark.parametrize("array", [np.zeros((4, 5)), np.full((1, 2, 2), 255.0), np.full((1, 2, 2), np.nan)])
def test_what_is_no_picture_is_refused(array: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"here: pictures are \(channels, height, width\) in 0…1, not"):
        Pixels().of(array.astype(np.float32), where="here")


def test_its_scale_is_one_a_colour(pictures: Pictures) -> None:
    tracks = [track for track in pictures.dataset.tracks if track.id != "broken"]
    x = extract(pictures.dataset, tracks, Pixels()).examples.x
    np.testing.assert_allclose(Pixels().scale(x).mean, np.asarray(x).mean((0, 2, 3)), rtol=1e-5)


def test_settings_that_differ_are_named() -> None:
    assert Pixels().differences(pixels()) == []
    assert Pixels().differences(pixels(standardise="none")) == ["standardise=none instead of per_channel"]
    assert Pixels().differences(LogMel()) == ["LogMel instead of Pixels"]
    assert LogMel().differences(Pixels()) == ["Pixels instead of LogMel"]


def test_how_pictures_are_drawn_is_compared_where_both_know_it() -> None:
    small = Drawing(trim=True, height=32, width=32, colour="rgb")
    large = Drawing(trim=False, height=64, width=32, colour="rgb")
    said = Pixels(drawing=small).differences(Pixels(drawing=large))
    assert said == ["trim=False instead of True", "height=64 instead of 32"]
    assert Pixels(drawing=small).differences(Pixels()) == Pixels().differences(Pixels(drawing=small)) == []


def test_a_file_is_one_example_and_refused_where_nothing_tells_how(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(rng.integers(0, 256, (8, 9, 3), dtype=np.uint8)).save(path)
    drawing = Drawing(trim=False, height=8, width=9, colour="rgb")
    np.testing.assert_array_equal(Pixels(drawing=drawing).of_file(path), drawing.read(path)[None])
    with pytest.raises(ModelError, match=r"a\.png: how a file becomes a picture is not known: .* train it again"):
        Pixels().of_file(path)


def test_a_mirror_image_is_seen_where_asked() -> None:
    assert pixels().views is None
    seen = pixels(mirror=True).views
    assert seen is not None
    assert seen.count == 2


def test_an_unknown_scale_is_refused() -> None:
    with pytest.raises(UsageError, match="features: Invalid enum value 'per_band'"):
        pixels(standardise="per_band")
