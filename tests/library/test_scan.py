"""Which files a scan finds, which it listens to, and what it remembers."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earmark.batches.mapping import Place
from earmark.classifier import Classifier, load, loading
from earmark.errors import DataError, ModelError
from earmark.experiment.watcher import Watcher
from earmark.library import listen
from earmark.library.answers import Answers, Found, Heard, Seen, stamp_of
from earmark.library.listen import Listening, listening, look
from earmark.library.scan import scan
from earmark.tracks import Fault
from listeners import write_classifier, write_song

HERE = Place(workers=0)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were listened to, in this process."""
    names: list[str] = []

    def noting(classifier: Any, path: Path) -> Seen | Fault:
        names.append(path.name)
        return look(classifier, path)

    monkeypatch.setattr(listen, "look", noting)
    return names


@pytest.fixture
def scanned(model: Path) -> Callable[..., dict[str, Found]]:
    """Scans, and gives what was found by the files' names."""

    def run(*paths: Path, model: Path = model, place: Place = HERE) -> dict[str, Found]:
        make, _ = listening(model)
        with contextlib.closing(Answers(make.digest)) as answers:
            scan(paths, answers, make, place=place)
            return {found.path.name: found for found in answers.found()}

    return run


def test_every_file_has_its_own_answer_and_its_genres(scanned, library: Path, model: Path) -> None:
    write_song(library / "a.flac", seed=1)
    write_song(library / "albums" / "b.flac", seed=2, genres=("Ska", "Dub"))
    found = scanned(library)
    assert list(found) == ["a.flac", "b.flac"]
    for name, path in (("a.flac", library / "a.flac"), ("b.flac", library / "albums" / "b.flac")):
        answer = load(model).predict(path)
        expected = Heard(tuple(answer.probabilities.tolist()), answer.verdict)
        assert found[name] == Found(path, library, None, found[name].genres, expected)
    assert (found["a.flac"].genres, found["b.flac"].genres) == ((), ("Ska", "Dub"))


def test_processes_say_the_same_as_this_one(scanned, library: Path) -> None:
    for seed in range(5):
        write_song(library / f"{seed}.flac", seed=seed)
    (library / "bad.flac").write_bytes(b"fLaC" + bytes(100))
    here = scanned(library)
    shutil.rmtree(os.environ["EARMARK_CACHE"])
    assert scanned(library, place=Place(workers=2)) == here
    assert here["bad.flac"].fault


# Names, and what a person expects of them.


def test_a_link_stands_for_its_file_which_is_looked_at_once(scanned, heard: list[str], library: Path) -> None:
    song = write_song(library / "b.flac")
    (library / "a.flac").symlink_to(song)
    outside = write_song(library.parent / "elsewhere" / "c.flac", seed=2)
    (library / "d.flac").symlink_to(outside)
    found = scanned(library)
    assert sorted(heard) == ["b.flac", "c.flac"]
    assert {name: entry.path for name, entry in found.items()} == {"b.flac": song, "c.flac": outside}
    assert {entry.library for entry in found.values()} == {library}


def test_links_that_lead_nowhere_or_in_a_circle_are_listed(scanned, library: Path) -> None:
    (library / "gone.flac").symlink_to(library / "nothing")
    (library / "one.flac").symlink_to(library / "two.flac")
    (library / "two.flac").symlink_to(library / "one.flac")
    (library / "loop").symlink_to(library)
    write_song(library / "a.flac")
    faults = {name: entry.fault for name, entry in scanned(library).items()}
    assert faults == {
        "a.flac": None,
        "gone.flac": "a link that leads nowhere",
        "one.flac": "Too many levels of symbolic links",
        "two.flac": "Too many levels of symbolic links",
    }


def test_hidden_files_are_left_out_unless_they_are_named(scanned, library: Path) -> None:
    write_song(library / ".hidden.flac")
    write_song(library / ".trash" / "b.flac", seed=1)
    write_song(library / "a.flac", seed=2)
    assert list(scanned(library)) == ["a.flac"]
    assert list(scanned(library / ".hidden.flac")) == [".hidden.flac"]
    assert list(scanned(library / ".trash")) == ["b.flac"]


