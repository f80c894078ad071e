"""Names of artists, held to scikit-learn's own pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from earmark.errors import ModelError, UsageError
from earmark.models.artist_name import ArtistName, plain_name
from earmark.models.estimator import Fitted
from earmark.text.texts import Texts

MANNERS = ("banda {} do forró", "padre {}", "{} e {}")  # of three genres
SYLLABLES = ("jo", "ana", "ri", "tel", "mo", "du", "ka", "les")


def singers(n: int, rng: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """Artists of three genres, all of whom have other names."""
    names = ["".join(rng.permutation(SYLLABLES)[:4]) for _ in range(n)]
    genres = np.arange(n) % 3
    return [MANNERS[genre].format(name, name[::-1]) for name, genre in zip(names, genres, strict=True)], genres


def songs(n: int, rng: np.random.Generator, *, each: int = 3) -> tuple[Texts, np.ndarray, np.ndarray]:
    """Texts that say nothing, `each` by every artist; their genres, and who sings them."""
    names, genres = singers(n, rng)
    return Texts.of(["que noite"] * n * each, names * each), np.tile(genres, each), np.tile(np.arange(n), each)


def test_decisions_are_those_of_scikit_learn_on_names(rng: np.random.Generator) -> None:
    (names, genres), (judged, _) = singers(40, rng), singers(20, rng)
    ours = ArtistName((2,), 3, min_artists=3, C=1.5).fit(Texts.of(["que"] * 40, names), genres)
    pieces = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 5), min_df=3, sublinear_tf=True, strip_accents="unicode"
    )
    theirs = make_pipeline(pieces, LogisticRegression(C=1.5, max_iter=10_000)).fit(names, genres)
    said = ours.decision_function(Texts.of(["noite"] * 20, judged))
    np.testing.assert_allclose(said, theirs.decision_function(judged), atol=1e-5)


def test_an_artist_of_many_songs_counts_as_their_root_shared_among_the_genres(rng: np.random.Generator) -> None:
    names, genres = singers(12, rng)
    many = [*names, *[names[0]] * 8]  # nine songs in all, of two genres: six and three
    sung = [*genres, 0, 0, 0, 0, 0, 1, 1, 1]
    ours = ArtistName((2,), 3, min_artists=2).fit(Texts.of(["que"] * 20, many), np.array(sung))
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), strip_accents="unicode", sublinear_tf=True)
    once = pieces.set_params(min_df=2).fit(names)
    # What an artist of two genres sings is two examples, by which the pieces of the name are twice as common.
    np.testing.assert_array_equal(
        sorted(ours.state()["pieces"].tobytes().decode().split("\n")), sorted(once.get_feature_names_out())
    )
    rows = pieces.set_params(vocabulary=once.vocabulary_).fit_transform([*names, names[0]])
    weights = np.array([6 / 3, *[1.0] * 11, 3 / 3])
    theirs = LogisticRegression(C=2.0, max_iter=10_000).fit(rows, [*genres, 1], sample_weight=weights / weights.mean())
    judged = singers(9, rng)[0]
    said = ours.decision_function(Texts.of(["que"] * 9, judged))
    np.testing.assert_allclose(said, theirs.decision_function(pieces.transform(judged)), atol=1e-5)


def test_names_never_seen_are_told_by_how_they_are_written(rng: np.random.Generator) -> None:
    shown, y, groups = songs(60, rng)
    fitted = ArtistName((2,), 3).fit(shown, y, groups)
    strangers, genres = singers(30, rng)
    answers = fitted.predict_proba(Texts.of(["que noite"] * 30, strangers)).argmax(1)
    assert (answers == genres).mean() > 0.9
    assert (fitted.held_out.argmax(1) == y).mean() > 0.9


def test_names_of_no_manner_tell_nothing_of_artists_held_out(rng: np.random.Generator) -> None:
    """Learned by heart a name tells all of its own songs; those held out are by others."""
    names = ["".join(rng.choice(list("abcdefghijklmnop"), 8)) for _ in range(90)]
    genres, groups = np.tile(np.arange(90) % 3, 4), np.tile(np.arange(90), 4)
    fitted = ArtistName((2,), 3).fit(Texts.of(["que"] * 360, names * 4), genres, groups)
    assert (fitted.predict_proba(Texts.of(["que"] * 90, names)).argmax(1) == genres[:90]).mean() > 0.9
    assert (fitted.held_out.argmax(1) == genres).mean() < 0.6


def test_the_text_says_nothing_and_no_name_is_a_name_without_pieces(rng: np.random.Generator) -> None:
    shown, y, groups = songs(30, rng)
    fitted = ArtistName((2,), 3).fit(shown, y, groups)
    one, other = (fitted.predict_proba(Texts.of([text], ["padre joana"])) for text in ("deus senhor", "samba"))
    np.testing.assert_array_equal(one, other)
    unnamed = fitted.decision_function(Texts.of(["samba"] * 3, [None, "", "?!"]))
    np.testing.assert_array_equal(unnamed, np.tile(fitted.state()["bias"], (3, 1)))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Arlindo Cruz", "arlindo cruz"),
        ("arlindo-cruz", "arlindo cruz"),
        ("Luiza & Maurílio", "luiza maurilio"),
        ("AC/DC", "ac dc"),
        ("  Kid_Abelha ", "kid abelha"),
        ("Straße", "strasse"),
        ("Чайф 2", "чаиф 2"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_names_are_alike_however_they_are_written(written: str, plain: str) -> None:
    assert plain_name(written) == plain


def test_what_is_saved_says_the_same(rng: np.random.Generator) -> None:
    shown, y, groups = songs(30, rng)
    module = Fitted(ArtistName((2,), 3)).fit(shown, y, groups)
    other = Fitted(ArtistName((2,), 3))
    other.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(other.estimator.predict_proba(shown), module.estimator.predict_proba(shown))
    state = module.estimator.state()
    for missing in state:
        with pytest.raises(ModelError, match=f"the array {missing} is "):
            ArtistName((2,), 3).load_state({name: state[name] for name in state if name != missing})


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ModelError, match=r"reads the artist's name; set features\.artist = true"):
        ArtistName((1,), 3)
    with pytest.raises(ModelError, match=r"artist_name reads texts, not numbers of shape \(300,\)"):
        ArtistName((300,), 3)
    with pytest.raises(UsageError, match=r"min_artists = 0 must be 1 or more, C = 2 above 0"):
        ArtistName((2,), 3, min_artists=0)
    unnamed = Texts.of(["que noite"] * 6, [None] * 6)
    with pytest.raises(ModelError, match="no piece of a name stands in names of 2 artists; set min_artists = 1"):
        ArtistName((2,), 3).fit(unnamed, np.arange(6) % 3)
    with pytest.raises(ModelError, match="this artist_name was built for texts with the artist, these come without"):
        ArtistName((2,), 3).fit(Texts.of(["que noite"] * 6), np.arange(6) % 3)
