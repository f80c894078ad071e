"""Every format: written, read back by others, nothing else touched, undone to the last bit."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import av
import mutagen
import mutagen.id3
import pytest
import songs
from tinytag import TinyTag

from earmark.library.change import Change
from earmark.library.journal import open_journal
from earmark.library.tags import read_genres
from earmark.library.undo import undo
from earmark.library.write import Tagging, write_changes

ONE = [name for name, (_, _, several) in songs.FORMATS.items() if not several]
every_format = pytest.mark.parametrize("name", songs.FORMATS)
every_start = pytest.mark.parametrize("old", [(), ("Rock",), ("A genre far longer than what comes in its place",)])


def write(library: Path, path: Path, *new: str, **options: object) -> Tagging:
    with contextlib.closing(open_journal(library)) as journal:
        change = Change(path=path, old=read_genres(path), new=new, probability=0.5, classifier="a test")
        return write_changes([change], journal, **options)


def undo_all(library: Path, **options: object):
    with contextlib.closing(open_journal(library)) as journal:
        return undo(journal, **options)


def ffmpeg_genre(path: Path) -> str:
    """What FFmpeg calls the genre; it joins several."""
    with av.open(str(path)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    return next((value for key, value in found.items() if key.lower() in ("genre", "wm/genre")), "")


@every_start
@every_format
def test_it_is_written_and_undone_and_nothing_else_is_touched(name, old, library):
    path = songs.make(library, name, genres=old)
    os.utime(path, ns=(1_000_000_000, 1_500_000_000_000_000_000))
    whole, others, sound, heard = path.read_bytes(), songs.other_tags(path), songs.packets(path), songs.samples(path)
    tagging = write(library, path, "Jazz")
    assert tagging.faults == ()
    assert [change.new for change in tagging.written] == [("Jazz",)]
    assert songs.genres_of(path) == ("Jazz",)
    assert ffmpeg_genre(path) == "Jazz"
    assert songs.other_tags(path) == others
    assert (songs.packets(path), songs.samples(path)) == (sound, heard)
    assert path.stat().st_mtime_ns != 1_500_000_000_000_000_000
    undoing = undo_all(library)
    assert undoing.kept == ()
    assert [(change.old, change.new) for change in undoing.restored] == [(("Jazz",), old)]
    assert path.read_bytes() == whole
    assert path.stat().st_mtime_ns == 1_500_000_000_000_000_000
    assert [file.name for file in library.iterdir()] == [path.name]


@pytest.mark.parametrize("name", [name for name in songs.FORMATS if name != "wavpack"])  # tinytag does not know it
def test_a_second_reader_agrees(name, library):
    path = songs.make(library, name)
    before = TinyTag.get(path)
    write(library, path, "Drum'n'Bass – ü")
    after = TinyTag.get(path)
    assert (before.genre, after.genre) == (None, "Drum'n'Bass – ü")
    assert (after.title, after.artist, after.duration) == (before.title, before.artist, before.duration)


@pytest.mark.parametrize("name", [name for name in songs.FORMATS if name not in ONE])
def test_several_genres_are_several(name, library):
    path = songs.make(library, name, genres=("Pop",))
    whole, others = path.read_bytes(), songs.other_tags(path)
    tagging = write(library, path, "Jazz", "Soul", "Funk")
    assert [change.new for change in tagging.written] == [("Jazz", "Soul", "Funk")]
    assert songs.genres_of(path) == ("Jazz", "Soul", "Funk")
    assert songs.other_tags(path) == others
    undo_all(library)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("name", ONE)
def test_several_genres_in_a_tag_of_one_ask_for_a_separator(name, library):
    path = songs.make(library, name)
    whole = path.read_bytes()
    (fault,) = write(library, path, "Jazz", "Soul").faults
    assert fault.what == (
        "its tag is ID3v2.3, which holds one genre, and there are 2; "
        "give the separator that shall join them, or one genre"
    )
    assert path.read_bytes() == whole
    assert write(library, path, "Jazz", "Soul", separator="; ").written[0].new == ("Jazz; Soul",)
    assert songs.genres_of(path) == ("Jazz; Soul",)
    assert mutagen.id3.ID3(path).version == (2, 3, 0)
    undo_all(library)
    assert path.read_bytes() == whole


@every_format
def test_a_file_without_any_tag(name, library):
    path = songs.make(library, name, tags=False)
    whole, sound = path.read_bytes(), songs.packets(path)
    assert read_genres(path) == ()
    assert write(library, path, "Jazz").faults == ()
    assert (songs.genres_of(path), songs.packets(path)) == (("Jazz",), sound)
    undo_all(library)
    assert path.read_bytes() == whole


@every_format
def test_undoing_leaves_what_was_changed_since(name, library):
    path = songs.make(library, name, genres=("Rock", "Pop") if name not in ONE else ("Rock",))
    old = songs.genres_of(path)
    write(library, path, "Jazz")
    song = mutagen.File(path)
    key = {"TCON": "TIT2", "\xa9gen": "\xa9nam", "WM/Genre": "Title"}.get(songs.FORMATS[name][1], "title")
    song.tags[key] = mutagen.id3.TIT2(encoding=3, text="New") if key == "TIT2" else ["New"]
    song.save(**({"v2_version": 3} if name == "mp3_v23" else {}))
    others, sound = songs.other_tags(path), songs.packets(path)
    assert undo_all(library).kept == ()
    assert songs.genres_of(path) == old
    assert (songs.other_tags(path), songs.packets(path)) == (others, sound)


@every_format
def test_undoing_does_not_touch_a_genre_of_someone_else(name, library):
    path = songs.make(library, name)
    write(library, path, "Jazz")
    song = mutagen.File(path)
    song.tags[songs.FORMATS[name][1]] = (
        mutagen.id3.TCON(encoding=3, text="Mine") if songs.FORMATS[name][1] == "TCON" else ["Mine"]
    )
    song.save()
    whole = path.read_bytes()
    undoing = undo_all(library)
    assert undoing.restored == ()
    assert undoing.kept[0].what == "it says 'Mine' now, not 'Jazz' as was written: left alone"
    assert path.read_bytes() == whole


@every_format
def test_a_read_only_file_stays_as_it_is(name, library):
    path = songs.make(library, name)
    whole = path.read_bytes()
    path.chmod(0o444)
    assert write(library, path, "Jazz").faults[0].what == "it is read-only"
    path.chmod(0o644)
    library.chmod(0o555)
    assert write(library, path, "Jazz").faults[0].what == "its folder is read-only"
    library.chmod(0o755)
    assert path.read_bytes() == whole


@every_format
def test_written_again_and_again_and_undone_one_by_one(name, library):
    path = songs.make(library, name)
    states = [path.read_bytes()]
    for genre in ("Jazz", "Something much longer than Jazz", "Pop"):
        write(library, path, genre)
        states.append(path.read_bytes())
    for whole in reversed(states[:-1]):
        undo_all(library)
        assert path.read_bytes() == whole
