"""Fusing runs and files of predictions, by the command too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from earmark.cli.app import run
from earmark.errors import DataError, UsageError
from earmark.experiment.late_fusion import TOGETHER, fuse_predictions
from earmark.predictions import Predictions, read_predictions

GENRES = ("jazz", "rock", "samba")


def write_voice(folder: Path, *, seed: int, skill: float, tracks: int = 150) -> Path:
    """Predictions of the same tracks, whatever the seed, of which a voice knows more or less; gives the test's."""
    truth = np.random.default_rng(0).integers(3, size=2 * tracks)
    rng = np.random.default_rng(seed)
    said = rng.normal(size=(2 * tracks, 3))
    said[np.arange(2 * tracks), truth] += skill
    shares = np.exp(said) / np.exp(said).sum(1, keepdims=True)
    ids = tuple(f"track {i}" for i in range(2 * tracks))
    whole = Predictions(GENRES, ids, ids, truth, shares, tuple(f"singer {i % 40}" for i in range(2 * tracks)))
    for part, rows in (("valid", range(tracks)), ("test", range(tracks, 2 * tracks))):
        whole.rows(rows).write(folder / "predictions" / f"{part}.csv")
    return folder / "predictions" / "test.csv"


@pytest.fixture
def voices(tmp_path: Path) -> list[Path]:
    return [
        write_voice(tmp_path / name, seed=seed, skill=skill)
        for seed, (name, skill) in enumerate({"sound": 1.5, "lyrics": 1.0, "noise": 0.0}.items(), start=1)
    ]


def test_what_each_knows_adds_up_and_noise_is_not_heard(voices: list[Path], tmp_path: Path) -> None:
    found = fuse_predictions(voices, out=tmp_path / "fused")
    accuracy = {name: scores.accuracy.value for name, scores in found.scores.items()}
    assert accuracy[TOGETHER] > max(accuracy["sound"], accuracy["lyrics"]) > accuracy["noise"]
    assert found.weights["sound"] > 0.5 > found.weights["noise"]
    assert (found.best, found.fitted_on) == ("sound", 150)
    assert found.gain.value == pytest.approx(accuracy[TOGETHER] - accuracy["sound"])
    assert found.scores[TOGETHER].artists == 40
    written = read_predictions(tmp_path / "fused" / "test.csv")
    assert (written.guesses == written.truth).mean() == pytest.approx(accuracy[TOGETHER])
    assert json.loads((tmp_path / "fused" / "fusion.json").read_text())["weights"] == found.weights


def test_the_weights_do_not_depend_on_what_is_judged(voices: list[Path]) -> None:
    before = fuse_predictions(voices).weights
    for path in voices:
        said = read_predictions(path)
        said.rows(range(0, 150, 2)).write(path)
    assert fuse_predictions(voices).weights == before


def test_tracks_that_were_weighed_on_are_not_judged(voices: list[Path]) -> None:
    valid = [path.with_name("valid.csv") for path in voices]
    with pytest.raises(DataError, match="150 tracks, such as track 0, are both weighed on and judged"):
        fuse_predictions(valid, valid=valid)


def test_without_validation_there_are_no_weights(voices: list[Path]) -> None:
    voices[1].with_name("valid.csv").unlink()
    with pytest.raises(
        DataError, match=r"test\.csv: no validation predictions beside it, on which weights could be fi"
    ):
        fuse_predictions(voices)


def test_the_command_prints_each_voice_and_all_together(voices: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fuse", *map(str, voices[:2])]) == 0
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines()] == ["sound", "lyrics", "fused"]
    assert "fused less sound, the best in validation: +" in said.err
    assert run(["fuse", *map(str, voices[:2]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fitted_on"] == 150


def test_what_does_not_match_is_told_in_one_line(voices: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    read_predictions(voices[1]).rows(range(100)).write(voices[1])
    assert run(["fuse", *map(str, voices)]) == 3
    said = capsys.readouterr().err
    assert (
        "sound and lyrics do not answer for the same tracks: 50 of 150 stand in sound alone, such as track 250" in said
    )
    assert said.count("\n") == 1


def test_each_needs_validation_of_its_own(voices: list[Path]) -> None:
    with pytest.raises(UsageError, match="--valid names 1 files, and 3 are to be fused"):
        fuse_predictions(voices, valid=voices[:1])
    with pytest.raises(UsageError, match="the same predictions are named twice"):
        fuse_predictions([voices[0], voices[0]])
