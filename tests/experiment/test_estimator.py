"""An estimator in the place of a network: from recipe to answer, without epochs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from earmark.classifier import load
from earmark.datasets.tfdata import write_folder
from earmark.errors import ModelError, UsageError
from earmark.experiment.evaluate import evaluate, read_evaluations
from earmark.experiment.learning_rate import find_learning_rate
from earmark.experiment.train import resume, train
from earmark.models.ensemble import build_network
from earmark.models.estimator import Fitted
from earmark.models.feature_svm import FeatureSVM
from earmark.predictions import read_predictions
from earmark.recipe import Recipe, parse_recipe
from earmark.run import Run

RECIPE = """
rationale = "what a network must beat"
[data]
name = "tfdata"
path = "{path}"
genres = ["low", "high"]
[split]
kind = "as_given"
[features]
name = "log_mel"
n_mels = 32
standardise = "none"
[model]
name = "feature_svm"
C = 2.0
"""


def clips(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Clips (32, 40) in dB of two kinds: energy in low or high bands."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    x = rng.normal(-50, 8, (n, 32, 40)).astype(np.float32)
    for row, kind in enumerate(label):
        x[row, 16 * kind : 16 * kind + 16] += 6
    return np.clip(x, -80, 0), label


@pytest.fixture
def text(tmp_path: Path) -> str:
    for part, n, seed in (("train", 40, 1), ("valid", 20, 2)):
        x, label = clips(n, seed)
        write_folder(tmp_path / "clips" / part, x[..., None], np.eye(2, dtype=np.float32)[label])
    return RECIPE.format(path=tmp_path / "clips")


@pytest.fixture
def recipe(text: str) -> Recipe:
    return parse_recipe(text, where="recipe.toml")


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Run:
    return train(recipe, runs=tmp_path / "runs", device="cpu")


def test_a_run_holds_what_predicts_and_no_epochs(run: Run) -> None:
    names = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    assert names == {
        "recipe.toml",
        "split.csv",
        "environment.json",
        "classifier.json",
        "weights.safetensors",
        "predictions/valid.csv",
        "metrics.json",
        "report.html",
    }
    evaluation = read_evaluations(run)["valid"]
    assert evaluation.headline.accuracy.value > 0.9
    assert not evaluation.chosen_on_it
    assert load(run.folder).card.temperature == 1  # it calibrates itself
    assert evaluation.calibrated_on == "training tracks that it held out in turn"
    assert not evaluation.calibrated_on_it
    assert "support-vector machine" in run.report.read_text(encoding="utf-8")


def test_the_run_answers_as_the_estimator_itself(run: Run) -> None:
    x, label = clips(40, 1)
    estimator = FeatureSVM((32, 40), 2, C=2.0).fit(x, label)
    judged, truth = clips(20, 2)
    expected = estimator.predict_proba(judged)
    np.testing.assert_allclose(load(run.folder).probabilities(judged), expected, atol=1e-6)
    predictions = read_predictions(run.predictions("valid"))
    np.testing.assert_array_equal(predictions.truth, truth)
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-5)


def test_evaluating_and_fitting_again_give_the_same(run: Run) -> None:
    before = run.weights.read_bytes(), run.predictions("valid").read_bytes()
    evaluate(run.folder, device="cpu")
    assert run.predictions("valid").read_bytes() == before[1]
    resume(run.folder, device="cpu")
    assert (run.weights.read_bytes(), run.predictions("valid").read_bytes()) == before


def test_what_takes_epochs_is_refused(text: str, recipe: Recipe, tmp_path: Path) -> None:
    for place, asked in (("rationale", 'augment = [{ name = "shift" }]\n'), ("n_mels", "crop_frames = 32\n")):
        wrong = parse_recipe(text.replace(place, asked + place, 1), where="recipe.toml")
        with pytest.raises(UsageError, match=r"feature_svm sees each example once, as it is; leave augment and"):
            train(wrong, runs=tmp_path / "runs", device="cpu")
    with pytest.raises(UsageError, match=r"feature_svm is fitted at once, by earmark train; it has no epochs to watch"):
        find_learning_rate(recipe, tmp_path / "sweep.svg", device="cpu")


def test_damaged_arrays_are_refused(run: Run) -> None:
    card = run.classifier.read_text(encoding="utf-8")
    run.classifier.write_text(card.replace('"low",', '"low", "middle",'), encoding="utf-8")
    with pytest.raises(ModelError, match=r"cannot be read: feature_svm: the array dual is \(\d+, 2\), it should be"):
        load(run.folder)


def test_as_a_network_it_keeps_its_arrays_wherever_it_is_sent() -> None:
    x, label = clips(12, 3)
    network = build_network("feature_svm", (32, 40), 2, {})
    assert isinstance(network, Fitted)
    network.fit(x, label, np.arange(12))
    moved = network.to("meta").half()
    assert {value.device.type for value in moved.state_dict().values()} == {"cpu"}
    other = build_network("feature_svm", (32, 40), 2, {})
    other.load_state_dict(network.state_dict())
    logits = other(torch.from_numpy(x))
    assert torch.equal(logits, network(torch.from_numpy(x)))
    estimator = FeatureSVM((32, 40), 2).fit(x, label, np.arange(12))
    np.testing.assert_allclose(logits.softmax(1), estimator.predict_proba(x), atol=1e-6)
    assert not any(parameter.requires_grad for parameter in network.parameters())
