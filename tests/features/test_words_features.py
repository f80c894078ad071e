"""Word ids by a vocabulary of the training part alone."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from earmark.errors import DataError, ModelError, UsageError
from earmark.features.encoding import arrays, encoded, fed_shape, fitted, gives, model_shape, scale_of
from earmark.features.log_mel import LogMel
from earmark.features.plain_text import PlainText, plain_text
from earmark.features.settings import OF_TEXT, Features
from earmark.features.standardise import AS_IT_IS
from earmark.features.words import Words, word_features
from earmark.text.texts import Texts
from earmark.text.vocabulary import PADDING, UNKNOWN

TRAIN = Texts.of(["sol e mar", "sol e sal", "Sol"], ["Nina", "Elis", None])
OTHERS = Texts.of(["mar e lua"], ["Tom"])


def test_of_other_texts_only_what_the_training_part_holds_is_known() -> None:
    words = Words(min_count=1, max_length=4).fitted(Texts(TRAIN.words))
    assert words.vocabulary == ("sol", "e", "mar", "sal")
    np.testing.assert_array_equal(words.encoded(Texts(OTHERS.words)), [[4, 3, UNKNOWN, PADDING]])
    assert words.encoded(Texts(OTHERS.words)).dtype == np.int32


def test_the_artist_comes_first_and_an_unknown_one_is_0() -> None:
    words = Words(min_count=1, max_length=2, artist=True).fitted(TRAIN)
    assert words.artists == ("elis", "nina")
    np.testing.assert_array_equal(words.encoded(TRAIN)[:, 0], [2, 1, 0])
    np.testing.assert_array_equal(words.encoded(OTHERS)[:, 0], [0])
    assert words.model_shape((3,)) == (2, 6, 3)


def test_a_model_is_built_for_length_words_and_artists() -> None:
    words = fitted(Words(min_count=1, max_length=5), Texts(TRAIN.words))
    assert model_shape(words, (5,)) == (5, 6, 0)
    assert fed_shape(words, (5, 6, 0)) == (5,)
    assert fed_shape(words, (5, 6, 3)) == (6,)
    assert fed_shape(PlainText(), (1,)) is None
    assert fed_shape(LogMel(), (128, 40)) == (128, 40)


def test_stop_words_are_left_out_of_vocabulary_and_texts() -> None:
    words = Words(min_count=1, max_length=3, stop_words=("pt",)).fitted(Texts(TRAIN.words))
    assert words.vocabulary == ("sol", "mar", "sal")
    assert "e" in words.left_out
    np.testing.assert_array_equal(words.encoded(Texts.of(["e o mar"])), [[3, PADDING, PADDING]])


def test_rare_words_long_texts_and_capitals() -> None:
    texts = Texts.of(["a a b", "A"])
    assert Words(min_count=2).fitted(texts).vocabulary == ("a",)
    assert Words(min_count=1, max_words=1).fitted(texts).vocabulary == ("a",)
    assert Words(min_count=1, lower=False).fitted(texts).vocabulary == ("a", "A", "b")
    assert Words(min_count=1, max_length=1).fitted(texts).encoded(texts).tolist() == [[2], [2]]


def test_without_a_vocabulary_nothing_is_encoded() -> None:
    with pytest.raises(ModelError, match="no vocabulary yet"):
        Words().encoded(TRAIN)
    with pytest.raises(ModelError, match=r"no word occurs 9 times in 3 training texts; lower features\.min_count"):
        Words(min_count=9).fitted(TRAIN)


@pytest.mark.parametrize("features", [Words(min_count=1).fitted(TRAIN), PlainText(artist=True)])
def test_all_that_was_learned_travels_with_the_card(features: OF_TEXT) -> None:
    assert msgspec.json.decode(msgspec.json.encode(features), type=Features) == features


def test_settings_differ_and_what_was_learned_does_not_count() -> None:
    learned = Words(min_count=1).fitted(TRAIN)
    assert learned.differences(Words(min_count=1)) == []
    assert learned.differences(Words(min_count=2)) == ["min_count=2 instead of 1"]
    assert PlainText().differences(PlainText(artist=True)) == ["artist=True instead of False"]
    assert PlainText().differences(Words()) == ["Words instead of PlainText"]


def test_a_text_without_words_is_refused_by_name() -> None:
    assert PlainText().of("<b>Olá</b>", where="x") == "Olá"
    for text, why in (("", "s 7: empty"), ("🙂 ...", "s 7: no words in it"), ("[Instrumental]", "s 7: no words in it")):
        with pytest.raises(DataError) as caught:
            PlainText().of(text, where="s 7")
        assert str(caught.value) == why


@pytest.mark.parametrize("options", [{"min_count": 0}, {"max_length": 0}, {"max_words": 0}])
def test_values_out_of_range_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="must be 1 or more"):
        word_features(**options)


def test_whole_texts_stay_texts_until_an_estimator_reads_them() -> None:
    features = plain_text(artist=True)
    texts = features.texts(["a", "b"], ["Nina", None])
    assert encoded(fitted(features, texts), texts) is texts
    assert model_shape(features, texts.shape[1:]) == (2,)
    assert scale_of(features, texts) == AS_IT_IS
    assert [gives(each) for each in (features, Words(), LogMel())] == ["texts", "words", "numbers"]
    with pytest.raises(ModelError, match=r"only an estimator reads whole texts; .*features\.name = 'words'"):
        arrays(texts)


def test_arrays_are_no_texts() -> None:
    with pytest.raises(ModelError, match="are no texts"):
        encoded(Words(min_count=1).fitted(TRAIN), np.zeros((2, 300)))
