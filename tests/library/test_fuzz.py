"""Damaged files of every kind: an answer or one line comes out, and the file is as it was.

`benchmarks/fuzz.py` does the same with ten thousand; its counts stand in docs/reliability.md.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import fuzzing
import pytest
from fuzzing import NOT_READ, Bench, Fuzzing, Report, try_out
from mutations import STEPS, Mutant, mutate
from seeds import MAKERS, seed

from earmark.batches.mapping import Place, map_items
from earmark.classifier import load
from earmark.library.journal import open_journal

FILES = 8 * len(MAKERS)
UNWRITTEN = {
    "RF64",
    "W64",
    "AU",
    "CAF",
    "AAC",
    "AC-3",
    "Matroska",
    "WebM",
}  # kinds whose genre is neither read nor written


@pytest.fixture
def bench(library: Path, model: Path, tmp_path: Path) -> Iterator[Bench]:
    talk = tmp_path / "talk"
    talk.touch()
    with contextlib.closing(open_journal(library)) as journal:
        yield Bench(library, load(model), None, journal, talk)


def whole(name: str, *, steps: tuple[str, ...] = ()) -> Mutant:
    return Mutant(0, name, MAKERS[name][0], steps, seed(name))


def test_damaged_files_are_answered_or_refused(tmp_path: Path, model: Path) -> None:
    reports: list[Report] = []
    for number, outcome in map_items(Fuzzing(0, tmp_path, model), range(FILES), Place(workers=1, seconds=60)):
        assert isinstance(outcome, Report), (number, outcome)
        assert outcome.defects == (), (number, outcome)
        reports.append(outcome)
    assert Counter(report.name for report in reports) == dict.fromkeys(MAKERS, 8)
    for stage in reports[0].outcomes:  # neither is the rule, or nothing would be tried
        words = Counter(report.outcomes[stage] for report in reports)
        assert FILES // 8 < words[NOT_READ] < FILES * 7 // 8, (stage, words)


@pytest.mark.parametrize("name", MAKERS)
def test_undamaged_files_pass_all_stages(name: str, bench: Bench) -> None:
    report = try_out(whole(name), bench)
    assert report.defects == ()
    refused = {stage for stage, word in report.outcomes.items() if word == NOT_READ}
    assert refused == ({"plan", "write and undo", "teach"} if name in UNWRITTEN else set())


def test_damage_is_the_same_for_the_same_number() -> None:
    numbers = range(200)
    assert [mutate(number, series=1) for number in numbers] == [mutate(number, series=1) for number in numbers]
    damaged = [mutate(number, series=1) for number in numbers]
    assert {step for mutant in damaged for step in mutant.steps} == {step.__name__ for step in STEPS}
    assert sum(mutant.content == seed(mutant.name) for mutant in damaged) < 5
    assert [mutate(number, series=2).content for number in numbers] != [mutant.content for mutant in damaged]


def raising(*_arguments: object, **_options: object) -> None:
    raise KeyError("surprise")


def wasting(*_arguments: object, **_options: object) -> None:
    bytearray(b"\1") * (fuzzing.MOST_GROWTH + (16 << 20))


@pytest.mark.parametrize(("what", "said"), [(raising, "KeyError: 'surprise'"), (wasting, "MiB more in use")])
def test_what_must_not_be_is_seen(what, said: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the absence of defects would say nothing."""
    monkeypatch.setattr(fuzzing, "read_audio", what)
    (defect,) = try_out(whole("WAV"), bench).defects
    assert defect.startswith("read: ")
    assert said in defect


def test_a_changed_file_and_a_left_over_one_are_seen(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiling(path: Path, **_options: object) -> None:
        path.write_bytes(b"spoilt")
        path.with_name("left").touch()

    monkeypatch.setattr(fuzzing, "read_audio", spoiling)
    assert try_out(whole("WAV"), bench).defects == ("read: the file is another than before", "left was left over")


def test_a_defect_that_is_reported_as_a_refusal_is_seen(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earmark.library.listen.read_genres", raising)
    (defect,) = try_out(whole("WAV"), bench).defects
    assert defect.startswith("plan: ")
    assert "internal error: KeyError: 'surprise'; this is a defect of earmark" in defect
