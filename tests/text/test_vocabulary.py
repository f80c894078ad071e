"""Words and artists as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.text.vocabulary import PADDING, UNKNOWN, artist_ids, fit_artists, fit_vocabulary, word_ids

TEXTS = [["a", "b", "a"], ["b", "c", "a"], ["d"]]


def test_the_commonest_words_come_first_and_equals_by_name() -> None:
    assert fit_vocabulary(TEXTS, min_count=1, max_words=10) == ("a", "b", "c", "d")
    assert fit_vocabulary(TEXTS, min_count=2, max_words=10) == ("a", "b")
    assert fit_vocabulary(TEXTS, min_count=1, max_words=1) == ("a",)


def test_ids_say_where_a_word_stands_what_is_unknown_and_where_a_text_ends() -> None:
    ids = word_ids([["b", "x", "a", "a"], []], ["a", "b"], length=3)
    np.testing.assert_array_equal(ids, [[3, UNKNOWN, 2], [PADDING] * 3])
    assert ids.dtype == np.int32


def test_artists_are_known_however_they_are_written() -> None:
    known = fit_artists(["Nina  Simone", "", "Elis", "nina simone"])
    assert known == ("elis", "nina simone")
    np.testing.assert_array_equal(artist_ids(["NINA SIMONE", "Tom", "", "Elis"], known), [2, 0, 0, 1])


@pytest.mark.parametrize("texts", [[], [[]]])
def test_of_nothing_there_are_no_words(texts: list[list[str]]) -> None:
    assert fit_vocabulary(texts, min_count=1, max_words=5) == ()
