"""What earlier releases have saved is read, and says what it said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from earmark.classifier import Classifier, load
from earmark.experiment.evaluate import read_evaluations
from earmark.recipe import read_recipe
from earmark.run import Run
from earmark.splits import read_split

RELEASES = Path(__file__).parent / "releases"
every_release = pytest.mark.parametrize("release", sorted(path.name for path in RELEASES.glob("[0-9]*")))


@every_release
@pytest.mark.parametrize("name", ["run", "run.earmark"])
def test_its_classifier_says_what_it_said(
    release: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path))
    said = json.loads((RELEASES / release / "said.json").read_text())
    classifier = load(RELEASES / release / name)
    assert isinstance(classifier, Classifier)
    assert list(classifier.genres) == said["genres"]
    x = np.random.default_rng(0).uniform(-80, 0, (3, *classifier.card.shape)).astype(np.float32)
    np.testing.assert_allclose(classifier.probabilities(x), said["probabilities"], atol=1e-5)


@every_release
def test_all_else_of_its_run_is_read(release: str) -> None:
    run = Run(RELEASES / release / "run")
    recipe = read_recipe(run.recipe)
    assert recipe.model.name == "short_chunk_resnet"
    assert set(read_split(run.split).parts.values()) == {"train", "valid"}
    assert read_evaluations(run)["valid"].headline.n > 0


def test_there_is_a_release() -> None:
    assert (RELEASES / "0.1.0" / "run" / "weights.safetensors").is_file()
