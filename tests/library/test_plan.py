"""What a plan makes of answers: nothing is lost, and what is left alone says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import UsageError
from earmark.genre_names import normal_form
from earmark.library.answers import Found, Heard
from earmark.library.mapping import GenreMapping, unchanged
from earmark.library.plan import Decision, Existing, Outcome, Settings, plan

GENRES = ("jazz", "pop", "rock")


def decide(
    genres: tuple[str, ...], shares: tuple[float, ...] | None, *, verdict: str = "music", **settings
) -> Decision:
    heard = None if shares is None else Heard(shares, verdict)
    found = Found(Path("/m/a.mp3"), Path("/m"), None if heard else "truncated", genres, heard)
    chosen = Settings(**{"mapping": unchanged(GENRES), **settings})
    [decision] = plan([found], GENRES, classifier="small", settings=chosen).decisions
    return decision


def test_a_file_without_genre_gets_the_likeliest() -> None:
    decision = decide((), (0.1, 0.2, 0.7))
    assert (decision.outcome, decision.why) == (Outcome.PLANNED, "rock at 70%")
    assert decision.suggested == (("rock", 0.7), ("pop", 0.2), ("jazz", 0.1))
    change = decision.change
    assert change is not None
    assert (change.path, change.old, change.new, change.classifier) == (Path("/m/a.mp3"), (), ("rock",), "small")
    assert change.probability == 0.7


def test_a_genre_that_is_there_stays_and_the_suggestion_is_shown_beside_it() -> None:
    decision = decide(("Ska",), (0.1, 0.2, 0.7))
    assert (decision.outcome, decision.why, decision.change) == (Outcome.KEPT, "it has a genre", None)
    assert decision.suggested[0] == ("rock", 0.7)


def test_it_may_be_replaced_or_added_to() -> None:
    replaced = decide(("Ska", "Dub"), (0.1, 0.2, 0.7), existing=Existing.REPLACE)
    assert replaced.change is not None
    assert replaced.change.new == ("rock",)
    added = decide(("Ska", "Dub"), (0.1, 0.2, 0.7), existing=Existing.APPEND)
    assert added.change is not None
    assert added.change.new == ("Ska", "Dub", "rock")


@pytest.mark.parametrize(
    ("old", "existing"),
    [(("rock",), Existing.REPLACE), (("Ska", "Rock"), Existing.APPEND), (("Rock music",), Existing.APPEND)],
)
def test_what_a_file_says_already_is_not_written_again(old: tuple[str, ...], existing: Existing) -> None:
    decision = decide(old, (0.1, 0.2, 0.7), existing=existing)
    assert (decision.outcome, decision.why, decision.change) == (Outcome.KEPT, "it says so already", None)


def test_below_the_threshold_the_file_is_left_alone() -> None:
    decision = decide((), (0.3, 0.21, 0.49))
    assert (decision.outcome, decision.why) == (Outcome.UNSURE, "rock at 49% is below 50%")
    assert decide((), (0.3, 0.2, 0.5)).outcome is Outcome.PLANNED
    assert decide((), (0.3, 0.21, 0.49), min_confidence=0.4).outcome is Outcome.PLANNED
    assert decide(("Ska",), (0.3, 0.21, 0.49), existing=Existing.REPLACE).change is None


@pytest.mark.parametrize("existing", [Existing.REPLACE, Existing.APPEND])
def test_what_is_not_music_or_unsure_is_named_so_and_left_alone(existing: Existing) -> None:
    speech = decide(("Ska",), (0.0, 0.0, 1.0), verdict="not music", existing=existing)
    assert (speech.outcome, speech.why, speech.change) == (Outcome.NOT_MUSIC, "it does not sound like music", None)
    assert speech.suggested == ()
    strange = decide((), (0.0, 0.0, 1.0), verdict="unsure", existing=existing)
    assert (strange.outcome, strange.why, strange.change) == (Outcome.UNSURE, "the classifier is unsure of it", None)


def test_several_genres_are_written_where_each_is_sure_enough() -> None:
    settings = {"top": 2, "min_confidence": 0.3}
    both = decide((), (0.1, 0.4, 0.5), **settings).change
    assert both is not None
    assert both.new == ("rock", "pop")
    one = decide((), (0.15, 0.25, 0.6), **settings).change
    assert one is not None
    assert one.new == ("rock",)


def test_names_and_parents_are_the_mappings_and_stand_once() -> None:
    mapping = GenreMapping({"jazz": None, "pop": "Pop", "rock": "Rock"}, {"Pop": "Popular", "Rock": "Popular"})
    change = decide((), (0.2, 0.35, 0.45), mapping=mapping, top=3, min_confidence=0.3).change
    assert change is not None
    assert change.new == ("Rock", "Popular", "Pop")
    dropped = decide((), (0.8, 0.1, 0.1), mapping=mapping)
    assert (dropped.outcome, dropped.why) == (Outcome.UNSURE, "Pop at 10% is below 50%")


def test_a_file_that_failed_says_why() -> None:
    decision = decide((), None)
    assert (decision.outcome, decision.why, decision.change) == (Outcome.FAILED, "truncated", None)


def test_outcomes_are_counted() -> None:
    files = [
        Found(Path(f"/m/{number}.mp3"), Path("/m"), None, old, Heard((0.0, 0.0, 1.0), "music"))
        for number, old in enumerate([(), ("Ska",), ()])
    ]
    made = plan(files, GENRES, classifier="small", settings=Settings(mapping=unchanged(GENRES)))
    assert made.counts == {**dict.fromkeys(Outcome, 0), Outcome.PLANNED: 2, Outcome.KEPT: 1}
    assert [change.path.name for change in made.changes[Path("/m")]] == ["0.mp3", "2.mp3"]
    assert made.faults == []


@given(
    old=st.lists(st.sampled_from(["Rock", "rock", "Ska", "jazz", "?"]), max_size=3, unique=True).map(tuple),
    shares=st.tuples(*[st.floats(0, 1)] * 3),
    verdict=st.sampled_from(["music", "unsure", "not music"]),
    existing=st.sampled_from(Existing),
    top=st.integers(1, 4),
    least=st.floats(0, 1),
)
def test_nothing_is_deleted_and_nothing_unsure_is_written(old, shares, verdict, existing, top, least) -> None:
    decision = decide(old, shares, verdict=verdict, existing=existing, top=top, min_confidence=least)
    assert (decision.change is not None) == (decision.outcome is Outcome.PLANNED)
    if decision.change is None:
        return
    new = decision.change.new
    assert verdict == "music"
    assert new
    assert new != old
    assert len(set(new)) == len(new)
    written = [name for name in new if name not in old] if existing is Existing.APPEND else list(new)
    assert 1 <= len(written) <= top
    assert all(shares[GENRES.index(name)] >= least for name in written)
    if old:
        assert existing is not Existing.KEEP
    if existing is Existing.APPEND:
        assert new[: len(old)] == old
        assert not {normal_form(name) for name in written} & {normal_form(name) for name in old}


@pytest.mark.parametrize("wrong", [{"min_confidence": 1.5}, {"min_confidence": -0.1}, {"top": 0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="the first lies between 0 and 1, the second is 1 or more"):
        Settings(mapping=unchanged(GENRES), **wrong)  # type: ignore[arg-type]
