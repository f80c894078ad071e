"""Which words decided, of a classifier whose reasons are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from earmark.classifier import Classifier, ClassifierCard, build_model
from earmark.classifier.occlusion import MOST_TOKENS, explain_text, occlusion, telling_terms, word_of
from earmark.errors import DataError
from earmark.features.plain_text import plain_text
from earmark.features.standardise import fit_standardiser
from earmark.features.words import word_features
from earmark.models.estimator import Fitted
from earmark.models.telling import Telling
from earmark.models.text_tree import TextTree
from earmark.models.tfidf_logistic import TfidfLogistic
from earmark.models.tfidf_svm import TfidfSVM
from earmark.recipe import Choice
from earmark.text.texts import Texts

GENRES = ("gospel", "samba")


def classifier(estimator: TfidfSVM | TfidfLogistic | TextTree, *, artist: bool = False) -> Classifier:
    """One that tells two genres by their words."""
    says = ["senhor deus amor", "roda viola amor"] * 12
    texts = Texts.of([f"{text} que noite {n % 4}" for n, text in enumerate(says)], ["a", "b"] * 12 if artist else None)
    fitted = Fitted(estimator).fit(texts, np.arange(24) % 2, np.arange(24) % 8)
    card = ClassifierCard(
        genres=GENRES,
        model=Choice(name="tfidf_svm"),
        shape=(2,) if artist else (1,),
        features=plain_text(artist=artist),
        standardiser=fit_standardiser(np.zeros((1, 1, 1), np.float32), "none"),
        trained_on="songs",
        synthetic=False,
    )
    return Classifier(card, fitted, name="mine")


def test_words_weigh_what_they_take_with_them() -> None:
    asked: list[str] = []

    def odds(texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return np.array([2.0 * ("deus" in text.lower()) - 0.5 * text.count("samba") for text in texts])

    told = occlusion("Deus, deus!\nsamba é samba ...", odds)
    assert told == {"deus": 2.0, "samba": -1.0, "é": 0.0}
    assert list(told) == ["deus", "samba", "é"]
    assert asked[1].split() == ["samba", "é", "samba", "..."]
    assert occlusion("amor AMOR", odds) == {}
    assert word_of("(Bem-te-vi!)") == "bem te vi"


def test_an_answer_is_explained() -> None:
    found = explain_text(classifier(TfidfSVM((1,), 2)), "<b>Deus</b> na viola\nDeus senhor", min_confidence=0.6)
    assert found.answer.genre == "gospel"
    assert found.answer.min_confidence == 0.6
    assert found.second == "samba"
    assert found.log_odds == pytest.approx(np.log(found.answer.ranked()[0][1] / found.answer.ranked()[1][1]), abs=1e-6)
    assert found.text == "Deus na viola\nDeus senhor"
    assert found.words["deus"] > 0 > found.words["viola"]
    assert {"deus", "senhor"} <= set(found.telling["gospel"])
    assert {"roda", "viola"} <= set(found.telling["samba"])
    assert found.lacks == ()


def test_the_artist_counts_where_it_is_an_input() -> None:
    reader = classifier(TfidfSVM((2,), 2), artist=True)
    named, unnamed = (explain_text(reader, "que noite de amor", artist=name) for name in ("a", None))
    assert named.artist == ("a", pytest.approx(named.log_odds - unnamed.log_odds))
    assert named.artist[1] != 0
    assert unnamed.artist is None


def test_an_artist_who_is_no_input_is_said_not_to_count() -> None:
    found = explain_text(classifier(TfidfSVM((1,), 2)), "que noite de amor", artist="a")
    assert found.artist is None
    assert found.lacks == ("who sings is no input of this classifier",)


def test_words_that_are_not_read_decide_nothing_and_are_not_asked_about() -> None:
    texts = Texts.of(["deus amor roda viola que noite de luar"] * 2)
    features = word_features(max_length=4).fitted(texts)
    model = build_model(Choice(name="text_average"), features.model_shape((4,)), 2)
    asked: list[int] = []
    model.register_forward_hook(lambda *said: asked.append(len(said[2])))
    card = ClassifierCard(
        genres=GENRES,
        model=Choice(name="text_average"),
        shape=features.model_shape((4,)),
        features=features,
        standardiser=fit_standardiser(np.zeros((1, 1, 1), np.float32), "none"),
        trained_on="songs",
        synthetic=False,
    )
    found = explain_text(Classifier(card, model, name="mine"), texts.words[0])
    assert "the first 4 of 8 words are read" in found.lacks
    assert {word for word, size in found.words.items() if size != 0} == {"deus", "amor", "roda", "viola"}
    assert asked == [1, 1, 4]  # the answer, the text, and each word that was read
    assert features.unread("deus amor roda viola") is None


def test_telling_terms_of_both_linear_models_and_of_no_tree() -> None:
    for estimator in (TfidfSVM((1,), 2), TfidfLogistic((1,), 2)):
        assert isinstance(estimator, Telling)
        told = telling_terms(classifier(estimator), most=4)
        assert "deus" in " ".join(told["gospel"])
        assert "viola" in " ".join(told["samba"])
        assert len(told["samba"]) <= 4
    tree = classifier(TextTree((1,), 2))
    assert telling_terms(tree) == {}
    assert explain_text(tree, "deus e senhor").lacks == (
        "this classifier is not linear: which words tell its genres in any text cannot be read from it",
    )


def test_what_is_too_long_and_what_has_no_words() -> None:
    reader = classifier(TfidfSVM((1,), 2))
    found = explain_text(reader, "deus samba " * MOST_TOKENS)
    assert found.words == {}
    assert found.lacks == ("which words decided is told of texts of up to 3000 words",)
    with pytest.raises(DataError, match="song: no words in it"):
        explain_text(reader, "...", source="song")
