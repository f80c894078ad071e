"""A trained run is calibrated on its validation part, once, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from earmark.classifier import Classifier, ClassifierCard, load
from earmark.evaluation.calibration import fit_temperature
from earmark.evaluation.metrics import losses
from earmark.experiment.calibrate import calibrated
from earmark.experiment.evaluate import judge, read_evaluations, read_headline
from earmark.experiment.prepare import Prepared, prepare
from earmark.experiment.train import resume, train
from earmark.predictions import Predictions, read_predictions
from earmark.recipe import Recipe, parse_recipe
from earmark.run import Run


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Run:
    return train(recipe, runs=tmp_path / "runs", device="cpu")


def as_trained(card: ClassifierCard) -> ClassifierCard:
    return msgspec.structs.replace(card, temperature=1.0, track_temperature=1.0, calibrated_on=None)


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
    plain, card = classifier.uncalibrated(valid.x), classifier.card
    assert card.calibrated_on == "40 clips of the validation part"
    assert card.temperature == card.track_temperature
    assert card.temperature == pytest.approx(fit_temperature(np.log(plain), valid.y), abs=1e-3)
    assert card.temperature != pytest.approx(1, abs=0.05)
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


def test_where_songs_are_known_clips_and_tracks_have_a_temperature_each(run: Run, recipe: Recipe) -> None:
    prepared = of_songs(prepare(recipe))
    classifier = load(run.folder)
    found = calibrated(classifier, prepared)
    valid = prepared.parts["valid"]
    clips = Predictions(found.genres, valid.ids, valid.songs, valid.y, found.uncalibrated(valid.x))
    tracks = clips.by_song()
    assert found.card.calibrated_on == f"{len(tracks)} tracks of the validation part"
    assert found.card.temperature == classifier.card.temperature
    assert found.card.track_temperature == pytest.approx(
        fit_temperature(np.log(tracks.probabilities), tracks.truth), abs=1e-3
    )
    assert found.card.track_temperature != pytest.approx(found.card.temperature, rel=0.05)

    evaluation = judge(run, recipe, found, prepared, "valid")
    written = read_headline(run, "valid")
    np.testing.assert_allclose(
        written.probabilities, tracks.tempered(found.card.track_temperature).probabilities, atol=1e-6
    )
    plain = judge(run, recipe, Classifier(as_trained(found.card), found.model, name=""), prepared, "valid")
    for unit in ("by_clip", "by_track"):
        after, before = getattr(evaluation, unit), getattr(plain, unit)
        assert after.calibration.ece_before == before.calibration.ece
        assert (after.accuracy, after.confusion) == (before.accuracy, before.confusion)
    assert evaluation.headline.calibration is not None
    assert evaluation.headline.calibration.temperature == found.card.track_temperature


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
    assert card == as_trained(card)
    assert (evaluation.calibrated_on, evaluation.calibrated_on_it) == (None, False)
    assert evaluation.headline.calibration is not None
    assert evaluation.headline.calibration.ece == evaluation.headline.calibration.ece_before
    assert "temperature" not in str(evaluation.remarks)
