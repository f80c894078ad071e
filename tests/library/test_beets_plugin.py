"""The plugin in a real library of beets: database and files say the same, and nothing is lost or stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mutagen.flac
import pytest
from beets import config, logging, plugins, ui
from beets.autotag import AlbumInfo, TrackInfo
from beets.library import Item, Library, WriteError

import beetsplug.earmark
from earmark.classifier import Classifier, load
from earmark.library import listen
from earmark.library.plan import MIN_CONFIDENCE
from listeners import write_song

SETTINGS = {"model": "../small", "min_confidence": 0.0, "workers": 0}


class Beets:
    """A person's beets, in a folder of its own; songs wait in `inbox`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder.parent / "inbox"
        self.music = folder / "music"
        self.opened: list[Library] = []
        self.configure()

    def configure(self, **settings: Any) -> None:
        """Write config.yaml, of which JSON is a part; what is no setting of the plugin is one of beets."""
        of_beets = {key: settings.pop(key) for key in ("import", "paths", "threaded") if key in settings}
        content = {"directory": "music", "library": "library.db", "plugins": "earmark"}
        content |= {"create_backup_before_migrations": False} | of_beets
        self.folder.mkdir(exist_ok=True)
        (self.folder / "config.yaml").write_text(json.dumps(content | {"earmark": SETTINGS | settings}))

    def song(self, album: str, title: str, *genres: str, seed: int = 0) -> Path:
        """One song in the inbox."""
        path = write_song(self.inbox / album / f"{title}.flac", seed=seed, genres=genres)
        song = mutagen.flac.FLAC(path)
        song.update({"artist": "Ada", "album": album, "title": title, "comment": "mine"})
        song.save()
        return path

    def __call__(self, *arguments: str) -> None:
        """Run `beet` as its script does."""
        self.forget()
        ui.main(list(arguments))

    def forget(self) -> None:
        """All of its state is global."""
        for opened in self.opened:
            opened._close()
        config.clear()
        plugins._instances.clear()
        plugins.BeetsPlugin.listeners.clear()
        plugins.BeetsPlugin._raw_listeners.clear()
        logging.getLogger("beets").handlers.clear()

    def library(self) -> Library:
        self.opened.append(Library(str(self.folder / "library.db"), str(self.music)))
        return self.opened[-1]

    def tracks(self) -> dict[str, list[str]]:
        """Genres by title, of which beets' database and the files must say the same."""
        items = list(self.library().items())
        in_files = {item.title: list(mutagen.flac.FLAC(item.filepath).get("genre", [])) for item in items}
        assert {item.title: item.genres for item in items} == in_files
        return in_files

    def albums(self) -> dict[str, list[str]]:
        return {album.album: album.genres for album in self.library().albums()}


class Said(NamedTuple):
    out: str
    err: str


@pytest.fixture
def beet(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beets]:
    (tmp_path / "small").symlink_to(model)
    monkeypatch.setenv("BEETSDIR", str(tmp_path / "beets"))
    monkeypatch.setenv("HOME", str(tmp_path))
    made = Beets(tmp_path / "beets")
    opening = ui._open_library
    monkeypatch.setattr(ui, "_open_library", lambda settings: made.opened.append(opening(settings)) or made.opened[-1])
    yield made
    made.forget()


@pytest.fixture
def filled(beet: Beets, capsys: pytest.CaptureFixture[str]) -> Beets:
    """Two albums without genres, but for one track; the plugin was not there when they were imported."""
    beet.configure(auto=False)
    beet.song("Blue", "one")
    beet.song("Blue", "two", "Ska", seed=1)
    beet.song("Red", "three", seed=2)
    beet("import", "-A", "-q", str(beet.inbox))
    assert beet.tracks() == {"one": [], "two": ["Ska"], "three": []}
    assert beet.albums() == {"Blue": [], "Red": []}
    capsys.readouterr()
    return beet


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], Said]:
    return lambda: Said(*capsys.readouterr())


# The command.


