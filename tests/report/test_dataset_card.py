"""The card of a data set: counts, licence, faults, artists and pictures."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.report.data_facts import facts_of
from earmark.report.dataset_card import render_card
from earmark.tracks import Dataset, Fault, Track


def dataset(**changes):
    tracks = (
        Track(id="b1", genres=("blues",), artist="Ma Rainey", part="train", year=1924, language="en"),
        Track(id="b2", genres=("blues",), artist="Ma Rainey", part="valid", year=1927),
        Track(id="b3", genres=("blues",), artist="Son House", part="train"),
        Track(id="j1", genres=("jazz",), song="b1", title="<b>Ko-Ko</b>"),
        Track(id="u1"),
    )
    return Dataset(
        **{
            "name": "small",
            "medium": "log_mel",
            "genres": ("blues", "jazz", "polka"),
            "tracks": tracks,
            "read": refuse,
            "source": "https://example.org/small",
            "licence": "CC BY 4.0",
            "citation": "Nobody 2026",
            "faults": (Fault("b2", "cut short"),),
        }
        | changes
    )


def refuse(track):
    raise AssertionError(f"a card reads nothing, but {track.id} was read")


def test_counts_are_by_genre_and_part_with_what_has_none():
    facts = facts_of(dataset(), {"b1": "train", "b2": "valid", "b3": "train"})
    assert facts.parts == ("train", "valid", "no part")
    assert facts.counts == {"blues": {"train": 2, "valid": 1}, "jazz": {"no part": 1}, "polka": {}}
    assert (facts.tracks, facts.largest, facts.total("blues")) == (4, 3, 3)


def test_the_card_says_what_there_is(read):
    found = read(render_card(dataset(), found=[Fault("j1", "silent")]))
    for sentence in (
        "5 tracks in 3 genres",
        "Artists2, named for 3 tracks",
        "Songs4",
        "Years1924–1927",
        "Without genre1 track ",
        "CC BY 4.0",
        "Nobody 2026",
    ):
        assert sentence in found.text
    genres, known, seen, artists = found.tables
    assert [row[:1] + row[2:] for row in genres] == [
        ["Genre", "train", "valid", "no part", "all"],
        ["blues", "2", "1", "0", "3"],
        ["jazz", "0", "0", "1", "1"],
        ["polka", "0", "0", "0", "0"],
    ]
    assert known[1:] == [["b2", "cut short"]]
    assert seen[1:] == [["j1", "silent"]]
    assert [row[:2] for row in artists[1:]] == [["Ma Rainey", "2"], ["Son House", "1"]]
    assert found.values("href") == ["https://example.org/small"]


def test_a_split_takes_the_place_of_the_parts_of_the_data_set(read):
    counts = read(render_card(dataset(), parts={"b1": "test", "b2": "test", "b3": "test", "j1": "test"})).tables[0]
    assert counts[0] == ["Genre", "", "test"]
    assert counts[1] == ["blues", "", "3"]


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_synthetic_set_has_its_badge(read, synthetic):
    assert ("synthetic data" in read(render_card(dataset(synthetic=synthetic))).text) is synthetic


def test_pictures_are_inside_the_file_and_names_are_text(read, rng):
    pictures = {"j1": rng.normal(size=(40, 50)).astype(np.float32)}
    found = read(render_card(dataset(), pictures=pictures))
    assert [value[:22] for value in found.values("src")] == ["data:image/png;base64,"]
    assert "jazzj1, <b>Ko-Ko</b>" in found.text
    assert "b" not in found.tags


def test_what_is_not_known_is_said(read):
    found = read(render_card(dataset(tracks=(), faults=(), source="", licence="", songs_known=False)))
    assert "Artistsnot known" in found.text
    assert "clips whose songs the data do not name" in found.text
    assert "None known." in found.text
    assert found.text.count("not stated") == 2


def test_the_same_data_set_gives_the_same_bytes():
    assert render_card(dataset()) == render_card(dataset())
