"""The artist in a file's tags."""

from __future__ import annotations

from pathlib import Path

import mutagen
import pytest
from songs import FORMATS, make

from earmark.errors import TagError
from earmark.library.tags.artist import read_artist


@pytest.mark.parametrize("name", FORMATS)
def test_the_artist_is_read_in_every_format(name: str, library: Path) -> None:
    assert read_artist(make(library, name)) == "An artist"
    assert read_artist(make(library / "bare", name, tags=False)) is None


def test_of_several_the_first(library: Path) -> None:
    path = make(library, "flac")
    song = mutagen.File(path)
    song["artist"] = [" Nina Simone", "Hal Mooney"]
    song.save()
    assert read_artist(path) == "Nina Simone"
    song["artist"] = ["  "]
    song.save()
    assert read_artist(path) is None


def test_the_albums_artist_goes_first_where_it_is_asked_for(library: Path) -> None:
    path = make(library, "flac")
    assert read_artist(path, of_album=True) == "An artist"
    song = mutagen.File(path)
    song["albumartist"] = "Various"
    song.save()
    assert read_artist(path, of_album=True) == "Various"
    assert read_artist(path) == "An artist"


def test_no_tags_at_all(library: Path) -> None:
    (library / "notes").write_bytes(b"words")
    assert read_artist(library / "notes") is None


def test_damaged_tags_are_named(library: Path) -> None:
    path = make(library, "flac")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(TagError, match=f"{path}: its tags are damaged: "):
        read_artist(path)
