"""scikit-learn's contract, checked by scikit-learn, and sound instead of arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import earmark
from earmark.audio.waveform import Waveform
from earmark.classifier import Classifier
from earmark.errors import ModelError
from earmark.models.probe import Probe
from earmark.publish.genre_classifier import GenreClassifier
from earmark.recipe import parse_recipe

RATE = 8000
RECIPE = """
rationale = "small"
[data]
name = "synthetic"
[split]
kind = "by_track"
[features]
name = "log_mel"
sample_rate = 8000
n_fft = 512
hop_length = 256
n_mels = 24
clip_seconds = 1.0
[model]
name = "short_chunk_resnet"
width = 4
stages = 2
units = 16
[training]
epochs = 12
batch_size = 8
optimiser = { name = "adam", learning_rate = 0.01 }
"""


@parametrize_with_checks([GenreClassifier()])
def test_it_is_an_estimator_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.fixture
def numbers(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    y = np.repeat(["jazz", "rock", "folk"], 20)
    return rng.normal(0, 1, (60, 4)) + np.unique(y, return_inverse=True)[1][:, None] * [2.0, 0, 1, 0], y


def test_it_is_the_probe_with_names(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = numbers
    fitted = earmark.GenreClassifier(model_options={"kind": "logistic"}).fit(x, y)
    assert fitted.classes_.tolist() == ["folk", "jazz", "rock"]
    alone = Probe((4,), 3, kind="logistic").fit(x, np.unique(y, return_inverse=True)[1])
    np.testing.assert_allclose(fitted.predict_proba(x), alone.predict_proba(x))
    assert fitted.predict(x).tolist() == fitted.classes_[alone.predict_proba(x).argmax(1)].tolist()


def test_it_stands_in_a_pipeline_and_under_cross_validation(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = numbers
    groups = np.arange(60) // 2
    pipeline = make_pipeline(StandardScaler(), GenreClassifier())
    scores = cross_val_score(clone(pipeline), x, y, groups=groups, cv=GroupKFold(3))
    assert scores.mean() > 0.6
    with pytest.raises(ValueError, match="all examples are of one group"):
        GenreClassifier().fit(x, y, groups=np.zeros(60))


@pytest.fixture
def tones(rng: np.random.Generator) -> tuple[list[Waveform], list[str]]:
    """Low and high tones in noise, two seconds each."""
    times = np.arange(2 * RATE) / RATE
    y = ["low", "high"] * 8
    pitch = {"low": 200, "high": 2000}
    sounds = [
        Waveform(
            (0.3 * np.sin(2 * np.pi * pitch[kind] * times) + rng.normal(0, 0.05, len(times))).astype(np.float32), RATE
        )
        for kind in y
    ]
    return sounds, y


def test_a_recipe_is_trained_on_sound(tones: tuple[list[Waveform], list[str]], tmp_path: Path) -> None:
    sounds, y = tones
    recipe = parse_recipe(RECIPE, where="recipe.toml")
    fitted = GenreClassifier(recipe).fit(sounds, y)
    assert fitted.predict(sounds).tolist() == y
    again = clone(fitted).fit(sounds, y)
    np.testing.assert_array_equal(again.predict_proba(sounds), fitted.predict_proba(sounds))
    soundfile.write(tmp_path / "low.wav", sounds[0].samples, RATE, subtype="FLOAT")
    np.testing.assert_allclose(fitted.predict_proba([tmp_path / "low.wav"]), fitted.predict_proba(sounds[:1]))
    kept = Classifier.from_pretrained(fitted.classifier_.save_pretrained(tmp_path / "kept"))
    np.testing.assert_array_equal(kept.predict(sounds[0]).probabilities, fitted.predict_proba(sounds[:1])[0])
    with pytest.raises(ValueError, match="16 sounds have 15 classes"):
        GenreClassifier(recipe).fit(sounds, y[1:])
    silent = [Waveform(np.zeros(2 * RATE, np.float32), RATE), *sounds]
    with pytest.raises(ValueError, match="sound 0: 0: silent"):
        GenreClassifier(recipe).fit(silent, ["low", *y])


def test_a_fusion_is_no_single_classifier() -> None:
    with pytest.raises(ModelError, match=r"default: it is a fusion of several; earmark\.load takes it"):
        Classifier.from_pretrained("default")
