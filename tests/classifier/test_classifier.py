"""A classifier leaves and comes back the same, answers for sound, and refuses what does not fit."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import save_file

from earmark.audio.waveform import Waveform
from earmark.classifier import (
    Answer,
    Classifier,
    ClassifierCard,
    build_model,
    is_classifier,
    load,
    predict_files,
    write_card,
)
from earmark.errors import AudioError, ModelError
from earmark.features.log_mel import LogMel
from earmark.features.standardise import Standardiser
from earmark.predictions import tempered
from earmark.recipe import Choice

RATE = 8000
FEATURES = LogMel(sample_rate=RATE, n_fft=512, hop_length=256, n_mels=16, clip_seconds=1.0)
CARD = ClassifierCard(
    genres=("jazz", "pop", "rock"),
    model=Choice("cnn_rnn", {"dropout": 0.1}),
    shape=(16, 32),
    features=FEATURES,
    standardiser=Standardiser((-40.0,), (20.0,)),
    trained_on="songs",
    synthetic=False,
)


@pytest.fixture
def classifier() -> Classifier:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = build_model(CARD.model, CARD.shape, len(CARD.genres))
    return Classifier(CARD, model.eval(), name="mine")


@pytest.fixture
def saved(classifier: Classifier, tmp_path: Path) -> Path:
    write_card(tmp_path, classifier.card)
    save_file(classifier.model.state_dict(), tmp_path / "weights.safetensors")
    return tmp_path


@pytest.fixture
def x(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-80, 0, (5, 16, 32)).astype(np.float32)


@pytest.fixture
def song(rng: np.random.Generator) -> Waveform:
    return Waveform(rng.normal(0, 0.1, round(3.4 * RATE)).astype(np.float32), RATE)


def test_it_comes_back_the_same(classifier: Classifier, saved: Path, x: np.ndarray) -> None:
    again = load(saved)
    assert again.card == classifier.card
    assert again.name == saved.name
    np.testing.assert_array_equal(again.probabilities(x), classifier.probabilities(x))


def test_probabilities_are_the_softmax_of_standardised_logits(classifier: Classifier, x: np.ndarray) -> None:
    with torch.no_grad():
        logits = classifier.model(torch.from_numpy((x + 40) / 20)).double().numpy()
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(classifier.probabilities(x), expected, atol=1e-6)


def test_temperature_divides_the_logits(classifier: Classifier, x: np.ndarray) -> None:
    plain = np.log(classifier.probabilities(x))
    warm = Classifier(msgspec.structs.replace(CARD, temperature=2.5), classifier.model, name="warm")
    expected = np.exp(plain / 2.5)
    np.testing.assert_allclose(warm.probabilities(x), expected / expected.sum(1, keepdims=True), atol=1e-6)


def test_an_answer_is_the_mean_over_the_clips(classifier: Classifier, song: Waveform) -> None:
    answer = classifier.predict(song)
    clips, starts = FEATURES.clips(song, where="")
    np.testing.assert_allclose(answer.over_time, classifier.probabilities(clips), atol=1e-9)
    np.testing.assert_allclose(answer.probabilities, answer.over_time.mean(0), atol=1e-9)
    card = msgspec.structs.replace(CARD, temperature=3.0, track_temperature=0.25)
    calibrated = Classifier(card, classifier.model, name="calibrated").predict(song)
    np.testing.assert_allclose(calibrated.over_time, tempered(answer.over_time, 3.0), atol=1e-9)
    np.testing.assert_allclose(calibrated.probabilities, tempered(answer.probabilities, 0.25), atol=1e-9)
    assert calibrated.genre == answer.genre
    assert answer.starts.tolist() == starts.tolist() == [0, 1, 2]
    assert answer.source == "waveform"


def test_an_answer_ranks_its_genres() -> None:
    shares = np.array([0.2, 0.5, 0.3])
    answer = Answer("song.mp3", ("jazz", "pop", "rock"), shares, np.zeros(1), shares[None])
    assert (answer.genre, answer.probability) == ("pop", 0.5)
    assert answer.ranked() == [("pop", 0.5), ("rock", 0.3), ("jazz", 0.2)]


def test_an_answer_below_the_confidence_asked_for_is_unsure() -> None:
    shares = np.array([[0.2, 0.5, 0.3], [0.8, 0.1, 0.1]])
    mean = shares.mean(0)
    for least, verdict, along in (
        (0.0, "music", ["music", "music"]),
        (0.5, "music", ["music", "music"]),
        (0.51, "unsure", ["unsure", "music"]),
        (0.9, "unsure", ["unsure", "unsure"]),
    ):
        answer = Answer("song.mp3", ("jazz", "pop", "rock"), mean, np.arange(2.0), shares, min_confidence=least)
        assert (answer.verdict, answer.verdicts_over_time, answer.genre) == (verdict, along, "jazz")


def test_a_file_is_answered_as_its_sound(classifier: Classifier, song: Waveform, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, song.samples, RATE, subtype="FLOAT")
    answer = classifier.predict(path)
    np.testing.assert_array_equal(answer.probabilities, classifier.predict(song).probabilities)
    assert answer.source == str(path)
    assert classifier.predict(str(path)).genre == answer.genre


def test_files_that_cannot_be_read_are_listed(classifier: Classifier, song: Waveform, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("not sound")
    soundfile.write(tmp_path / "song.wav", song.samples, RATE)
    heard: list[tuple[int, int]] = []
    paths = [tmp_path / "notes.wav", tmp_path / "song.wav"]
    answers, faults = predict_files(classifier, paths, progress=lambda *done: heard.append(done))
    assert [answer.source for answer in answers] == [str(paths[1])]
    assert [fault.where for fault in faults] == [str(paths[0])]
    assert heard == [(1, 2), (2, 2)]
    assert answers[0].verdict == "music"
    assert predict_files(classifier, paths[1:], min_confidence=1.0)[0][0].verdict == "unsure"
    with pytest.raises(AudioError, match=re.escape(str(paths[0]))):
        classifier.predict(paths[0])


def test_without_the_length_of_a_clip_sound_is_refused(classifier: Classifier, song: Waveform) -> None:
    card = msgspec.structs.replace(CARD, features=msgspec.structs.replace(FEATURES, clip_seconds=None))
    with pytest.raises(ModelError, match=r"mine: its recipe does not say .* features.clip_seconds is missing"):
        Classifier(card, classifier.model, name="mine").predict(song)


def test_examples_of_another_shape_are_refused(classifier: Classifier) -> None:
    with pytest.raises(ModelError, match=r"mine: examples have shape \(16, 30\), it was trained on \(16, 32\)"):
        classifier.probabilities(np.zeros((1, 16, 30), np.float32))


def test_other_features_are_refused_naming_both_values(classifier: Classifier) -> None:
    classifier.require(
        msgspec.structs.replace(FEATURES, fmax=RATE / 2), where="recipe.toml"
    )  # the default, written out
    other = msgspec.structs.replace(FEATURES, n_mels=20, top_db=60.0)
    said = "recipe.toml: features differ from those mine was trained on: n_mels=20 instead of 16; top_db=60.0 instead"
    with pytest.raises(ModelError, match=said):
        classifier.require(other, where="recipe.toml")


def damaged_weights(folder: Path) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def other_weights(folder: Path) -> None:
    save_file({"unknown": torch.zeros(3)}, folder / "weights.safetensors")


def with_card(**changes: object) -> object:
    def change(folder: Path) -> None:
        card = msgspec.json.decode((folder / "classifier.json").read_bytes())
        (folder / "classifier.json").write_bytes(msgspec.json.encode({**card, **changes}))

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damaged_weights, "the classifier cannot be read: "),
        (other_weights, "the classifier cannot be read: Error.* loading state_dict for CNNRNN: Missing key"),
        (lambda folder: (folder / "weights.safetensors").unlink(), "no classifier: weights.safetensors is missing"),
        (lambda folder: (folder / "classifier.json").unlink(), "neither a classifier's folder nor the name of one"),
        (lambda folder: (folder / "classifier.json").write_text("{"), "the classifier cannot be read: "),
        (lambda folder: (folder / "classifier.json").write_text("[]"), "the classifier cannot be read: "),
        (with_card(format=2), "format 2 is not the 1 this earmark reads; update earmark"),
        (with_card(genres=3), r"Expected `array`, got `int` - at `\$.genres`"),
        (with_card(genres=["a", "b"]), "the classifier cannot be read: .*size mismatch"),
        (with_card(model={"name": "cnn_rn", "options": {}}), "no model 'cnn_rn'; did you mean 'cnn_rnn'"),
    ],
)
def test_a_damaged_or_foreign_classifier_is_refused_in_one_line(saved: Path, damage, said: str) -> None:
    damage(saved)
    with pytest.raises(ModelError, match=said) as refused:
        load(saved)
    assert str(refused.value).startswith(f"{saved}: ")
    assert len(str(refused.value).splitlines()) == 1


def test_a_folder_is_a_classifier_where_it_or_a_run_in_it_holds_one(saved: Path, tmp_path_factory) -> None:
    assert is_classifier(saved)
    assert is_classifier(saved.parent)
    assert not is_classifier(tmp_path_factory.mktemp("empty"))
    assert not is_classifier(saved / "classifier.json")
