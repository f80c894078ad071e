"""A person's own names for genres: what they make of an answer, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import DataError
from earmark.library.mapping import GenreMapping, read_mapping, unchanged

GENRES = ("blues", "disco", "hiphop", "metal", "rock")
SHARES = (0.1, 0.3, 0.05, 0.35, 0.2)


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str) -> GenreMapping:
        path = tmp_path / "genres.toml"
        path.write_text(text, encoding="utf-8")
        return read_mapping(path, GENRES)

    return read


def test_without_a_file_all_stays_as_the_classifier_calls_it() -> None:
    mapping = unchanged(GENRES)
    assert mapping.ranked(GENRES, SHARES) == [
        ("metal", 0.35), ("disco", 0.3), ("rock", 0.2), ("blues", 0.1), ("hiphop", 0.05)
    ]  # fmt: skip
    assert mapping.with_parents("rock") == ("rock",)


def test_genres_are_renamed_and_dropped(read) -> None:
    mapping = read('drop = ["disco", "blues"]\n[rename]\nhiphop = "Hip-Hop"')
    assert mapping.ranked(GENRES, SHARES) == [("metal", 0.35), ("rock", 0.2), ("Hip-Hop", 0.05)]


def test_what_is_given_one_name_is_merged_and_its_probabilities_add(read) -> None:
    mapping = read('[rename]\nmetal = "rock"\nblues = "Roots"\nhiphop = "Roots"')
    ranked = mapping.ranked(GENRES, SHARES)
    assert [name for name, _ in ranked] == ["rock", "disco", "Roots"]
    assert [share for _, share in ranked] == pytest.approx([0.55, 0.3, 0.15])


def test_a_parent_is_written_behind_its_child(read) -> None:
    mapping = read('[rename]\nmetal = "Metal"\n[parents]\nMetal = "Rock"\nRock = "Popular"\nblues = "Roots"')
    assert mapping.with_parents("Metal") == ("Metal", "Rock", "Popular")
    assert mapping.with_parents("blues") == ("blues", "Roots")
    assert mapping.with_parents("disco") == ("disco",)
    assert ("Metal", 0.35) in mapping.ranked(GENRES, SHARES)


def test_a_parent_may_take_the_place_of_its_children(read) -> None:
    mapping = read('parents_replace = true\n[parents]\nmetal = "Guitars"\nrock = "Guitars"\nGuitars = "Loud"')
    ranked = mapping.ranked(GENRES, SHARES)
    assert ranked[0] == ("Loud", pytest.approx(0.55))
    assert {name for name, _ in ranked} == {"Loud", "disco", "blues", "hiphop"}
    assert mapping.with_parents("Loud") == ("Loud",)


@given(
    shares=st.lists(st.floats(0, 1), min_size=5, max_size=5),
    names=st.lists(st.one_of(st.none(), st.sampled_from("abc")), min_size=5, max_size=5),
    replace=st.booleans(),
)
def test_no_probability_is_lost_but_that_of_what_is_dropped(shares, names, replace) -> None:
    mapping = GenreMapping(dict(zip(GENRES, names, strict=True)), {"a": "b"}, replace)
    ranked = mapping.ranked(GENRES, shares)
    kept = sum(share for share, name in zip(shares, names, strict=True) if name is not None)
    assert sum(share for _, share in ranked) == pytest.approx(kept)
    assert [share for _, share in ranked] == sorted((share for _, share in ranked), reverse=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("renames = {}", r"unknown key 'renames'; did you mean 'rename'\?; known: format, drop"),
        ("format = 2", "format 2 is not the 1 this earmark reads; update earmark"),
        ('drop = ["jazz"]', "drop: 'jazz' is not a genre of the classifier; it knows blues, disco"),
        ('[rename]\nhip-hop = "Rap"', r"\[rename\]: 'hip-hop' is not a genre .*; did you mean 'hiphop'\?; it knows"),
        ('drop = ["rock"]\n[rename]\nrock = "Rock"', "'rock' is both dropped and renamed"),
        ('drop = ["blues", "disco", "hiphop", "metal", "rock"]', "all genres of the classifier are dropped"),
        ('[rename]\nrock = " "', "the genre ' ' is empty"),
        ("[rename]\nrock = 3", r"Expected `str`, got `int` - at `\$.rename"),
        ('drop = "rock"', r"Expected `array`, got `str` - at `\$.drop`"),
        ('[parents]\nRok = "Pop"', r"\[parents\]: 'Rok' is neither a genre, .*; did you mean 'rock'\?"),
        ('drop = ["rock"]\n[parents]\nrock = "Pop"', r"\[parents\]: 'rock' is dropped"),
        ('[rename]\nrock = "Rock"\n[parents]\nrock = "Pop"', "'rock' is renamed; give the parent to 'Rock'"),
        ('[parents]\nrock = "rock"', r"\[parents\] goes in a circle: rock → rock"),
        ('[parents]\nrock = "A"\nA = "B"\nB = "A"', r"\[parents\] goes in a circle: A → B → A"),
        ("[rename", "not valid TOML"),
        ('[rename]\nrock = "a"\nrock = "b"', "not valid TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused_naming_the_file(read, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as refused:
        read(text)
    assert str(refused.value).startswith(f"{tmp_path / 'genres.toml'}: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.toml: cannot be read as a genre mapping: No such file or directory$"):
        read_mapping(tmp_path / "none.toml", GENRES)