def test_pretending_shows_what_would_change_and_changes_nothing(filled: Beets, model: Path, said) -> None:
    before = {path: path.read_bytes() for path in filled.music.rglob("*.flac")}
    filled("earmark", "--pretend")
    shown = said()
    answer = load(model).predict(filled.inbox / "Red" / "three.flac", whole=False)
    expected = f"none -> {answer.genre} ({answer.probability:.0%})"
    assert f"Ada - Red - three: {expected}\n" in shown.out
    assert f"Ada - Red: {expected}\n" in shown.out  # an album of one track
    assert "two" not in shown.out
    assert "5 tracks and albums: 4 planned, 0 changed, 1 kept" in shown.err
    assert filled.tracks() == {"one": [], "two": ["Ska"], "three": []}
    assert filled.albums() == {"Blue": [], "Red": []}
    assert {path: path.read_bytes() for path in filled.music.rglob("*.flac")} == before


def test_what_lacks_a_genre_gets_one_in_database_and_file(filled: Beets, model: Path, said) -> None:
    filled("earmark")
    assert "5 tracks and albums: 0 planned, 4 changed, 1 kept" in said().err
    one, three = (load(model).predict(filled.inbox / name, whole=False) for name in ("Blue/one.flac", "Red/three.flac"))
    assert filled.tracks() == {"one": [one.genre], "two": ["Ska"], "three": [three.genre]}
    assert filled.albums()["Red"] == [three.genre]
    assert len(filled.albums()["Blue"]) == 1
    for path in filled.music.rglob("*.flac"):
        assert mutagen.flac.FLAC(path)["comment"] == ["mine"]
    filled("earmark")
    assert "5 tracks and albums: 0 planned, 0 changed, 5 kept" in said().err


@pytest.mark.parametrize(("options", "kept"), [(["-f"], []), (["-f", "-k"], ["Ska"])])
def test_force_replaces_or_adds(filled: Beets, model: Path, options: list[str], kept: list[str]) -> None:
    filled("earmark", *options, "title:two")
    genre = load(model).predict(filled.inbox / "Blue" / "two.flac", whole=False).genre
    assert filled.tracks() == {"one": [], "two": [*kept, genre], "three": []}
    assert filled.albums() == {"Blue": [], "Red": []}  # not all tracks of Blue were meant


def test_several_genres_are_several_values(filled: Beets, model: Path) -> None:
    filled.configure(top=2)
    filled("earmark", "title:three")
    ranked = load(model).predict(filled.inbox / "Red" / "three.flac", whole=False).ranked()
    assert filled.tracks()["three"] == [name for name, _ in ranked[:2]]


def test_a_mapping_lies_beside_the_configuration(filled: Beets) -> None:
    (filled.folder / "names.toml").write_text('[rename]\njazz = "Mine"\npop = "Mine"\nrock = "Mine"\n')
    filled.configure(mapping="names.toml", min_confidence=1 - 1e-9)
    filled("earmark")
    assert filled.albums() == {"Blue": ["Mine"], "Red": ["Mine"]}


def test_what_is_not_sure_enough_is_left_alone(filled: Beets, said) -> None:
    filled.configure(min_confidence=0.99)
    filled("-v", "earmark")
    shown = said()
    assert "5 tracks and albums: 0 planned, 0 changed, 1 kept, 4 unsure" in shown.err
    assert "below 99%" in shown.err
    assert filled.tracks() == {"one": [], "two": ["Ska"], "three": []}


