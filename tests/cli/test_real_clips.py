"""GTZAN's real clips from FLAC to a prediction, and the same song from other files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from earmark.classifier import load
from earmark.cli.app import run
from earmark.run import Run, open_run

RECIPE = """
rationale = "The way from files to a prediction."
[data]
name = "gtzan"
path = "{path}"
[split]
valid = 0.25
[features]
name = "log_mel"
like = "course_clip"
fmax = 10000.0
[model]
name = "parallel_cnn"
[training]
epochs = 6
batch_size = 32
optimiser = {{ name = "adam", learning_rate = 0.001 }}
keep = "last"
[evaluation]
resamples = 200
"""


@pytest.fixture(scope="module")
def gtzan(shared: Path) -> Path:
    return shared / "gtzan" / "audio"


@pytest.fixture(scope="module")
def trained_on_gtzan(gtzan: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("gtzan")
    (folder / "recipe.toml").write_text(RECIPE.format(path=gtzan))
    assert run(["train", str(folder / "recipe.toml"), "--runs", str(folder / "runs"), "--device", "cpu"]) == 0
    return open_run(folder / "runs")


def test_from_flac_to_a_prediction(earmark, trained_on_gtzan: Run, gtzan: Path) -> None:
    code, out, err = earmark("evaluate", trained_on_gtzan.folder, "--json", "--device", "cpu")
    assert code == 0
    judged = json.loads(out)["valid"]
    assert (judged["by_track"]["n"], judged["by_clip"]["songs"]) == (10, 10)
    assert not judged["chosen_on_it"]
    assert judged["by_clip"]["accuracy"]["low"] > 0.1  # better than naming one genre always
    code, out, err = earmark("predict", trained_on_gtzan.folder, gtzan / "metal", gtzan / "classical", "--json")
    assert (code, err) == (0, "")
    answers = json.loads(out)
    assert len(answers) == 8
    # Most of these were trained on: this says that files are read and cut as in training, not how good it is.
    assert sum(answer["genre"] in answer["file"] for answer in answers) >= 6


BOUNDS = {"wav": 0.002, "mp3": 0.05, "ogg": 0.1}  # as the docstring of Classifier states them


@pytest.mark.parametrize("suffix", BOUNDS)
def test_the_same_song_from_another_file_gets_nearly_the_same_answer(
    trained_on_gtzan: Run, gtzan: Path, tmp_path: Path, suffix: str
) -> None:
    classifier = load(trained_on_gtzan.folder)
    for song in ("blues/blues.00003", "country/country.00004", "jazz/jazz.00001", "reggae/reggae.00002"):
        samples, rate = soundfile.read(gtzan / f"{song}.flac", dtype="float32")
        if suffix == "wav":
            louder = np.stack([soxr.resample(samples, rate, 44_100)] * 2, axis=1)
            samples, rate = louder, 44_100
        soundfile.write(tmp_path / f"song.{suffix}", samples, rate)
        expected, answer = (classifier.predict(p) for p in (gtzan / f"{song}.flac", tmp_path / f"song.{suffix}"))
        assert np.abs(answer.probabilities - expected.probabilities).max() <= BOUNDS[suffix]
