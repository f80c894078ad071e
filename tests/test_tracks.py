"""Tracks and data sets: what is filled in, looked up, counted and refused."""

from __future__ import annotations

import pytest

from earmark.errors import DataError
from earmark.tracks import Dataset, Track, clips


def dataset(*tracks, **fields):
    return Dataset("miniature", "audio", ("jazz", "rock"), tracks, read=lambda track: track.path, **fields)


class TestTrack:
    def test_a_whole_song_is_its_own_song(self):
        assert Track(id="a").song == "a"
        assert Track(id="a#0", song="a").song == "a"

    def test_the_first_genre_counts(self):
        assert Track(id="a", genres=("rock", "jazz")).genre == "rock"
        assert Track(id="a").genre is None

    def test_clips_cut_from_the_start_and_stay_with_their_song(self):
        cut = clips(Track(id="a", path="a.wav", genres=("jazz",), start=10.0), count=3, seconds=2.0)
        assert [clip.id for clip in cut] == ["a#00", "a#01", "a#02"]
        assert [clip.start for clip in cut] == [10.0, 12.0, 14.0]
        assert {(clip.song, clip.seconds, clip.path, clip.genre) for clip in cut} == {("a", 2.0, "a.wav", "jazz")}


class TestDataset:
    def test_tracks_by_id(self):
        data = dataset(Track(id="a", path="a.wav"), Track(id="b", path="b.wav"))
        assert len(data) == 2
        assert data.read(data.track("b")) == "b.wav"
        with pytest.raises(DataError, match="miniature: no track 'bb'; did you mean 'b'"):
            data.track("bb")

    def test_ids_are_unique(self):
        with pytest.raises(DataError, match="miniature: track id 'b' stands 3 times; ids must be unique"):
            dataset(*(Track(id=name) for name in "abcbdadb"))

    def test_genres_are_declared(self):
        with pytest.raises(DataError, match="miniature: a: genre 'jaz' is not one of jazz, rock; did you mean 'jazz'"):
            dataset(Track(id="a", genres=("rock", "jaz")))

    def test_labels_are_places_of_the_genre(self):
        tracks = Track(id="a", genres=("rock",)), Track(id="b"), Track(id="c", genres=("jazz", "rock"))
        data = dataset(*tracks)
        assert data.labels(data.tracks).tolist() == [1, -1, 0]
        assert data.labels(()).shape == (0,)

    def test_counts_name_every_genre(self):
        assert dataset(Track(id="a", genres=("rock",)), Track(id="b")).counts() == {"jazz": 0, "rock": 1}

    def test_only_some_of_the_tracks(self):
        data = dataset(Track(id="a"), Track(id="b"), Track(id="c"), source="here")
        fewer = data.only([data.track("c"), data.track("a")])
        assert [track.id for track in fewer.tracks] == ["c", "a"]
        assert fewer.track("a").id == "a"
        assert fewer.source == "here"
        with pytest.raises(DataError, match="no track 'b'"):
            fewer.track("b")
        assert len(data) == 3

    def test_an_empty_one_can_be_had(self):
        assert dataset().counts() == {"jazz": 0, "rock": 0}
