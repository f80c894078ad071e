"""`earmark predict` by a classifier that was trained on pictures: the same command, walking for pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save_file

import earmark as package
from earmark.classifier import ClassifierCard, build_model, write_card
from earmark.features.pixels import Pixels
from earmark.features.standardise import Standardiser
from earmark.images.drawing import Drawing
from earmark.recipe import Choice


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting others takes seconds."""
    monkeypatch.setattr("earmark.batches.mapping.usable_cores", lambda: 0)


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    """A folder with an untrained network for pictures of 16 × 16."""
    card = ClassifierCard(
        genres=("jazz", "rock"),
        model=Choice("vgg", {"depth": 2}),
        shape=(3, 16, 16),
        features=Pixels(drawing=Drawing(trim=True, height=16, width=16, colour="rgb")),
        standardiser=Standardiser((0.5,) * 3, (0.2,) * 3, axis=-3),
        trained_on="pictures",
        synthetic=False,
    )
    folder = tmp_path / "classifier"
    folder.mkdir()
    write_card(folder, card)
    save_file(build_model(card.model, card.shape, 2).state_dict(), folder / "weights.safetensors")
    return folder


@pytest.fixture
def pictures(tmp_path: Path, rng: np.random.Generator) -> Path:
    for name in ("b/two.png", "a.jpg"):
        (tmp_path / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(tmp_path / "pictures" / name)
    (tmp_path / "pictures" / "song.mp3").write_bytes(b"ID3")
    return tmp_path / "pictures"


def test_folders_are_walked_for_pictures(earmark, classifier: Path, pictures: Path) -> None:
    code, out, err = earmark("predict", classifier, pictures, "--json")
    assert (code, err) == (0, "")
    answers = json.loads(out)
    assert [answer["file"] for answer in answers] == [str(pictures / "a.jpg"), str(pictures / "b" / "two.png")]
    for answer in answers:
        expected = package.load(classifier).predict(answer["file"]).ranked()
        assert answer["genre"] == expected[0][0]
        np.testing.assert_allclose(list(answer["probabilities"].values()), [p for _, p in expected], atol=1e-6)


def test_what_is_no_picture_is_named_and_the_others_answered(earmark, classifier: Path, pictures: Path) -> None:
    (pictures / "b" / "cut.png").write_bytes((pictures / "b" / "two.png").read_bytes()[:200])
    code, out, err = earmark("predict", classifier, pictures, pictures / "song.mp3", "gone.png")
    assert code == 1
    assert [Path(line.split("\t")[0]).name for line in out.splitlines()] == ["a.jpg", "two.png"]
    skipped, missing, cut, song = err.splitlines()
    assert skipped == "3 skipped:"
    assert "gone.png: no such file or folder" in missing
    assert "cut.png: cannot be read as a picture: " in cut
    assert "song.mp3: not a PNG or JPEG picture (it begins with b'ID3')" in song


def test_a_folder_without_pictures_says_what_was_looked_for(earmark, classifier: Path, tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "song.mp3").write_bytes(b"ID3")
    code, out, err = earmark("predict", classifier, tmp_path / "songs")
    assert (code, out) == (3, "")
    assert "no pictures in this folder or below it (looked for .jpeg, .jpg, .png)" in err
