"""What else lies in a folder of music, and what judging, auditing and learning make of it.

Scanning and writing have tests of their own for the same (test_scan.py, test_odd_files.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from earmark.batches.mapping import Place
from earmark.classifier import load, predict_files
from earmark.library.audit import audit
from earmark.library.collection import collection
from earmark.library.labelled import read_labels
from listeners import RATE, write_song

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX file systems")

LONG = "x" * 250 + ".flac"
NAMES = ["Ünïcode – 音楽 🎵.flac", LONG, " space .flac", "line\nbreak.flac", "-n.flac", os.fsdecode(b"latin \xe9.flac")]
DEEP = "/".join("d" * 200 for _ in range(4)) + "/deep.flac"
BAD = {"empty.flac": "empty: the file has 0 bytes", "text.mp3": "cannot be read as sound"}
UNTAGGED = {"empty.flac": "it is empty", "text.mp3": "it is no kind of file whose genre can be written"}
LOOP, GONE = "Too many levels of symbolic links", "No such file or directory"

Found = tuple[set[str], dict[str, str]]


@pytest.fixture
def odd(library: Path) -> Path:
    """Songs under names that cost other programs dearly, beside what is no song."""
    for seed, name in enumerate([*NAMES, DEEP, "read only.flac", "misnamed.mp3"]):
        write_song(library / name, seed=seed, genres=("Ska",))
    (library / "read only.flac").chmod(0o400)
    soundfile.write(library / "misnamed.ogg", soundfile.read(library / LONG)[0][::-1], RATE, format="WAV")
    (library / "to misnamed.flac").symlink_to(library / "misnamed.mp3")
    (library / "to elsewhere.flac").symlink_to(write_song(library.parent / "elsewhere.flac", seed=90, genres=("Ska",)))
    write_song(library / ".hidden.flac", seed=91)
    write_song(library / ".trash" / "old.flac", seed=92)
    (library / "empty.flac").touch()
    (library / "text.mp3").write_bytes(b"words " * 99)
    (library / "one.flac").symlink_to(library / "two.flac")
    (library / "two.flac").symlink_to(library / "one.flac")
    (library / "gone.flac").symlink_to(library / "nowhere")
    (library / "loop").symlink_to(library)
    return library


def judged(folder: Path, model: Path) -> Found:
    classifier = load(model)
    files, missing = classifier.files([folder])
    answers, faults = predict_files(classifier, files)
    assert missing == []
    return {_name(answer.source, folder) for answer in answers}, {_name(f.where, folder): f.what for f in faults}


def audited(folder: Path, _model: Path) -> Found:
    dataset = collection(folder)
    findings = audit(dataset, place=Place(workers=0)).findings
    assert {finding.kind for finding in findings} == {"unreadable", "clipped"}  # loud noise; nothing is repeated
    bad = {finding.where: finding.what for finding in findings if finding.kind == "unreadable"}
    return {track.id for track in dataset.tracks} - bad.keys(), bad


def labelled(folder: Path, _model: Path) -> Found:
    labels = read_labels(folder, "tags")
    assert labels.left_out == {"no genre in its tags": 1}
    files = {_name(str(track.path), folder) for track in labels.tracks}
    return files | {"misnamed.ogg"}, {_name(f.where, folder): f.what for f in labels.faults}


def _name(path: str, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix()


@pytest.mark.parametrize(("way", "bad"), [(judged, BAD), (audited, BAD), (labelled, UNTAGGED)])
def test_each_file_is_taken_for_what_it_is(
    way: Callable[[Path, Path], Found], bad: dict, odd: Path, model: Path
) -> None:
    whole = {path: path.read_bytes() for path in odd.rglob("*") if path.is_file()}
    good, faults = way(odd, model)
    twice = {"to misnamed.flac"} if way is judged else set()  # a link is answered, and repeats no file elsewhere
    assert good == {*NAMES, DEEP, "read only.flac", "misnamed.mp3", "misnamed.ogg", "to elsewhere.flac"} | twice
    expected = bad | {"one.flac": LOOP, "two.flac": LOOP, "gone.flac": GONE}
    assert faults.keys() == expected.keys()
    assert {name: said for name, said in expected.items() if said not in faults[name]} == {}
    assert all("\n" not in said.replace(str(odd), "") for said in faults.values())
    assert {path: path.read_bytes() for path in whole} == whole
