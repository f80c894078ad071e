"""A person's own genres: kept at once, and no track but those of the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.errors import DataError, TagError, UsageError
from earmark.library.own_genres import OwnGenres
from listeners import write_song


@pytest.fixture
def own(library: Path) -> OwnGenres:
    for seed in range(3):
        write_song(library / "album" / f"{seed}.flac", seed=seed)
    write_song(library / "said.flac", seed=3, genres=("Ska", "Dub"))
    return OwnGenres(library)


def test_tracks_are_put_into_genres_and_that_is_kept(own: OwnGenres, library: Path) -> None:
    assert own.tracks == ["said.flac", "album/0.flac", "album/1.flac", "album/2.flac"]
    assert own.add(" Late Night ") == "Late Night"
    assert own.add("late night") == "Late Night"
    own.add("Morning")
    own.put(["album/0.flac", "album/1.flac"], "Late Night")
    own.put(["album/1.flac"], "Morning")
    own.put(["said.flac", "album/2.flac"], "Morning")
    own.put(["said.flac"], None)
    again = OwnGenres(library)
    assert again.genres == ["Late Night", "Morning"]
    assert [again.genre(track) for track in again.tracks] == [None, "Late Night", "Morning", "Morning"]
    assert again.counts == {"Late Night": 1, "Morning": 2}
    (library / "album" / "0.flac").unlink()
    assert set(OwnGenres(library).given) == {library / "album" / "1.flac", library / "album" / "2.flac"}


def test_an_unmade_genre_lets_its_tracks_go(own: OwnGenres, library: Path) -> None:
    own.add("Morning")
    own.put(["said.flac"], "Morning")
    own.remove("Morning")
    assert OwnGenres(library).genres == []
    assert OwnGenres(library).given == {}


def test_tags_are_taken_where_nothing_was_said(own: OwnGenres) -> None:
    assert own.take_tags() == 1
    assert own.genre("said.flac") == "Ska"
    assert own.genres == ["Ska"]


def test_what_there_is_not_is_refused(own: OwnGenres) -> None:
    own.add("Morning")
    with pytest.raises(UsageError, match=r"no genre 'Mourning' was made; did you mean 'Morning'\?"):
        own.put(["said.flac"], "Mourning")
    for track in ("album/9.flac", "../outside.flac", "/etc/passwd", "album"):
        with pytest.raises(UsageError, match=f"^{track}: no such track in "):
            own.put(["said.flac", track], "Morning")
    with pytest.raises(TagError, match="is empty"):
        own.add("  ")
    assert own.given == {}


@pytest.mark.usefixtures("own")
def test_links_that_lead_out_and_names_that_are_no_text_are_left_out(library: Path) -> None:
    write_song(library.parent / "outside.flac")
    (library / "out.flac").symlink_to(library.parent / "outside.flac")
    (library / "said.flac").rename(library / "sa\udcffid.flac")
    again = OwnGenres(library)
    assert len(again.tracks) == 3
    assert sorted(fault.what for fault in again.faults) == [
        "a link that leads out of this folder",
        "its name is not text; rename it",
    ]


def test_a_damaged_file_is_named(own: OwnGenres, library: Path) -> None:
    own.add("Morning")
    own.path.write_text("{")
    with pytest.raises(DataError, match=r"\.json: your own genres cannot be read: .*; remove the file to begin anew"):
        OwnGenres(library)
    own.path.write_text('{"library": "", "format": 2}')
    with pytest.raises(DataError, match="its format is 2, known is 1; update earmark"):
        OwnGenres(library)
