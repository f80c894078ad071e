"""Terms counted and weighed, held to scikit-learn."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from earmark.text.terms import LINE_END, character_runs, count, count_pieces, fit_terms, groups_with, word_runs

SONGS = ["O samba, o samba da Bahia", "Deus é amor\nsenhor Deus", "a roda de samba\n\né do povo é", "x"]


def test_runs_of_words() -> None:
    assert word_runs("A rosa é\numa rosa", longest=2) == [
        "a", "rosa", "é", "uma", "rosa", "a rosa", "rosa é", "é uma", "uma rosa",
    ]  # fmt: skip
    assert word_runs("!", longest=2) == []


def test_pieces_are_those_of_scikit_learn() -> None:
    ours = count_pieces(SONGS, shortest=2, longest=5)
    theirs = CountVectorizer(analyzer="char_wb", ngram_range=(2, 5))
    counted = theirs.fit_transform(SONGS)
    order = [ours.terms.index(term) for term in theirs.get_feature_names_out()]
    assert len(ours.terms) == len(order)
    np.testing.assert_array_equal(ours.matrix.toarray()[:, order], counted.toarray())


def test_runs_of_characters_go_across_words_and_lines() -> None:
    assert character_runs("A é\nO", shortest=2, longest=3) == [
        "A ", " é", f"é{LINE_END}", f"{LINE_END}O", "A é", f" é{LINE_END}", f"é{LINE_END}O",
    ]  # fmt: skip
    assert character_runs("a", shortest=2, longest=5) == []


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_pieces_of_any_text(texts: list[str]) -> None:
    ours = count_pieces(texts, shortest=2, longest=4)
    analyse = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)).build_analyzer()
    # scikit-learn folds runs of blanks before it splits at them, which leaves the same words.
    assert ours.matrix.sum() == sum(len(analyse(text)) for text in texts)


def test_weights_are_those_of_scikit_learn() -> None:
    counts = count(SONGS, lambda text: word_runs(text, longest=2))
    terms = fit_terms(counts, np.arange(4), min_groups=1, max_terms=1000)
    theirs = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), sublinear_tf=True)
    expected = theirs.fit_transform(SONGS).toarray()
    order = [terms.terms.index(term) for term in theirs.get_feature_names_out()]
    np.testing.assert_allclose(terms.numbers(counts).toarray()[:, order], expected, rtol=1e-6)
    others = ["samba novo novo samba da", "nada conhecido"]
    told = terms.numbers(count(others, lambda text: word_runs(text, longest=2))).toarray()
    np.testing.assert_allclose(told[:, order], theirs.transform(others).toarray(), rtol=1e-6)
    assert not told[1].any()


def test_what_one_artist_alone_says_is_not_known() -> None:
    counts = count(["refrão amor", "refrão samba", "amor samba", "samba"], str.split)
    artists = np.array([7, 7, 2, 9])
    assert dict(zip(counts.terms, groups_with(counts.matrix, artists), strict=True)) == {
        "refrão": 1, "amor": 2, "samba": 3,
    }  # fmt: skip
    assert fit_terms(counts, artists, min_groups=2, max_terms=10).terms == ("amor", "samba")
    assert fit_terms(counts, artists, min_groups=1, max_terms=1).terms == ("samba",)
    assert fit_terms(counts, artists, min_groups=4, max_terms=9).terms == ()


def test_rows_are_taken_like_those_of_an_array() -> None:
    counts = count(["a b", "b c", "c"], str.split)
    np.testing.assert_array_equal(counts[np.array([2, 0])].matrix.toarray(), [[0, 0, 1], [1, 1, 0]])
