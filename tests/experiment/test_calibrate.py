"""A trained run is calibrated on its validation part, once, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from earmark.classifier import Classifier, load
from earmark.evaluation.calibration import fit_temperature
from earmark.evaluation.metrics import losses
from earmark.experiment.calibrate import calibrated
from earmark.experiment.evaluate import judge, predict_examples, read_evaluations
from earmark.experiment.prepare import Prepared, prepare
from earmark.experiment.train import resume, train
from earmark.predictions import read_predictions
from earmark.recipe import Recipe, parse_recipe
from earmark.run import Run


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Run:
    return train(recipe, runs=tmp_path / "runs", device="cpu")


def as_trained(classifier: Classifier) -> Classifier:
    card = msgspec.structs.replace(classifier.card, temperature=1.0, calibrated_on=None)
    return Classifier(card, classifier.model, name=classifier.name)


def of_songs(prepared: Prepared) -> Prepared:
    """The same with songs known, of up to four clips of one genre each."""
    valid = prepared.parts["valid"]
    seen = dict.fromkeys(range(3), 0)
    tracks = list(valid.tracks)
    for row, kind in enumerate(valid.y):
        tracks[valid.track[row]] = msgspec.structs.replace(
            tracks[valid.track[row]], song=f"song {kind} {seen[int(kind)] // 4}"
        )
        seen[int(kind)] += 1
    named = {track.id: track for track in tracks}
    everything = tuple(named.get(track.id, track) for track in prepared.dataset.tracks)
    dataset = replace(prepared.dataset, tracks=everything, songs_known=True)
    return replace(prepared, dataset=dataset, parts={"valid": replace(valid, tracks=tuple(tracks))})


def test_the_temperature_is_the_validation_part_s_and_travels_with_the_classifier(run: Run, recipe: Recipe) -> None:
    classifier, valid = load(run.folder), prepare(recipe).parts["valid"]
    plain = as_trained(classifier).probabilities(valid.x)
    assert classifier.card.calibrated_on == "40 clips of the validation part"
    assert classifier.card.temperature == pytest.approx(fit_temperature(np.log(plain), valid.y), abs=1e-3)
    assert classifier.card.temperature != pytest.approx(1, abs=0.05)
    judged = read_predictions(run.predictions("valid"))
    np.testing.assert_allclose(judged.probabilities, classifier.probabilities(valid.x), atol=1e-6)
    np.testing.assert_array_equal(judged.guesses, plain.argmax(1))
    assert losses(judged.probabilities, valid.y).mean() < losses(plain, valid.y).mean()


def test_the_evaluation_tells_of_before_and_after_and_that_it_is_kind(run: Run) -> None:
    evaluation = read_evaluations(run)["valid"]
    found = evaluation.headline.calibration
    assert found is not None
    assert found.temperature == load(run.folder).card.temperature
    assert found.ece != found.ece_before
    assert evaluation.calibrated_on == "40 clips of the validation part"
    assert "it also set the temperature, so a test's calibration error would be higher" in evaluation.remarks


def test_where_songs_are_known_it_is_fitted_to_what_is_answered_of_them(run: Run, recipe: Recipe) -> None:
    prepared = of_songs(prepare(recipe))
    plain = as_trained(load(run.folder))
    found = calibrated(plain, prepared)
    songs = len(set(prepared.parts["valid"].songs))
    assert found.card.calibrated_on == f"{songs} tracks of the validation part"

    def loss(temperature: float) -> float:
        card = msgspec.structs.replace(plain.card, temperature=temperature)
        judged = predict_examples(Classifier(card, plain.model, name=""), prepared.parts["valid"]).by_song()
        return float(losses(judged.probabilities, judged.truth).sum()) + (1 / temperature - 1) ** 2 / 2

    temperature = found.card.temperature
    assert loss(temperature) < min(loss(temperature * 1.05), loss(temperature / 1.05))
    assert temperature != pytest.approx(load(run.folder).card.temperature, rel=0.05)  # which was fitted to clips
    evaluation = judge(run, recipe, found, prepared, "valid")
    assert evaluation.by_track is not None
    assert evaluation.by_clip is not None
    assert evaluation.headline == evaluation.by_track
    assert evaluation.by_track.calibration != evaluation.by_clip.calibration


def test_going_on_it_is_fitted_anew_and_again_the_same(recipe_text: str, tmp_path: Path) -> None:
    settings = ["training.keep=last", "training.schedule=constant"]
    recipe = parse_recipe(recipe_text, where="r", overrides=settings)
    run = train(recipe, runs=tmp_path / "runs", device="cpu")
    card = run.classifier.read_bytes()
    resume(run.folder, device="cpu")
    assert run.classifier.read_bytes() == card
    resume(run.folder, more_epochs=2, device="cpu")
    assert run.classifier.read_bytes() != card
    classifier = load(run.folder)
    again = calibrated(classifier, prepare(recipe))
    assert again.card == classifier.card


def test_without_a_validation_part_probabilities_stay_as_trained(recipe_text: str, tmp_path: Path) -> None:
    text = recipe_text.replace('kind = "as_given"', 'kind = "by_clip"\nvalid = 0.0\ntest = 0.2')
    run = train(parse_recipe(text, where="r", overrides=["training.keep=last"]), runs=tmp_path / "runs", device="cpu")
    card, evaluation = load(run.folder).card, read_evaluations(run)["test"]
    assert (card.temperature, card.calibrated_on) == (1.0, None)
    assert (evaluation.calibrated_on, evaluation.calibrated_on_it) == (None, False)
    assert evaluation.headline.calibration is not None
    assert evaluation.headline.calibration.ece == evaluation.headline.calibration.ece_before
    assert "temperature" not in str(evaluation.remarks)
