"""Links, names, owners, texts: what else a library holds, and what a person would expect."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import pytest
import songs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.errors import TagError
from earmark.library.change import Change
from earmark.library.journal import open_journal
from earmark.library.rewrite import is_same
from earmark.library.tags import read_genres
from earmark.library.tags.files import foreign_bytes, read_field, second_reading
from earmark.library.tags.genre import LONGEST, check_texts
from earmark.library.tags.splice import spliced
from earmark.library.undo import undo
from earmark.library.write import Tagging, write_changes

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file systems")


def write(library: Path, *changes: tuple[Path, tuple[str, ...], tuple[str, ...]], **options: object) -> Tagging:
    with contextlib.closing(open_journal(library)) as journal:
        asked = [Change(path=p, old=old, new=new, probability=0.9, classifier="a test") for p, old, new in changes]
        return write_changes(asked, journal, **options)


def undo_all(library: Path):
    with contextlib.closing(open_journal(library)) as journal:
        return undo(journal)


NAMES = ["Ünïcode – 音楽 🎵.flac", "x" * 250 + ".flac", ".hidden.flac", " space .flac", "line\nbreak.flac", "-n.flac"]


@posix
@pytest.mark.parametrize("name", [*NAMES, os.fsdecode(b"\xff\xfe latin \xe9.flac")])
def test_any_name_is_written(name, library):
    path = songs.make(library, "flac").rename(library / name)
    whole = path.read_bytes()
    assert write(library, (path, (), ("Jazz",))).faults == ()
    assert read_genres(path) == ("Jazz",)
    assert undo_all(library).kept == ()
    assert path.read_bytes() == whole


def test_a_misnamed_file_is_what_its_content_is(library):
    path = songs.make(library, "mp3_v23").rename(library / "song.flac")
    assert write(library, (path, (), ("Jazz",))).faults == ()
    assert songs.genres_of(path.rename(library / "song.mp3")) == ("Jazz",)


def test_what_cannot_be_written_is_listed_and_the_rest_goes_on(library):
    good = songs.make(library, "flac")
    (library / "empty.mp3").write_bytes(b"")
    (library / "text.mp3").write_bytes(b"words " * 100)
    (library / "folder.mp3").mkdir()
    (library / "loop.mp3").symlink_to(library / "loop.mp3")
    (library / "dangling.mp3").symlink_to(library / "nowhere")
    names = ["empty.mp3", "text.mp3", "folder.mp3", "loop.mp3", "dangling.mp3", "vanished.mp3", good.name]
    heard: list[tuple[int, int]] = []
    tagging = write(
        library, *((library / name, (), ("Jazz",)) for name in names), progress=lambda *step: heard.append(step)
    )
    assert [change.path for change in tagging.written] == [good]
    assert {
        Path(fault.where).name: fault.what.partition(";")[0].partition(" whose")[0] for fault in tagging.faults
    } == {
        "empty.mp3": "it is empty",
        "text.mp3": "it is no kind of file",
        "folder.mp3": "it is not a file",
        "loop.mp3": "Too many levels of symbolic links",
        "dangling.mp3": "No such file or directory",
        "vanished.mp3": "No such file or directory",
    }
    assert heard == [(done, 7) for done in range(1, 8)]


def test_a_link_stays_and_its_target_is_written(library, tmp_path):
    target = songs.make(tmp_path / "elsewhere", "flac")
    whole = target.read_bytes()
    (library / "link.flac").symlink_to(target)
    assert write(library, (library / "link.flac", (), ("Jazz",))).faults == ()
    assert (library / "link.flac").is_symlink()
    assert read_genres(target) == ("Jazz",)
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert undo_all(library).kept == ()
    assert target.read_bytes() == whole


@posix
def test_hard_links_are_refused_since_renaming_would_part_them(library):
    path = songs.make(library, "flac")
    (library / "other name.flac").hardlink_to(path)
    (fault,) = write(library, (path, (), ("Jazz",))).faults
    assert fault.what.startswith("it has 2 names (hard links): writing one would part it from the others")
    assert path.samefile(library / "other name.flac")


def test_a_file_that_changed_since_the_plan_is_left_alone(library):
    path = songs.make(library, "flac", genres=("Mine",))
    whole = path.read_bytes()
    (fault,) = write(library, (path, ("Rock",), ("Jazz",))).faults
    assert fault.what == "its genre has changed since it was looked at: 'Mine', not 'Rock'"
    (fault,) = write(library, (path, ("Mine",), ("Mine",))).faults
    assert fault.what == "its genre is 'Mine' already"
    assert path.read_bytes() == whole
    assert write(library, (path, ("Mine",), ("Jazz",)), (path, ("Mine",), ("Soul",))).faults[0].what == (
        "its genre has changed since it was looked at: 'Jazz', not 'Mine'"
    )


@posix
def test_mode_attributes_and_on_demand_the_time_are_kept(library):
    path = songs.make(library, "flac")
    path.chmod(0o640)
    os.utime(path, ns=(1_000_000_000, 1_234_567_891_000_000_000))
    with contextlib.suppress(OSError):  # not all file systems have them
        os.setxattr(path, "user.colour", b"blue")
    attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    assert write(library, (path, (), ("Jazz",)), keep_mtime=True).faults == ()
    status = path.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (0o640, 1_234_567_891_000_000_000)
    assert {name: os.getxattr(path, name) for name in os.listxattr(path)} == attributes
    undo_all(library)
    assert path.stat().st_mtime_ns == 1_234_567_891_000_000_000


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="giving files away is for root")
def test_the_owner_is_kept_or_the_file_left_alone(library, monkeypatch):
    path = songs.make(library, "flac")
    os.chown(path, 12345, 54321)
    assert write(library, (path, (), ("Jazz",))).faults == ()
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)

    def refused(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refused)
    (fault,) = write(library, (path, ("Jazz",), ("Soul",))).faults
    assert fault.what.startswith("it belongs to user 12345 and group 54321, to whom the new file could not be given")
    assert read_genres(path) == ("Jazz",)


def test_same_means_untouched(library):
    path = songs.make(library, "flac")
    seen = path.stat()
    assert is_same(seen, path.stat())
    path.write_bytes(path.read_bytes() + b"\0")
    assert not is_same(seen, path.stat())


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ((), "no genre to write; a genre is never removed for want of an answer"),
        (("",), "the genre '' is empty"),
        (("Jazz", " \t"), r"the genre ' \\t' is empty"),
        (("A\0B",), r"the genre 'A\\x00B' holds a control character, '\\x00'"),
        (("A\nB",), r"holds a control character, '\\n'"),
        (("\ud800",), r"holds half of a character, '\\ud800'"),
        (("x" * 1001,), "the genre 'xxxxxxxxxxxxxxxxxxxx'… has 1001 characters; at most 1000 are written"),
    ],
)
def test_what_is_no_genre_is_refused(texts, why, library):
    with pytest.raises(TagError, match=why):
        check_texts(texts)
    path = songs.make(library, "flac")
    whole = path.read_bytes()
    assert len(write(library, (path, (), texts)).faults) == 1
    assert path.read_bytes() == whole


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)
LONG = st.text("ÿa(1", min_size=LONGEST, max_size=LONGEST)
GENRES = st.lists(TEXTS, min_size=1, max_size=3) | st.lists(LONG, min_size=1, max_size=1)


@pytest.mark.parametrize("name", songs.FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=GENRES)
def test_any_text_is_read_back_as_it_is_or_refused(name, texts, library):
    """Both readers agree on it; ID3 alone refuses what it would read as a number."""
    path = library / f"song.{songs.FORMATS[name][0]}"
    if not path.exists():
        songs.make(library, name).rename(path)
    try:
        check_texts(tuple(texts))
    except TagError:
        return
    with path.open("rb") as file:
        container, _ = read_field(file)
        try:
            with foreign_bytes():
                wanted = container.encode(file, tuple(texts), " / ")
        except TagError as error:
            said = str(error)
            assert songs.FORMATS[name][1] == "TCON"
            assert said.startswith("readers of ID3 would take")
            return
        new = b"".join(spliced(file, container.place(file, wanted.raw)))
    made = path.with_name("made")
    made.write_bytes(new)
    with made.open("rb") as file:
        assert read_field(file)[1] == wanted
        assert second_reading(container, file).genres == wanted.texts
    assert wanted.texts in (tuple(texts), (" / ".join(texts),))
