"""A library tagged from end to end: what is shown is what is written, and what was written is known."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from earmark.batches.mapping import Place
from earmark.checksums import file_digest
from earmark.errors import DataError, ModelError
from earmark.library import listen, tagging
from earmark.library.listen import look
from earmark.library.plan import Existing, Outcome, Plan
from earmark.library.tagging import suggest, write_plan
from earmark.library.tags import read_genres
from earmark.library.undo import journal_of, undo
from listeners import write_song

HERE = Place(workers=0)


@pytest.fixture
def songs(library: Path) -> list[Path]:
    """Three without a genre, one with."""
    paths = [write_song(library / "albums" / f"{seed}.flac", seed=seed) for seed in range(3)]
    return [*paths, write_song(library / "said.flac", seed=3, genres=("Ska",))]


def suggested(model: Path, *paths: Path, **options) -> Plan:
    return suggest(paths, model, **{"min_confidence": 0.0, "place": HERE, **options})


def test_suggesting_changes_no_file(songs: list[Path], library: Path, model: Path) -> None:
    before = [(path.read_bytes(), path.stat()) for path in songs]
    made = suggested(model, library)
    assert made.classifier == "small"
    assert [decision.path for decision in made.decisions] == songs
    assert made.counts[Outcome.PLANNED] == 3
    assert made.counts[Outcome.KEPT] == 1
    after = [(path.read_bytes(), path.stat()) for path in songs]
    assert [content for content, _ in after] == [content for content, _ in before]
    assert [status.st_ctime_ns for _, status in after] == [status.st_ctime_ns for _, status in before]


def test_what_was_planned_is_written_read_back_and_can_be_undone(songs: list[Path], library: Path, model: Path) -> None:
    before = {path: file_digest(path) for path in songs}
    made = suggested(model, library)
    steps: list[tuple[int, int]] = []
    written = write_plan(made, progress=lambda *step: steps.append(step))
    for decision, planned in zip(written.plan.decisions, made.decisions, strict=True):
        if planned.change is None:
            assert decision == planned
        else:
            assert decision.outcome is Outcome.CHANGED
            assert decision.change == planned.change
            assert read_genres(decision.path) == planned.change.new == (decision.suggested[0][0],)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    [name] = written.taggings
    with contextlib.closing(journal_of(name)) as journal:
        assert undo(journal, name).kept == ()
    assert {path: file_digest(path) for path in songs} == before


def test_each_library_has_a_tagging_of_its_own(library: Path, model: Path) -> None:
    for name in ("one", "two"):
        write_song(library / name / "a.flac", seed=len(name))
        write_song(library / name / "b.flac", seed=len(name) + 9)
    steps: list[tuple[int, int]] = []
    made = suggested(model, library / "one", library / "two")
    written = write_plan(made, progress=lambda *step: steps.append(step))
    assert len(set(written.taggings)) == 2
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    with contextlib.closing(journal_of(written.taggings[1])) as journal:
        undo(journal, written.taggings[1])
    assert read_genres(library / "one" / "a.flac")
    assert read_genres(library / "two" / "a.flac") == ()


def test_what_was_written_or_undone_is_not_listened_to_again(
    songs: list[Path], library: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(listen, "look", lambda classifier, path: (heard.append(path.name), look(classifier, path))[1])
    first = suggested(model, library)
    assert len(heard) == len(songs)
    written = write_plan(first, keep_mtime=True)
    again = suggested(model, library)
    assert again.counts[Outcome.KEPT] == len(songs)
    assert [decision.suggested for decision in again.decisions] == [decision.suggested for decision in first.decisions]
    with contextlib.closing(journal_of(written.taggings[0])) as journal:
        undo(journal, written.taggings[0])
    assert suggested(model, library) == first
    assert len(heard) == len(songs)


def test_what_was_written_before_an_interruption_is_known(
    songs: list[Path], library: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    made = suggested(model, library)
    with pytest.raises(KeyboardInterrupt):
        write_plan(made, progress=interrupted)
    heard: list[str] = []
    monkeypatch.setattr(listen, "look", lambda classifier, path: (heard.append(path.name), look(classifier, path))[1])
    again = suggested(model, library)
    assert heard == []
    assert again.counts[Outcome.PLANNED] == 1
    assert write_plan(again).plan.counts[Outcome.CHANGED] == 1
    assert all(read_genres(path) for path in songs)


def test_a_file_that_changed_since_the_preview_is_left_alone_and_listed(
    songs: list[Path], library: Path, model: Path
) -> None:
    made = suggested(model, library)
    write_song(songs[1], seed=1, genres=("Polka",))
    written = write_plan(made)
    assert written.plan.counts[Outcome.FAILED] == 1
    [fault] = written.plan.faults
    assert fault.where == str(songs[1])
    assert "its genre has changed since it was looked at" in fault.what
    assert read_genres(songs[1]) == ("Polka",)


def test_nothing_written_is_no_tagging(library: Path, model: Path) -> None:
    write_song(library / "a.flac", genres=("Ska",))
    assert write_plan(suggested(model, library)).taggings == ()


def test_names_are_those_of_the_mapping(songs: list[Path], library: Path, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "genres.toml"
    file.write_text('[rename]\njazz = "All"\npop = "All"\nrock = "All"\n[parents]\nAll = "Music"\n')
    made = suggested(model, library, mapping=file, existing=Existing.APPEND)
    assert made.decisions[-1].change is not None
    assert made.decisions[-1].change.new == ("Ska", "All", "Music")
    written = write_plan(made)
    assert read_genres(songs[-1]) == ("Ska", "All", "Music")
    assert written.plan.decisions[0].suggested == (("All", pytest.approx(1.0)),)
    file.write_text('drop = ["polka"]')
    with pytest.raises(DataError, match=r"'polka' is not a genre of .*it knows jazz, pop, rock"):
        suggested(model, library, mapping=file)


def test_a_classifier_that_is_not_there_is_named(library: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a classifier's folder nor the name of one"):
        suggest([library], tmp_path / "none")


def test_names_that_are_not_text_are_written_too(library: Path, model: Path) -> None:
    path = write_song(library / os.fsdecode(b"\xff\xfe.flac"))
    written = write_plan(suggested(model, library))
    assert written.plan.counts[Outcome.CHANGED] == 1
    assert read_genres(path)


def test_remembering_does_not_hide_why_writing_stopped(
    songs: list[Path], library: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = suggested(model, library)

    def full(*_: object, **__: object) -> None:
        songs[0].unlink()
        raise DataError("the journal cannot be used: disk full")

    monkeypatch.setattr(tagging, "write_changes", full)
    with pytest.raises(DataError, match="disk full"):
        write_plan(made)
