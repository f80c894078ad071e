"""A probe on musicnn, from recipe to answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.classifier import load
from earmark.experiment.evaluate import evaluate, read_evaluations
from earmark.experiment.train import train
from earmark.recipe import parse_recipe
from earmark.run import Run

RECIPE = """
rationale = "What listeners would call a sound tells noise from tones."
[data]
name = "folder"
path = "{path}"
[split]
valid = 0.25
[features]
name = "musicnn"
layer = "logits"
statistics = "mean_spread"
clip_seconds = inf
[model]
name = "probe"
kind = "{kind}"
"""


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight files each of noise and of a tone, 3.5 s long."""
    root = tmp_path_factory.mktemp("data") / "sounds"
    for number in range(8):
        rng = np.random.default_rng(number)
        time = np.arange(round(3.5 * 16_000)) / 16_000
        tone = 0.3 * np.sign(np.sin(2 * np.pi * rng.uniform(100, 400) * time))
        for genre, samples in (("noise", rng.normal(0, 0.1, len(time))), ("tone", tone)):
            (root / genre).mkdir(parents=True, exist_ok=True)
            soundfile.write(root / genre / f"{genre}{number}.wav", samples, 16_000)
    return root


@pytest.fixture(params=["logistic", "svm"])
def run(request: pytest.FixtureRequest, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    request.getfixturevalue("musicnn")
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    recipe = parse_recipe(RECIPE.format(path=sounds, kind=request.param), where="recipe.toml")
    return train(recipe, runs=tmp_path / "runs", device="cpu")


def test_a_probe_is_trained_saved_and_asked(run: Run, sounds: Path) -> None:
    assert read_evaluations(run)["valid"].headline.accuracy.value == 1
    classifier = load(run.folder)
    assert classifier.card.shape == (100,)
    answer = classifier.predict(sounds / "tone" / "tone3.wav")
    assert answer.genre == "tone"
    assert answer.starts.tolist() == [0]
    before = run.predictions("valid").read_bytes()
    evaluate(run.folder, device="cpu")  # its recipe still gives the features that its classifier has
    assert run.predictions("valid").read_bytes() == before
