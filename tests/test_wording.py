"""What people read that things are called: the words, the sentences they go into, and where they are known from."""

from __future__ import annotations

import pytest

from earmark.catalog import DATASETS
from earmark.wording import MUSIC, PICTURES, plural, wording_of


@pytest.mark.parametrize(("noun", "many"), [("track", "tracks"), ("class", "classes"), ("picture", "pictures")])
def test_nouns_have_a_plural(noun: str, many: str) -> None:
    assert plural(noun) == many


TOLD = {
    "1000 tracks of the validation part": "1000 pictures of the validation part",
    "by track, 640 train / 160 valid, seed 1": "by picture, 640 train / 160 valid, seed 1",
    "genre 'streetcar' is not one the classifier knows": "class 'streetcar' is not one the classifier knows",
    "two genres, one clip, 3 songs": "two classes, one picture, 3 pictures",
    "trackside, a soundtrack and by_track": "trackside, a soundtrack and by_track",
}


@pytest.mark.parametrize("told", TOLD)
def test_what_a_run_tells_is_told_in_the_words_of_its_data(told: str) -> None:
    assert PICTURES.of(told) == TOLD[told]
    assert MUSIC.of(told) == told


def test_songs_are_drawn_whole_and_pictures_are_nothing_else() -> None:
    assert (MUSIC.drawn, MUSIC.whole) == ("whole songs", False)
    assert (PICTURES.drawn, PICTURES.whole) == ("pictures", True)


def test_a_name_of_the_catalog_is_enough_and_others_are_music() -> None:
    assert {name for name in DATASETS.names() if wording_of(name) == PICTURES} == {"cifar100"}
    assert wording_of("gtzan") == wording_of("of a package that is gone") == MUSIC
