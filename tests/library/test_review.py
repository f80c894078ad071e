"""A plan gone through by a person: what is not accepted is not written."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.batches.mapping import Place
from earmark.errors import TagError, UsageError
from earmark.genre_names import normal_form
from earmark.library.answers import Found, Heard
from earmark.library.mapping import unchanged
from earmark.library.plan import Existing, Outcome, Plan, Settings, plan
from earmark.library.review import Choice, Order, Review, Sieve, albums
from earmark.library.tagging import suggest
from earmark.library.tags import read_genres
from earmark.library.undo import journal_of, undo
from listeners import write_song

GENRES = ("jazz", "pop", "rock")
M = Path("/m")


def made(*files: tuple[str, tuple[str, ...], tuple[float, ...] | None], existing: Existing = Existing.KEEP) -> Plan:
    found = [
        Found(M / name, M, None if shares else "truncated", genres, Heard(shares, "music") if shares else None)
        for name, genres, shares in files
    ]
    return plan(found, GENRES, classifier="small", settings=Settings(mapping=unchanged(GENRES), existing=existing))


@pytest.fixture
def review() -> Review:
    return Review(
        made(
            ("a/1.mp3", (), (0.1, 0.2, 0.7)),
            ("a/2.mp3", (), (0.6, 0.2, 0.2)),
            ("b/3.mp3", ("Ska",), (0.1, 0.1, 0.8)),
            ("b/4.mp3", (), (0.4, 0.3, 0.3)),
            ("c/5.mp3", (), None),
            ("6.mp3", (), (0.0, 0.9, 0.1)),
        )
    )


def names(review: Review, sieve: Sieve | None = None, **options: object) -> str:
    return "".join(row.name[0] for row in review.rows(sieve or Sieve(), **options))


def test_nothing_is_accepted_to_begin_with(review: Review) -> None:
    assert review.accepted().decisions == ()
    assert review.counts == {Choice.OPEN: 3, Choice.ACCEPTED: 0, Choice.REJECTED: 0}


def test_rows_are_sieved_and_sorted(review: Review) -> None:
    assert names(review) == "123456"
    assert names(review, descending=True) == "654321"
    assert names(review, Sieve(outcome=Outcome.PLANNED), order=Order.PROBABILITY) == "216"
    assert names(review, Sieve(outcome=Outcome.PLANNED), order=Order.GENRE) == "261"
    assert names(review, Sieve(album="b")) == "34"
    assert names(review, Sieve(album="")) == "6"
    assert names(review, Sieve(text="SKA")) == "3"
    assert names(review, Sieve(text="5.mp3")) == "5"
    assert names(review, Sieve(choice=Choice.OPEN)) == "126"


def test_what_would_not_be_written_cannot_be_accepted(review: Review) -> None:
    assert review.choose(range(6), Choice.ACCEPTED) == 3
    assert [change.path.name for change in review.accepted().changes[M]] == ["1.mp3", "2.mp3", "6.mp3"]
    assert [(each.name, each.files, each.accepted) for each in albums(review.rows(Sieve()))] == [
        ("a", 2, 2),
        ("b", 2, 0),
        ("c", 1, 0),
        ("", 1, 1),
    ]


def test_a_place_that_there_is_not_is_refused_and_nothing_said(review: Review) -> None:
    for places in ([0, 6], [-1]):
        with pytest.raises(UsageError, match=r"the plan has 6 files, counted from 0"):
            review.choose(places, Choice.ACCEPTED)
    assert review.accepted().decisions == ()


def test_another_genre_may_be_taken_also_for_a_file_that_was_left_alone(review: Review) -> None:
    review.take(3, "pop")
    review.take(0, "Post-Rock")
    changes = {change.path.name: change for change in review.accepted().changes[M]}
    assert (changes["4.mp3"].new, changes["4.mp3"].probability) == (("pop",), 0.3)
    assert (changes["1.mp3"].new, changes["1.mp3"].probability) == (("Post-Rock",), None)
    assert review.rows(Sieve())[0].becomes == ("Post-Rock",)
    with pytest.raises(UsageError, match=r"5\.mp3: there is nothing to be written: it is failed"):
        review.take(4, "pop")
    with pytest.raises(TagError, match="control character"):
        review.take(1, "po\np")
    review.choose([3], Choice.REJECTED)
    assert [row.name for row in review.rows(Sieve(choice=Choice.REJECTED))] == ["4.mp3"]
    review.choose([3], Choice.OPEN)
    assert review.choice(3) is None


@pytest.mark.parametrize(
    ("existing", "becomes"),
    [(Existing.KEEP, ("Dub",)), (Existing.REPLACE, ("Dub",)), (Existing.APPEND, ("Ska", "Dub"))],
)
def test_a_genre_of_ones_own_goes_where_the_plan_puts_genres(existing: Existing, becomes: tuple[str, ...]) -> None:
    review = Review(made(("1.mp3", ("Ska",), (0.1, 0.2, 0.7)), existing=existing))
    review.take(0, "Dub")
    assert review.rows(Sieve())[0].becomes == becomes
    with pytest.raises(UsageError, match="nothing to be written"):
        review.take(0, "Ska")


@given(
    choices=st.lists(st.tuples(st.sampled_from(range(6)), st.sampled_from(Choice))),
)
def test_the_last_word_on_each_file_holds(choices: list[tuple[int, Choice]]) -> None:
    review = Review(made(*((f"{i}.mp3", (), (0.1, 0.2, 0.7)) for i in range(6))))
    for place, choice in choices:
        review.choose([place], choice)
    said = dict(choices)
    assert [review.choice(place) for place in range(6)] == [said.get(place, Choice.OPEN) for place in range(6)]
    accepted = {int(change.path.stem) for change in review.accepted().changes.get(M, [])}
    assert accepted == {place for place, choice in said.items() if choice is Choice.ACCEPTED}


@pytest.fixture
def songs(library: Path) -> list[Path]:
    return [write_song(library / "album" / f"{seed}.flac", seed=seed) for seed in range(4)]


@pytest.fixture
def heard(songs: list[Path], model: Path) -> Review:
    return Review(suggest([songs[0].parents[1]], model, min_confidence=0.0, place=Place(workers=0)))


def _undone(tagging: str, review: Review) -> None:
    with contextlib.closing(journal_of(tagging)) as journal:
        review.undone(undo(journal, tagging))


def test_only_what_was_accepted_is_written_and_undoing_restores_the_bytes(heard: Review, songs: list[Path]) -> None:
    before = [song.read_bytes() for song in songs]
    heard.choose([0, 2], Choice.ACCEPTED)
    heard.choose([1], Choice.REJECTED)
    [tagging] = heard.write().taggings
    assert [song.read_bytes() == old for song, old in zip(songs, before, strict=True)] == [False, True, False, True]
    assert [row.outcome.value for row in heard.rows(Sieve())] == ["changed", "planned", "changed", "planned"]
    assert heard.counts == {Choice.OPEN: 1, Choice.ACCEPTED: 0, Choice.REJECTED: 1}

    _undone(tagging, heard)
    assert [song.read_bytes() for song in songs] == before
    assert heard.counts == {Choice.OPEN: 3, Choice.ACCEPTED: 0, Choice.REJECTED: 1}
    heard.choose([0], Choice.ACCEPTED)
    heard.write()
    assert normal_form(read_genres(songs[0])[0]) in GENRES


class Enough(Exception):  # noqa: N818
    """Raised to stop it."""


def test_one_that_was_stopped_knows_what_it_has_written(heard: Review, songs: list[Path]) -> None:
    def stop(done: int, _: int) -> None:
        if done == 2:
            raise Enough

    heard.choose(range(4), Choice.ACCEPTED)
    with pytest.raises(Enough):
        heard.write(progress=stop)
    assert [bool(read_genres(song)) for song in songs] == [True, True, False, False]
    assert names(heard, Sieve(outcome=Outcome.CHANGED)) == "01"
    assert names(heard, Sieve(choice=Choice.ACCEPTED)) == "23"


def test_a_confined_scan_does_not_follow_links_out(tmp_path: Path, library: Path, model: Path) -> None:
    outside = write_song(tmp_path / "outside.flac", seed=9)
    write_song(library / "own.flac", seed=1)
    (library / "out.flac").symlink_to(outside)
    (library / "in.flac").symlink_to(library / "own.flac")
    found = suggest([library], model, min_confidence=0.0, place=Place(workers=0), confined=True)
    assert [(d.path.name, d.outcome.value) for d in found.decisions] == [
        ("out.flac", "failed"),
        ("own.flac", "planned"),
    ]
    assert found.decisions[0].why == "a link that leads out of this folder"