@pytest.mark.parametrize(
    "name",
    [
        "Ünïcödé – 音楽 🎵.flac",
        "Ko\u0308ln.flac",
        "line\nbreak\tand 'quotes'.flac",
        os.fsdecode(b"latin-1 \xfc\xff.flac"),
        "long " + "n" * 245 + ".flac",
        "-rf.flac",
    ],
    ids=["unicode", "decomposed", "control", "bytes", "long", "option"],
)
def test_files_may_be_called_anything(scanned, heard: list[str], library: Path, name: str) -> None:
    path = write_song(library / name)
    for _ in range(2):
        assert scanned(library)[name].path == path
    assert heard == [name]


def test_what_is_no_music_is_listed_with_its_reason(scanned, library: Path) -> None:
    (library / "empty.mp3").touch()
    (library / "text.mp3").write_text("not music")
    os.mkfifo(library / "pipe.flac")
    whole = write_song(library / "cut.flac", seconds=3).read_bytes()
    (library / "cut.flac").write_bytes(whole[: len(whole) // 2])
    write_song(library / "misnamed.mp3")
    (library / "notes.txt").write_text("not looked at")
    faults = {name: entry.fault for name, entry in scanned(library).items()}
    assert faults["misnamed.mp3"] is None
    assert faults["pipe.flac"] == "a device or pipe, not a file"
    assert faults["empty.mp3"] == "it is empty"
    assert "it is no kind of file whose genre can be written" in (faults["text.mp3"] or "")
    assert "the file is truncated" in (faults["cut.flac"] or "")
    assert "notes.txt" not in faults


def test_paths_that_are_not_there_or_hold_no_music_are_listed(scanned, library: Path) -> None:
    (library / "empty").mkdir()
    faults = {name: entry.fault for name, entry in scanned(library / "empty", library / "none").items()}
    assert faults == {"empty": "no audio files in this folder or below it", "none": "No such file or directory"}


def test_a_file_in_two_folders_named_counts_once_and_belongs_to_the_first(scanned, library: Path) -> None:
    path = write_song(library / "albums" / "a.flac")
    assert scanned(library, library / "albums", path)["a.flac"].library == library
    assert scanned(path, library)["a.flac"].library == library / "albums"


# What is remembered.


def test_files_seen_are_not_listened_to_again(scanned, heard: list[str], library: Path) -> None:
    for seed in range(3):
        write_song(library / f"{seed}.flac", seed=seed)
    first = scanned(library)
    assert len(heard) == 3
    write_song(library / "new.flac", seed=9)
    second = scanned(library)
    assert heard[3:] == ["new.flac"]
    assert {name: second[name] for name in first} == first


def test_a_file_moved_copied_or_touched_is_recognised(scanned, heard: list[str], library: Path) -> None:
    song = write_song(library / "a.flac", genres=("Ska",))
    first = scanned(library)["a.flac"]
    (library / "album").mkdir()
    moved = song.rename(library / "album" / "renamed.flac")
    shutil.copy(moved, library / "copy.flac")
    os.utime(moved, (1, 1))
    found = scanned(library)
    assert heard == ["a.flac"]
    assert set(found) == {"renamed.flac", "copy.flac"}
    assert all((entry.heard, entry.genres) == (first.heard, ("Ska",)) for entry in found.values())


def test_a_file_that_was_changed_is_listened_to_again_though_its_time_and_size_were_kept(
    scanned, heard: list[str], library: Path
) -> None:
    song = write_song(library / "a.flac", seed=1)
    before, first = song.stat(), scanned(library)["a.flac"]
    content = bytearray(song.read_bytes())
    content[content.index(b"libFLAC")] += 1  # the name of its encoder
    song.write_bytes(content)
    os.utime(song, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert scanned(library)["a.flac"].heard == first.heard
    assert heard == ["a.flac", "a.flac"]


def test_another_classifier_is_asked_anew_and_the_first_remembers(
    scanned, heard: list[str], library: Path, tmp_path: Path
) -> None:
    write_song(library / "a.flac")
    other = write_classifier(tmp_path / "other", seed=2)
    first, second = scanned(library), scanned(library, model=other)
    assert first["a.flac"].heard != second["a.flac"].heard
    assert len(heard) == 2
    assert scanned(library) == first
    assert scanned(library, model=other) == second
    assert len(heard) == 2


def test_files_that_failed_are_tried_again(scanned, heard: list[str], library: Path) -> None:
    (library / "a.flac").write_bytes(b"fLaC")
    assert scanned(library)["a.flac"].fault
    write_song(library / "a.flac")
    assert scanned(library)["a.flac"].fault is None
    assert heard == ["a.flac", "a.flac"]


def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    scanned, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_song(library / "a.flac")
    digest = listen.file_digest

    def changing(path: Path) -> str:
        if path.name == "a.flac":
            os.utime(path, (7, 7))
        return digest(path)

    with monkeypatch.context() as patch:
        patch.setattr(listen, "file_digest", changing)
        assert scanned(path)["a.flac"].fault == "it was changed while it was read; run the command again"
    assert scanned(path)["a.flac"].fault is None


def test_a_defect_costs_one_file_and_is_called_one(scanned, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.flac", "b.flac"):
        write_song(library / name, seed=len(name))
    read = listen.read_genres

    def failing(path: Path) -> tuple[str, ...]:
        return ("x",) if 1 / (path.name != "a.flac") and read(path) is None else read(path)

    monkeypatch.setattr(listen, "read_genres", failing)
    found = scanned(library)
    assert found["a.flac"].fault == "internal error: ZeroDivisionError: division by zero; this is a defect of earmark"
    assert found["b.flac"].fault is None


def test_progress_counts_what_is_yet_to_be_looked_at(library: Path, model: Path) -> None:
    class Noting(Watcher):
        def __init__(self) -> None:
            self.stages: list[str] = []
            self.steps: list[tuple[int, int]] = []

        def stage(self, text: str) -> None:
            self.stages.append(text)

        def step(self, done: int, of: int) -> None:
            self.steps.append((done, of))

    (make, _), said = listening(model), []
    expected = {2: [(1, 2), (2, 2)], 3: [(1, 1)], 0: []}
    for n, steps in expected.items():
        for seed in range(n):
            if not (library / f"{seed}.flac").exists():
                write_song(library / f"{seed}.flac", seed=seed)
        watcher = Noting()
        with contextlib.closing(Answers(make.digest)) as answers:
            scan([library], answers, make, place=HERE, watcher=watcher)
        assert watcher.steps == steps
        said.append(watcher.stages[1])
    assert said == ["listening to 2 of 2 files", "listening to 1 of 3 files", "nothing new among 3 files"]


# Scans that are killed, and scans beside each other.

SCAN = """
import sys
from pathlib import Path
from earmark.batches.mapping import Place
from earmark.library.answers import Answers
from earmark.library.listen import listening
from earmark.library.scan import scan
if __name__ == "__main__":
    make, _ = listening(Path(sys.argv[1]))
    answers = Answers(make.digest)
    scan([Path(sys.argv[2])], answers, make, place=Place(workers=int(sys.argv[3])))
    print(sum(found.fault is None for found in answers.found()))
"""


@pytest.fixture
def start(tmp_path: Path, model: Path, library: Path) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """Starts a scan in a process of its own."""
    program = tmp_path / "program.py"
    program.write_text(SCAN)
    started: list[subprocess.Popen[str]] = []

    def begin(workers: int) -> subprocess.Popen[str]:
        command = [sys.executable, str(program), str(model), str(library), str(workers)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True))
        return started[-1]

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def remembered() -> int:
    path = Path(os.environ["EARMARK_CACHE"]) / "answers.sqlite"
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM answer").fetchone()[0])
        except sqlite3.OperationalError:  # not begun yet
            return 0


def test_a_scan_that_was_killed_goes_on_where_it_stopped(start, scanned, heard: list[str], library: Path) -> None:
    for seed in range(300):
        write_song(library / f"{seed:03}.flac", seed=seed)
    killed = start(1)
    while remembered() < 20:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    kept = remembered()
    assert 20 <= kept < 300
    found = scanned(library)
    assert len(heard) == 300 - kept
    assert not [entry.fault for entry in found.values() if entry.fault]


def test_two_scans_at_once_leave_each_other_whole(start, scanned, heard: list[str], library: Path) -> None:
    for seed in range(40):
        write_song(library / f"{seed}.flac", seed=seed)
    both = [start(0), start(0)]
    assert [process.communicate(timeout=120)[0] for process in both] == ["40\n", "40\n"]
    scanned(library)
    assert heard == []


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # Dask's
def test_a_cluster_answers_as_this_process_though_a_worker_is_killed_half_way(
    scanned, library: Path, model: Path
) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")

    class Killing(Watcher):
        """Kills a worker when a third of the files are done."""

        def step(self, done: int, of: int) -> None:
            if done == of // 3:
                os.kill(workers[0], signal.SIGKILL)

    for seed in range(60):
        write_song(library / f"{seed}.flac", seed=seed)
    expected = scanned(library)
    shutil.rmtree(os.environ["EARMARK_CACHE"])
    make, _ = listening(model)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
            workers = list(client.run(os.getpid).values())
        place = Place(cluster=cluster.scheduler_address)
        with contextlib.closing(Answers(make.digest)) as answers:
            scan([library], answers, make, place=place, watcher=Killing())
            assert {found.path.name: found for found in answers.found()} == expected
    with pytest.raises(ProcessLookupError):
        os.kill(workers[0], 0)


# The database and the classifier.


def test_a_database_that_is_damaged_or_newer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DataError, match=r"answers.sqlite: what is known of files seen cannot be read .*; where it is"):
        Answers("x", path)
    path.unlink()
    Answers("x", path).close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 2")
    with pytest.raises(DataError, match="its format is 2, known is 1; update earmark"):
        Answers("x", path)


def test_a_worker_that_finds_another_classifier_refuses(model: Path) -> None:
    with pytest.raises(ModelError, match="a worker finds another classifier there"):
        Listening(str(model), "0" * 32)()


def test_the_classifiers_digest_changes_with_its_weights_and_its_card(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "run", seed=1)
    first, _ = listening(folder)
    assert listening(write_classifier(tmp_path / "same", seed=1))[0].digest == first.digest
    assert listening(write_classifier(tmp_path / "other", seed=2))[0].digest != first.digest
    (folder / "history.csv").write_text("of no account")
    assert listening(folder)[0] == first
    card = folder / "classifier.json"
    card.write_text(card.read_text().replace('"songs"', '"other songs"'))
    assert listening(folder)[0].digest != first.digest


def test_a_classifier_is_sent_by_its_name_where_it_has_one_and_else_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_classifier(tmp_path / "run", seed=1)
    monkeypatch.chdir(tmp_path)
    assert listening("run")[0].model == str(tmp_path / "run")
    monkeypatch.setattr(loading, "known", lambda: {"mine": tmp_path / "run"})
    named, _ = listening("mine")
    assert (named.model, named.digest) == ("mine", listening("run")[0].digest)
    assert named()(tmp_path / "none") == Fault(str(tmp_path / "none"), "No such file or directory")


def test_one_that_makes_do_without_a_part_is_another_classifier(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = listening(model)
    monkeypatch.setattr(Classifier, "note", "a voice is missing")
    assert listening(model)[0].digest != whole.digest


def test_a_stamp_changes_with_each_writing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    before = path.stat()
    time.sleep(0.02)
    path.write_bytes(b"y")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert stamp_of(path.stat()) != stamp_of(before)
