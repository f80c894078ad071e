"""The tracks that were learned from: kept in a few bytes each, and the likest found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy.spatial.distance import cdist

from earmark.classifier.loading import DEFAULT, SHIPPED
from earmark.classifier.neighbours import FILE, Neighbours, neighbours_of, read_neighbours, write_neighbours
from earmark.errors import ModelError


@pytest.fixture
def known(rng: np.random.Generator) -> Neighbours:
    """Twenty tracks, of numbers on scales that differ by thousands; one number never changes."""
    numbers = rng.normal(size=(20, 5)) * [1, 1000, 0.01, 1, 0] + [0, 50, 3, -1, 7]
    names = [f"track {i}" for i in range(20)]
    return neighbours_of("tags", names, ["waltz", "polka"] * 10, numbers)


def test_the_nearest_are_those_of_the_least_angle(known: Neighbours, rng: np.random.Generator) -> None:
    example = known.numbers[3] + rng.normal(size=5) * [0.1, 100, 0.001, 0.1, 0]
    numbers = known.numbers.astype(float)
    deviations = (numbers - numbers.mean(0))[:, :4] / numbers.std(0)[:4]
    own = ((example - numbers.mean(0))[:4] / numbers.std(0)[:4])[None]
    angles = cdist(deviations, own, "cosine")[:, 0]
    found = known.nearest(example, 6)
    assert [neighbour.name for neighbour in found] == [f"track {i}" for i in np.argsort(angles)[:6]]
    assert [neighbour.similarity for neighbour in found] == pytest.approx((1 - np.sort(angles))[:6])
    assert found[0].name == "track 3"


def test_a_track_is_most_like_itself(known: Neighbours) -> None:
    for i in range(20):
        first, *_ = known.nearest(known.numbers[i], 2)
        assert (first.name, first.genres) == (f"track {i}", ("polka" if i % 2 else "waltz",))
        assert first.similarity == pytest.approx(1)


def test_what_is_like_none_is_so(known: Neighbours) -> None:
    assert known.nearest(known.numbers.astype(float).mean(0), 1)[0].similarity == pytest.approx(0, abs=1e-6)


def test_a_track_of_two_genres_stands_there_once() -> None:
    found = neighbours_of("tags", ["a", "b", "a"], ["waltz", "waltz", "polka"], np.array([[1.0], [2.0], [1.0]]))
    assert found.names == ("a", "b")
    assert found.genres == (("waltz", "polka"), ("waltz",))
    assert found.numbers.tolist() == [[1], [2]]


def test_they_are_read_as_they_were_written(known: Neighbours, tmp_path: Path) -> None:
    odd = neighbours_of("tags", ["ä \udcff.mp3"], ["waltz"], np.ones((1, 2)))
    for neighbours in (known, odd):
        write_neighbours(tmp_path, neighbours)
        again = read_neighbours(tmp_path)
        assert again is not None
        assert (again.voice, again.names, again.genres) == (neighbours.voice, neighbours.names, neighbours.genres)
        np.testing.assert_array_equal(again.numbers, neighbours.numbers)
    assert odd.names == ("ä \\udcff.mp3",)
    assert read_neighbours(tmp_path / "elsewhere") is None


def test_damage_is_named(known: Neighbours, tmp_path: Path) -> None:
    path = tmp_path / FILE
    header = {"format": "1", "voice": "tags", "tracks": '[["a",["waltz"]]]'}
    for changed, why in (
        ({"format": "2"}, r"neighbours\.safetensors: format 2 is not the 1 this earmark reads; update earmark"),
        ({"tracks": "["}, r"neighbours\.safetensors: the tracks that were learned from cannot be read"),
        ({}, r"it names 1 tracks and has numbers of 20"),
    ):
        save_file({"numbers": known.numbers}, path, metadata=header | changed)
        with pytest.raises(ModelError, match=why):
            read_neighbours(tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match="cannot be read"):
        read_neighbours(tmp_path)


def test_the_shipped_ones_are_of_tracks_with_a_genre_each() -> None:
    shipped = read_neighbours(SHIPPED / DEFAULT)
    assert shipped is not None
    assert shipped.voice == "tags"
    assert shipped.numbers.shape == (442, 50)
    assert len(set(shipped.names)) == 442
    assert all(len(genres) == 1 for genres in shipped.genres)
    size = sum(path.stat().st_size for path in (SHIPPED / DEFAULT).rglob("*") if path.is_file())
    assert size < 300_000
