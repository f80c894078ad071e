"""Many files judged: here, and in processes of which one dies at a file."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.batches.mapping import Place
from earmark.classifier import Answer, Judging, load, predict_at, predict_files
from earmark.tracks import Fault
from listeners import write_classifier

RATE = 8000


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An untrained network in a folder: its answers mean nothing, and are always the same."""
    return write_classifier(tmp_path / "model")


@pytest.fixture
def songs(tmp_path: Path, rng: np.random.Generator) -> list[Path]:
    """Noise of two seconds, and a file that is none."""
    paths = [tmp_path / f"{name}.wav" for name in ("a", "deadly", "b", "notes", "c")]
    for path in paths:
        soundfile.write(path, rng.normal(0, 0.1, 2 * RATE), RATE)
    paths[3].write_text("not sound")
    return paths


@dataclass(frozen=True)
class Deadly(Judging):
    """Dies at a file, as where a decoder crashes."""

    def __call__(self) -> Callable[[Path], Answer | Fault]:
        judge = super().__call__()

        def work(path: Path) -> Answer | Fault:
            if path.stem == "deadly":
                os.kill(os.getpid(), signal.SIGSEGV)
            return judge(path)

        return work


def test_processes_say_the_same_in_the_same_order(model: Path, songs: list[Path]) -> None:
    here, unread = predict_files(load(model), songs)
    heard: list[tuple[int, int]] = []
    judging = Judging(str(model))
    there, unread_there = predict_at(
        Place(workers=2), judging, songs, min_confidence=0.9, progress=lambda *done: heard.append(done)
    )
    assert [answer.source for answer in there] == [answer.source for answer in here]
    np.testing.assert_allclose([a.probabilities for a in there], [a.probabilities for a in here], atol=1e-5)
    assert {answer.verdict for answer in there} == {"unsure"}
    assert unread == unread_there
    assert heard == [(done, 5) for done in range(1, 6)]


def test_a_file_that_kills_its_process_is_listed_and_the_others_answered(model: Path, songs: list[Path]) -> None:
    answers, faults = predict_at(Place(workers=1), Deadly(str(model)), songs)
    assert [Path(answer.source).stem for answer in answers] == ["a", "b", "c"]
    assert [Path(fault.where).stem for fault in faults] == ["deadly", "notes"]
    assert faults[0].what == "2 worker processes died at it, the last of SIGSEGV"