def test_files_are_listened_to_once_even_where_beets_has_written_them(
    filled: Beets, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    look = listen.look
    monkeypatch.setattr("earmark.library.suggester.look", lambda model, path: heard.append(path) or look(model, path))
    for options in (["-p"], [], ["-f"]):
        filled("earmark", *options)
    assert len(heard) == len(set(heard)) == 3


def test_processes_may_listen(filled: Beets) -> None:
    filled.configure(workers=1)
    filled("earmark")
    assert all(filled.tracks().values())


def test_without_writing_the_database_alone_has_them(filled: Beets) -> None:
    filled.configure(**{"import": {"write": False}})
    filled("earmark", "title:three")
    (item,) = filled.library().items("title:three")
    assert item.genres
    assert "genre" not in mutagen.flac.FLAC(item.filepath)


def test_what_cannot_be_written_is_not_kept_either(filled: Beets, monkeypatch: pytest.MonkeyPatch, said) -> None:
    refuse_to_write(monkeypatch, "three.flac")
    filled("earmark")
    shown = said()
    assert "three.flac" in shown.err
    assert "5 tracks and albums: 0 planned, 3 changed, 1 kept, 0 unsure, 0 not music, 1 failed" in shown.err
    assert "Ada - Red - three" not in shown.out
    assert filled.tracks()["three"] == []


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_done(filled: Beets, said) -> None:
    (broken,) = filled.music.rglob("*one.flac")
    broken.write_bytes(broken.read_bytes()[:400])
    (lost,) = filled.music.rglob("*two.flac")
    lost.unlink()
    filled("earmark", "-f")
    shown = said()
    assert f"earmark: {lost}: No such file or directory\n" in shown.err
    assert f"earmark: {broken}: " in shown.err
    assert "5 tracks and albums: 0 planned, 2 changed, 0 kept, 0 unsure, 0 not music, 3 failed" in shown.err
    assert filled.albums()["Blue"] == []
    assert len(filled.albums()["Red"]) == 1


# The import.


@pytest.mark.parametrize("threaded", [True, False])
def test_what_is_imported_as_it_is_gets_genres_in_time_for_its_path(beet: Beets, model: Path, threaded: bool) -> None:
    beet.configure(paths={"default": "$genres/$title"}, threaded=threaded)
    songs = [beet.song("Blue", "one"), beet.song("Blue", "two", "Ska", seed=1), beet.song("Red", "three", seed=2)]
    before = [song.read_bytes() for song in songs]
    beet("import", "-A", "-q", str(beet.inbox))
    one, three = (load(model).predict(song, whole=False).genre for song in (songs[0], songs[2]))
    assert beet.tracks() == {"one": [one], "two": ["Ska"], "three": [three]}
    ((blue,), (red,)) = (beet.albums()[name] for name in ("Blue", "Red"))  # beets makes paths of an album's own fields
    assert red == three
    places = {str(path.relative_to(beet.music)) for path in beet.music.rglob("*.flac")}
    assert places == {f"{blue}/one.flac", f"{blue}/two.flac", f"{red}/three.flac"}
    assert [song.read_bytes() for song in songs] == before


def test_one_classifier_serves_all_albums_of_an_import(beet: Beets, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    monkeypatch.setattr(listen, "load", lambda name: loaded.append(name) or load(name))
    for seed in range(3):
        beet.song(f"album {seed}", f"song {seed}", seed=seed)
    beet("import", "-A", "-q", str(beet.inbox))
    assert len(loaded) == 1
    assert all(beet.tracks().values())
    assert len(beet.albums()) == 3


def test_what_is_matched_is_written_by_beets_itself(beet: Beets, monkeypatch: pytest.MonkeyPatch) -> None:
    def candidates(items: list[Item], artist: str, album: str, _: bool) -> Iterator[AlbumInfo]:
        tracks = [
            TrackInfo(title=item.title, artist=artist, length=item.length, index=i, track_id=str(i))
            for i, item in enumerate(items, start=1)
        ]
        yield AlbumInfo(tracks, album=album, artist=artist, album_id="1", label="Mine", data_source="a test")

    monkeypatch.setattr("beets.metadata_plugins.candidates", candidates)
    writes = []
    write = Item.write
    monkeypatch.setattr(Item, "write", lambda item, *args, **kwargs: writes.append(1) or write(item, *args, **kwargs))
    beet.song("Blue", "one")
    beet("import", "-q", str(beet.inbox))
    (genres,) = beet.tracks().values()
    assert len(genres) == 1
    assert len(writes) == 1
    assert [item.label for item in beet.library().items()] == ["Mine"]


def test_singletons_get_genres_too(beet: Beets) -> None:
    beet.song("Blue", "one")
    beet("import", "-A", "-q", "-s", str(beet.inbox))
    assert len(beet.tracks()["one"]) == 1


def test_an_import_goes_on_past_what_cannot_be_heard_or_written(
    beet: Beets, monkeypatch: pytest.MonkeyPatch, said
) -> None:
    broken = beet.song("Blue", "broken")
    broken.write_bytes(broken.read_bytes()[:-3000])
    beet.song("Blue", "good", seed=1)
    beet.song("Blue", "locked", seed=2)
    refuse_to_write(monkeypatch, "locked.flac")
    beet("import", "-A", "-q", str(beet.inbox))
    tracks = beet.tracks()
    assert tracks == {"broken": [], "good": [tracks["good"][0]], "locked": []}
    assert f"earmark: {broken}: " in said().err


def test_an_import_goes_on_where_the_classifier_fails(beet: Beets, monkeypatch: pytest.MonkeyPatch, said) -> None:
    cache = beet.folder / "not a folder"
    cache.write_bytes(b"")
    monkeypatch.setenv("EARMARK_CACHE", str(cache))
    beet.song("Blue", "one")
    beet("import", "-A", "-q", str(beet.inbox))
    assert beet.tracks() == {"one": []}
    assert "earmark: " in said().err


def test_an_import_is_left_alone_where_that_is_asked_for(beet: Beets) -> None:
    beet.configure(auto=False, model="never looked for")
    beet.song("Blue", "one")
    beet("import", "-A", "-q", str(beet.inbox))
    assert beet.tracks() == {"one": []}


# What beets and a person see of it.


@pytest.mark.parametrize("command", [["earmark"], ["import", "-A", "-q"]])
@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"model": "smal"}, "error: smal: neither a classifier's folder nor the name of one"),
        ({"mapping": "lost.toml"}, "lost.toml: cannot be read as a genre mapping"),
        ({"min_confidence": 2}, "error: min_confidence=2, top=1: the first lies between 0 and 1"),
        ({"min_confidence": "high"}, "configuration error: earmark.min_confidence: must be numeric"),
        ({"top": "x"}, "configuration error: earmark.top: must be a number"),
    ],
)
def test_a_wrong_setting_is_one_line_and_nothing_is_imported(
    beet: Beets, said, command: list[str], setting: dict[str, Any], error: str
) -> None:
    beet.song("Blue", "one")
    beet.configure(**setting)
    with pytest.raises(SystemExit, match="1"):
        beet(*command, *([str(beet.inbox)] if command[0] == "import" else []))
    (line,) = said().err.splitlines()
    assert error in line
    assert beet.tracks() == {}


def test_what_to_know_of_the_classifier_is_said(filled: Beets, monkeypatch: pytest.MonkeyPatch, said) -> None:
    monkeypatch.setattr(Classifier, "note", "it makes do")
    filled("earmark", "-p")
    assert "earmark: it makes do\n" in said().err


@pytest.mark.usefixtures("beet")
def test_what_is_sure_enough_is_as_sure_as_for_earmark_tag() -> None:
    plugin = beetsplug.earmark.EarmarkPlugin()
    assert plugin.config["min_confidence"].get() == MIN_CONFIDENCE


def test_beets_starts_as_fast_as_without_it() -> None:
    code = "import sys, beetsplug.earmark; print(*[name for name in sys.modules if name.split('.')[0] == 'earmark'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def refuse_to_write(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Files of that name are read-only to beets."""
    write = Item.write

    def refusing(item: Item, *args: Any, **kwargs: Any) -> None:
        if item.filepath.name.endswith(name):
            raise WriteError(item.path, PermissionError("read-only"))
        write(item, *args, **kwargs)

    monkeypatch.setattr(Item, "write", refusing)
