"""From a folder of pictures to a report: the same corridor as for sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earmark.classifier import load
from earmark.datasets.image_folder import image_folder
from earmark.errors import ModelError
from earmark.experiment.evaluate import evaluate_on
from earmark.experiment.train import train
from earmark.recipe import parse_recipe

RECIPE = """
format = 1
[data]
name = "image_folder"
path = "{path}"
height = 32
width = 32
[split]
kind = "by_track"
valid = 0.25
[features]
name = "pixels"
[model]
name = "vgg"
[training]
epochs = 20
batch_size = 8
keep = "last"
optimiser = {{ name = "adamw", learning_rate = 0.003 }}
"""


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two genres that differ in colour, sixteen pictures each, of which one is damaged."""
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    for genre, strong in (("red", 0), ("green", 1)):
        (tmp_path / "pictures" / genre).mkdir(parents=True)
        for number in range(16):
            noise = rng.integers(0, 100, (40, 50, 3))
            noise[..., strong] += 120
            Image.fromarray(noise.astype(np.uint8)).save(tmp_path / "pictures" / genre / f"{genre}{number}.png")
    (tmp_path / "pictures" / "red" / "red7.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path / "pictures"


def test_a_folder_of_pictures_is_learned(folder: Path, tmp_path: Path) -> None:
    recipe = parse_recipe(RECIPE.format(path=folder.as_posix()), where="test")
    run = train(recipe, runs=tmp_path / "runs", device="cpu")
    classifier = load(run.folder)
    assert classifier.card.shape == (3, 32, 32)
    assert len(classifier.card.standardiser.mean) == 3
    evaluation = evaluate_on(run.folder, image_folder(path=folder, height=32, width=32), device="cpu")
    assert evaluation.by_track is not None
    assert evaluation.by_track.accuracy.value > 0.9
    assert evaluation.left_out == {"unreadable": 1}
    assert run.report.is_file()
    with pytest.raises(ModelError, match="trained on pictures, not sound; judge a folder of them"):
        classifier.predict(tmp_path / "song.mp3")
