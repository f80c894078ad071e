"""From a folder of pictures to a report: the same corridor as for sound."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earmark.audio.waveform import Waveform
from earmark.classifier import load
from earmark.datasets.image_folder import image_folder
from earmark.errors import ModelError
from earmark.experiment.evaluate import evaluate_on
from earmark.experiment.train import train
from earmark.recipe import parse_recipe
from earmark.run import Run

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


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Run:
    return train(
        parse_recipe(RECIPE.format(path=folder.as_posix()), where="test"), runs=tmp_path / "runs", device="cpu"
    )


def test_a_folder_of_pictures_is_learned(folder: Path, run: Run) -> None:
    classifier = load(run.folder)
    assert classifier.card.shape == (3, 32, 32)
    assert len(classifier.card.standardiser.mean) == 3
    evaluation = evaluate_on(run.folder, image_folder(path=folder, height=32, width=32), device="cpu")
    assert evaluation.by_track is not None
    assert evaluation.by_track.accuracy.value > 0.9
    assert evaluation.left_out == {"unreadable": 1}
    assert run.report.is_file()
    with pytest.raises(ModelError, match=r"pictures: features differ .*: height=64 instead of 32"):
        evaluate_on(run.folder, image_folder(path=folder, height=64, width=32), device="cpu")
    with pytest.raises(ModelError, match="trained on pictures, not sound; earmark render draws them"):
        classifier.predict(Waveform(np.zeros(10, np.float32), 10))


def test_picture_files_are_answered_as_examples_of_the_same_pictures(folder: Path, run: Run) -> None:
    classifier = load(run.folder)
    dataset = image_folder(path=folder, height=32, width=32)
    for track in dataset.tracks[::5]:
        answer = classifier.predict(str(track.path))
        expected = classifier.probabilities(dataset.read(track)[None])
        np.testing.assert_allclose(answer.over_time, expected, atol=1e-6)
        assert (answer.source, answer.genre, answer.starts.tolist()) == (track.path, track.genre, [0])


def test_a_run_of_before_judges_its_folder_and_asks_to_be_trained_again_for_files(folder: Path, run: Run) -> None:
    card = json.loads(run.classifier.read_text())
    del card["features"]["drawing"]
    run.classifier.write_text(json.dumps(card))
    assert evaluate_on(run.folder, image_folder(path=folder, height=32, width=32), device="cpu").by_track is not None
    with pytest.raises(ModelError, match=r"red0\.png: how a file becomes a picture is not known"):
        load(run.folder).predict(folder / "red" / "red0.png")
