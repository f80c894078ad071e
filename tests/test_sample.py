"""Some tracks of each genre, drawn at random."""

from __future__ import annotations

from collections import Counter

import pytest

from earmark.errors import UsageError
from earmark.splits import sample
from earmark.tracks import Dataset, Track

TRACKS = tuple(Track(id=f"{genre}{i}", genres=(genre,)) for genre, n in (("a", 30), ("b", 4)) for i in range(n))
DATASET = Dataset("data", "audio", ("a", "b"), (*TRACKS, Track(id="unknown")), lambda _: None)


def test_at_most_so_many_of_each_genre_remain_in_their_order() -> None:
    found = sample(DATASET, per_genre=10)
    assert found.counts() == {"a": 10, "b": 4}
    assert len(found) == 14
    assert [track for track in TRACKS if track in found.tracks] == list(found.tracks)


def test_the_draw_depends_on_the_seed_alone() -> None:
    backwards = DATASET.only(DATASET.tracks[::-1])
    assert {t.id for t in sample(backwards, per_genre=10).tracks} == {
        t.id for t in sample(DATASET, per_genre=10).tracks
    }
    often = Counter(t.id for seed in range(300) for t in sample(DATASET, per_genre=10, seed=seed).tracks)
    assert {often[f"b{i}"] for i in range(4)} == {300}
    assert all(60 <= often[f"a{i}"] <= 140 for i in range(30))  # 100 expected, with a deviation of 8


def test_at_least_one_must_be_left() -> None:
    with pytest.raises(UsageError, match="0 tracks of each genre: at least one must be left"):
        sample(DATASET, per_genre=0)
