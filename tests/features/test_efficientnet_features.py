"""What EfficientNet-Lite0 sees in pictures: the numbers that its own last layer is fed, kept once they are there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import earmark.features.efficientnet_lite0 as module
from earmark.errors import DataError, ModelError, UsageError
from earmark.features.cache import FeatureCache
from earmark.features.efficientnet_lite0 import SeenByEfficientNet, efficientnet_lite0_features
from earmark.features.extract import extract
from earmark.features.pixels import Pixels
from earmark.images.drawing import Drawing
from earmark.models.efficientnet_lite0 import EfficientNetLite0
from earmark.pretrained.wheels import Published
from earmark.tracks import Dataset, Track

SHAPE = (3, 32, 32)


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> EfficientNetLite0:
    """A network of random weights in the place of the published one."""
    torch.manual_seed(1)
    network = EfficientNetLite0(SHAPE, 1000, size=64).eval()
    monkeypatch.setattr(Published, "load", lambda _: network.state_dict())
    module._network.cache_clear()
    return network


@pytest.fixture
def pictures(rng: np.random.Generator) -> np.ndarray:
    return rng.random((3, *SHAPE), dtype=np.float32)


def test_its_last_layer_makes_the_networks_answer_of_them(whole: EfficientNetLite0, pictures: np.ndarray) -> None:
    numbers = SeenByEfficientNet(size=64, standardise="none").seen(pictures, "here")
    assert numbers.shape == (3, 1280)
    with torch.inference_mode():
        torch.testing.assert_close(whole.head(torch.from_numpy(numbers)), whole(torch.from_numpy(pictures)))


@pytest.mark.usefixtures("whole")
def test_with_its_mirror_image_a_picture_is_the_mean_of_both(pictures: np.ndarray) -> None:
    plain, both = (efficientnet_lite0_features(size=64, mirror=mirror) for mirror in (False, True))
    each = [plain.seen(seen, "here") for seen in (pictures, pictures[..., ::-1])]
    np.testing.assert_allclose(both.seen(pictures, "here"), np.mean(each, axis=0), rtol=1e-3, atol=1e-4)
    assert both.views is None


@pytest.mark.usefixtures("whole")
def test_each_picture_of_a_data_set_is_seen_once(pictures: np.ndarray, tmp_path: Path) -> None:
    asked: list[str] = []

    def read(track: Track) -> np.ndarray:
        asked.append(track.id)
        return pictures[int(track.id)]

    def read_many(tracks: object) -> np.ndarray:
        raise AssertionError(f"{tracks} at once")

    tracks = tuple(Track(id=str(i), genres=("x",)) for i in range(3))
    data = Dataset("held", "image", ("x",), tracks, read, read_many=read_many, digest=lambda track: track.id)
    features = efficientnet_lite0_features(size=64)
    first, again = (extract(data, tracks, features, cache=FeatureCache(tmp_path)).examples for _ in range(2))
    assert asked == ["0", "1", "2"]
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_allclose(first.x, features.seen(pictures, "here"), rtol=1e-3, atol=1e-4)
    assert first.start.tolist() == [0, 0, 0]


@pytest.mark.usefixtures("whole")
def test_a_file_is_seen_as_a_picture_of_the_data_set_is(pictures: np.ndarray, tmp_path: Path) -> None:
    levels = np.round(pictures[0] * 255).astype(np.uint8)
    Image.fromarray(levels.transpose(1, 2, 0)).save(tmp_path / "a.png")
    features = SeenByEfficientNet(
        size=64, standardise="none", drawing=Drawing(trim=False, height=32, width=32, colour="rgb")
    )
    expected = features.seen((levels / np.float32(255))[None], "here")
    np.testing.assert_allclose(features.of_file(tmp_path / "a.png"), expected, rtol=1e-4, atol=1e-5)


def test_differences_are_named() -> None:
    ours = efficientnet_lite0_features()
    assert ours.differences(efficientnet_lite0_features()) == []
    assert ours.differences(efficientnet_lite0_features(size=64)) == ["size=64 instead of 160"]
    assert ours.differences(efficientnet_lite0_features(mirror=True)) == ["mirror=True instead of False"]
    assert ours.differences(Pixels()) == ["Pixels instead of SeenByEfficientNet"]


@pytest.mark.usefixtures("whole")
def test_what_it_cannot_see_is_refused(pictures: np.ndarray) -> None:
    with pytest.raises(UsageError, match=r"features\.size = 31 must be 32 or more"):
        efficientnet_lite0_features(size=31)
    with pytest.raises(DataError, match="here: pictures are"):
        efficientnet_lite0_features().seen(pictures * 2, "here")
    with pytest.raises(ModelError, match="here: efficientnet_lite0 sees pictures in three colours, not 1"):
        efficientnet_lite0_features().seen(pictures[:, :1], "here")
