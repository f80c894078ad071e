"""Genres suggested to a program that keeps its own record: its genres count, and albums are judged by their tracks."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from earmark.batches.mapping import Place
from earmark.checksums import file_digest
from earmark.classifier import load
from earmark.errors import DataError, ModelError, UsageError
from earmark.library import listen
from earmark.library.answers import Answers, Heard, Seen, stamp_of
from earmark.library.change import Change
from earmark.library.listen import listening
from earmark.library.plan import Existing, Outcome
from earmark.library.suggester import Holding, Suggester
from earmark.tracks import Fault
from listeners import GENRES, write_song

HERE = Place(workers=0)


def said_before(model: Path, path: Path, probabilities: tuple[float, ...], verdict: str = "music") -> Path:
    """A song that counts as heard, with that answer."""
    write_song(path, seed=len(path.name))
    status = path.stat()
    with contextlib.closing(Answers(listening(model)[0].digest)) as answers:
        heard = Heard(probabilities, verdict)
        answers.keep(path, Seen(stamp_of(status), status.st_size, file_digest(path), (), heard))
    return path


def test_an_album_is_judged_by_the_mean_of_its_tracks(model: Path, library: Path) -> None:
    songs = tuple(write_song(library / f"{seed}.flac", seed=seed) for seed in range(3))
    suggester = Suggester(model, min_confidence=0)
    (album,), faults = suggester.suggest([Holding(songs, ())], place=HERE)
    mean = np.mean([load(model).predict(song).probabilities for song in songs], axis=0)
    expected = sorted(zip(GENRES, mean, strict=True), key=lambda entry: -entry[1])
    assert [name for name, _ in album.suggested] == [name for name, _ in expected]
    assert [p for _, p in album.suggested] == pytest.approx([p for _, p in expected])
    assert album.change is not None
    assert (album.change.old, album.change.new, faults) == ((), (expected[0][0],), [])


def test_tracks_that_are_not_music_count_only_where_none_is(model: Path, library: Path) -> None:
    music = said_before(model, library / "a.flac", (0.1, 0.2, 0.7))
    speech = said_before(model, library / "bb.flac", (1.0, 0.0, 0.0), "not music")
    (both, alone), _ = Suggester(model).suggest([Holding((speech, music), ()), Holding((speech,), ())], place=HERE)
    assert both.suggested[0] == ("rock", 0.7)
    assert both.outcome is Outcome.PLANNED
    assert alone.outcome is Outcome.NOT_MUSIC


def test_what_has_a_genre_is_not_listened_to_unless_it_may_change(model: Path, library: Path) -> None:
    lost = library / "lost.flac"
    holdings = [Holding((lost,), ("Ska",))]
    (kept,), faults = Suggester(model).suggest(holdings, place=HERE)
    assert (kept.outcome, kept.old, faults) == (Outcome.KEPT, ("Ska",), [])
    (failed,), faults = Suggester(model, existing=Existing.REPLACE).suggest(holdings, place=HERE)
    assert (failed.outcome, faults) == (Outcome.FAILED, [Fault(str(lost), "No such file or directory")])


@pytest.mark.parametrize(("existing", "new"), [(Existing.REPLACE, ("rock",)), (Existing.APPEND, ("Ska", "rock"))])
def test_the_other_programs_genres_are_the_old_ones(
    model: Path, library: Path, existing: Existing, new: tuple[str, ...]
) -> None:
    song = said_before(model, library / "a.flac", (0.1, 0.2, 0.7))
    (decision,), _ = Suggester(model, existing=existing).suggest([Holding((song,), ("Ska",))], place=HERE)
    assert decision.change == Change(path=song, old=("Ska",), new=new, probability=0.7, classifier="small")


def test_files_that_cannot_be_used_are_listed_once_and_their_album_goes_by_the_others(
    model: Path, library: Path
) -> None:
    good = said_before(model, library / "good.flac", (0.1, 0.2, 0.7))
    cut = library / "cut.flac"
    cut.write_bytes(good.read_bytes()[:200])
    link = library / "link.flac"
    link.symlink_to(library / "nowhere.flac")
    bad = (cut, link, library)
    tracks = [Holding((path,), ()) for path in (good, *bad)]
    decisions, faults = Suggester(model).suggest([*tracks, Holding((good, *bad), ()), Holding(bad, ())], place=HERE)
    outcomes = [decision.outcome for decision in decisions]
    assert outcomes == [Outcome.PLANNED, *[Outcome.FAILED] * 3, Outcome.PLANNED, Outcome.FAILED]
    assert decisions[4].suggested[0] == ("rock", 0.7)
    assert [fault.where for fault in faults] == [str(path) for path in bad]
    assert [fault.what for fault in faults[1:]] == ["a link that leads nowhere", "a folder, not a file"]


def test_a_link_stands_for_its_file(model: Path, library: Path) -> None:
    song = said_before(model, library / "a.flac", (0.1, 0.2, 0.7))
    link = library / "link.flac"
    link.symlink_to(song)
    (decision,), faults = Suggester(model).suggest([Holding((link,), ())], place=HERE)
    assert (decision.path, decision.outcome, faults) == (song, Outcome.PLANNED, [])


def test_the_classifier_is_loaded_once(model: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    monkeypatch.setattr(listen, "load", lambda name: loaded.append(name) or load(name))
    suggester = Suggester(model, min_confidence=0)
    for seed in range(2):
        song = write_song(library / f"{seed}.flac", seed=seed)
        (decision,), _ = suggester.suggest([Holding((song,), ())], place=HERE)
        assert decision.outcome is Outcome.PLANNED
    assert loaded == [str(model)]


def test_a_process_says_the_same(model: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song = write_song(library / "a.flac")
    suggester = Suggester(model, min_confidence=0)
    elsewhere = suggester.suggest([Holding((song,), ())], place=Place(workers=1))
    monkeypatch.setenv("EARMARK_CACHE", str(library / "another"))
    assert suggester.suggest([Holding((song,), ())], place=HERE) == elsewhere


def test_what_cannot_be_is_refused_before_anything_is_heard(model: Path, library: Path) -> None:
    with pytest.raises(ModelError, match="smal: neither a classifier's folder nor the name of one"):
        Suggester("smal")
    with pytest.raises(UsageError, match=r"min_confidence=2, top=1: the first lies between 0 and 1"):
        Suggester(model, min_confidence=2)
    names = library / "names.toml"
    names.write_text('drop = ["jaz"]')
    with pytest.raises(DataError, match=r"names\.toml: drop: 'jaz' is not a genre of the classifier; did you mean"):
        Suggester(model, mapping=names)
