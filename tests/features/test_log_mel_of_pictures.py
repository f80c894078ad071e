"""Log-mel read back from the colours of pictures: what it was drawn from, whatever size networks are shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark.datasets.image_folder import image_folder
from earmark.errors import UsageError
from earmark.features.cache import FeatureCache
from earmark.features.extract import extract
from earmark.features.log_mel import LogMel
from earmark.publish.render import Style, render
from earmark.tracks import Dataset, Track

STEP = 80 / 255  # dB a colour


@pytest.fixture
def meant(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Two arrays (16, 40) from -80 to 0 dB, less of the high bands, and smooth, so that resizing keeps them."""
    smooth = np.cumsum(rng.normal(0, 1.5, (2, 16, 40)), axis=2) - 3 * np.arange(16)[:, None]
    return {
        genre: np.maximum(array - array.max(), -80).astype(np.float32)
        for genre, array in zip("xy", smooth, strict=True)
    }


def drawn(meant: dict[str, np.ndarray], out: Path, style: Style) -> Dataset:
    tracks = tuple(Track(id=genre, genres=(genre,)) for genre in meant)
    render(Dataset("arrays", "log_mel", tuple(meant), tracks, lambda track: meant[track.id]), out, style)
    return image_folder(path=out, height=7, width=9, colour="grey")


def test_bare_pictures_give_what_they_were_drawn_from(meant: dict[str, np.ndarray], tmp_path: Path) -> None:
    dataset = drawn(meant, tmp_path / "bare", Style())
    features = LogMel(n_mels=16, columns=40)
    for _ in range(2):  # computed, and from the cache
        x = extract(dataset, dataset.tracks, features, cache=FeatureCache(tmp_path / "cache")).examples.x
        assert (x.shape, x.dtype) == ((2, 16, 40), np.float32)
        assert np.abs(x - np.stack([*meant.values()])).max() <= 1.5 * STEP
    features.check(x, where="pictures")


def test_axes_are_trimmed_and_the_size_is_that_of_the_features(meant: dict[str, np.ndarray], tmp_path: Path) -> None:
    dataset = drawn(meant, tmp_path / "axes", Style(axes=True, size=(640, 480)))
    x = extract(dataset, dataset.tracks, LogMel(n_mels=16, columns=40)).examples.x
    # Making smaller averages over neighbours, which differ.
    assert np.abs(x - np.stack([*meant.values()])).mean() < 2.5 < np.abs(x[:, ::-1] - x).mean() / 4
    halved = extract(dataset, dataset.tracks, LogMel(n_mels=16, columns=20, top_db=40)).examples.x
    assert halved.shape == (2, 16, 20)
    assert -40 <= halved.min() < halved.max() <= 0


def test_a_picture_without_a_colour_map_is_skipped_and_named(meant: dict[str, np.ndarray], tmp_path: Path) -> None:
    dataset = drawn(meant, tmp_path / "bare", Style())
    Path(str(dataset.tracks[1].path)).write_bytes(b"not a picture")
    extraction = extract(dataset, dataset.tracks, LogMel(n_mels=16, columns=40))
    assert len(extraction.examples) == 1
    [fault] = extraction.skipped
    assert fault.where == "y/y_000.png"
    assert "y_000.png: not a PNG or JPEG picture" in fault.what


def test_the_number_of_frames_must_be_settled(meant: dict[str, np.ndarray], tmp_path: Path) -> None:
    dataset = drawn(meant, tmp_path / "bare", Style())
    with pytest.raises(UsageError, match=r"set features\.columns, or like = 'gtzan_mel128'"):
        extract(dataset, dataset.tracks, LogMel())
