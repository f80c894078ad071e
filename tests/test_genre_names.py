"""Spellings meet, genres stay apart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from earmark.errors import DataError
from earmark.genre_names import ALIASES, match, normal_form, read_mapping


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hip-Hop", "hiphop"),
        ("Hip Hop/Rap", "hiphop"),
        ("Rap & Hip-Hop", "HIPHOP"),
        ("R&B", "rnb"),
        ("R'n'B", "Rhythm and Blues"),
        ("Rhythm ’n’ Blues", "r & b"),
        ("Drum & Bass", "DnB"),
        ("Drum'n'Bass", "drum-and-bass"),
        ("Rock'n'Roll", "Rock & Roll"),
        ("Axé", "axe"),
        ("Forró", "forro"),
        ("Country Music", "country"),
        ("Electronic Dance Music", "EDM"),
        ("bossa-nova", "Bossa Nova"),
    ],
)
def test_spellings_of_one_genre_meet(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("metal", "heavy metal"),
        ("rap", "hip hop"),
        ("rock", "rock and roll"),
        ("blues", "rhythm and blues"),
        ("soul", "R&B/Soul"),
        ("electronic", "electronica"),
        ("pop", "k-pop"),
        ("music", ""),
        ("ハ", "バ"),
        ("и", "й"),
    ],
)
def test_different_genres_stay_apart(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@given(st.text(max_size=30))
@example("𝙰")  # a capital that has no small letter of its own kind
@example("＆")
def test_normal_form_is_at_rest_and_blind_to_case(name: str) -> None:
    once = normal_form(name)
    assert normal_form(once) == once
    assert normal_form(f" {name}-") == once


def test_an_alias_leads_to_one_genre() -> None:
    aliases = [alias for spellings in ALIASES.values() for alias in spellings]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(ALIASES)


def test_the_free_music_archive_meets_gtzan(shared: Path) -> None:
    gtzan = ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"]
    with (shared / "fma" / "genres.csv").open(newline="", encoding="utf-8") as file:
        names = [row["title"] for row in csv.DictReader(file)]
    found, left_out = match(names, gtzan)
    assert found["Hip-Hop"] == "hiphop"
    assert found["Blues"] == "blues"
    assert {"Hip-Hop Beats", "Rockabilly", "Reggae - Dub"} <= set(left_out)
    assert set(found) | set(left_out) == set(names)
    assert sorted(found.values()) == [genre for genre in gtzan if genre != "reggae"]


def test_the_mapping_goes_before_the_spelling() -> None:
    found, left_out = match(["Pop", "Rap", "Rock"], ["hiphop", "pop", "rock"], {"Rap": "hiphop", "Pop": ""})
    assert found == {"Rap": "hiphop", "Rock": "rock"}
    assert left_out == ["Pop"]


def test_the_very_name_goes_before_other_spellings() -> None:
    assert match(["hip-hop"], ["hiphop", "hip-hop"]) == ({"hip-hop": "hip-hop"}, [])
    with pytest.raises(DataError, match=r"'Hip Hop' fits both 'hiphop' and 'hip-hop'; say which"):
        match(["Hip Hop"], ["hiphop", "hip-hop"])
    assert match(["Hip Hop"], ["hiphop", "hip-hop"], {"Hip Hop": "hiphop"}) == ({"Hip Hop": "hiphop"}, [])


def test_a_mapping_with_a_slip_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match=r"'Rpa' is not a genre to be mapped; did you mean 'Rap'\?"):
        match(["Rap"], ["hiphop"], {"Rpa": "hiphop"})
    with pytest.raises(DataError, match=r"goes to 'hihop'.*did you mean 'hiphop'\?"):
        match(["Rap"], ["hiphop"], {"Rap": "hihop"})


def test_toml_and_csv_say_the_same(tmp_path: Path) -> None:
    toml, table = tmp_path / "map.toml", tmp_path / "map.csv"
    toml.write_text('"Hip-Hop, Rap" = "hiphop"\nSpoken = ""\n', encoding="utf-8")
    table.write_bytes(b'\xef\xbb\xbffrom,to\r\n"Hip-Hop, Rap",hiphop\r\nSpoken,\r\n')
    assert read_mapping(toml) == read_mapping(table) == {"Hip-Hop, Rap": "hiphop", "Spoken": ""}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "rock =", r"a\.toml: not valid TOML"),
        ("a.toml", "rock = 3", r"'rock' goes to 3; write it as \"rock\" = "),
        ("a.csv", "genre,name\n", r"must be from,to; it is 'genre,name'"),
        ("a.csv", "", r"must be from,to; it is ''"),
        ("a.csv", "from,to\nrock\n", r"line 2: 1 cells, not 2"),
        ("a.csv", "from,to\nrock,pop\nrock,jazz\n", r"line 3: 'rock' stands twice"),
        ("a.csv", 'from,to\n"rock,pop\n', r"line 2: not valid CSV"),
        ("a.txt", "rock,pop", r"is a \.toml or \.csv file, not \.txt"),
    ],
)
def test_a_bad_mapping_file_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_mapping(tmp_path / name)


def test_a_missing_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.toml: cannot be read as a genre mapping: No such file or directory$"):
        read_mapping(tmp_path / "none.toml")
