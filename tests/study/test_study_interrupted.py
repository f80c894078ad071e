"""A study killed at any moment reaches the same table, and the page that compares its recipes."""

from __future__ import annotations

import csv
import multiprocessing
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from earmark.cli.app import run
from earmark.datasets.tfdata import write_folder
from earmark.errors import DataError, ModelError, UsageError
from earmark.study import Result, read_results, run_study, write_comparison

RECIPE = """
rationale = "{rationale}"
[data]
name = "tfdata"
path = "{path}"
genres = ["low", "middle", "high"]
[split]
kind = "as_given"
[features]
name = "log_mel"
n_mels = 16
[model]
name = "cnn_rnn"
[training]
epochs = {epochs}
batch_size = 16
optimiser = {{ name = "sgd", learning_rate = {rate}, momentum = 0.9 }}
"""
MOVING = {"commit", "minutes", "run"}  # columns that tell when and where, not what


@dataclass
class Study:
    """A folder of two recipes, and what was left by training them with two seeds."""

    recipes: Path
    results: Path
    runs: Path

    @property
    def arguments(self) -> list[str]:
        places = ["--results", str(self.results), "--runs", str(self.runs)]
        return ["study", str(self.recipes), "--seeds", "1,2", "--device", "cpu", *places]

    def table(self) -> list[dict[str, str]]:
        with self.results.open(newline="") as file:
            return [{k: v for k, v in row.items() if k not in MOVING} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small recipes on clips of three kinds: energy in low, middle or high bands."""
    root = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(1)
    for part, n in (("train", 96), ("valid", 40)):
        label = rng.integers(0, 3, n)
        x = rng.normal(-50, 8, (n, 16, 20)).astype(np.float32)
        for row, kind in enumerate(label):
            x[row, 5 * kind : 5 * kind + 5] += 12
        write_folder(root / "clips" / part, np.clip(x, -80, 0)[..., None], np.eye(3, dtype=np.float32)[label])
    folder = root / "small"
    folder.mkdir()
    for name, rate, rationale in (("bold", 0.1, "Large steps."), ("timid", 0.0001, "Small steps.")):
        text = RECIPE.format(path=root / "clips", rate=rate, rationale=rationale, epochs=6)
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def whole(recipes: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The study as it comes out undisturbed."""
    root = tmp_path_factory.mktemp("whole")
    study = Study(recipes, root / "results.csv", root / "runs")
    for result in run_study(recipes, seeds=(1, 2), runs=study.runs, results=study.results, device="cpu"):
        assert isinstance(result, Result)
    write_comparison(recipes, read_results(study.results), runs=study.runs)
    return study


def test_killed_it_goes_on_to_the_same_table(
    recipes: Path,
    whole: Study,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # outside of any repository, whose commit might change meanwhile
    study = Study(recipes, tmp_path / "results.csv", tmp_path / "runs")

    def second_training_has_begun() -> bool:
        begun = list((study.runs / "small").glob("*/history.csv"))
        return len(read_results(study.results)) >= 1 and len(begun) > len(read_results(study.results))

    command = [sys.executable, "-m", "earmark.cli", *study.arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not second_training_has_begun():
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)  # the study alone: its trainings must end by themselves
    assert len(read_results(study.results)) < 4
    assert run([*study.arguments, "--pdf"]) == 0
    assert study.table() == whole.table()
    assert len(list((study.runs / "small").glob("*/recipe.toml"))) == 4  # gone on with, not begun anew
    pdf = study.runs / "small" / "comparison.pdf"
    assert f"comparison: {pdf}" in capsys.readouterr().err
    assert pdf.read_bytes().startswith(b"%PDF")


def test_what_is_trained_is_not_trained_again(whole: Study) -> None:
    before = whole.results.read_bytes()
    assert list(run_study(whole.recipes, seeds=(1, 2), runs=whole.runs, results=whole.results)) == []
    assert whole.results.read_bytes() == before


def test_the_comparison_stands_beside_the_runs(whole: Study) -> None:
    page = whole.runs / "small" / "comparison.html"
    html = page.read_text()
    assert html.index("1 bold") < html.index("2 timid")
    for said in ("Large steps.", "Small steps.", "clips of one track stand on both sides", "Validation, not test"):
        assert said in html
    assert "Differences: which are sure" in html


def test_without_the_runs_the_results_are_still_compared(whole: Study, tmp_path: Path) -> None:
    results = read_results(whole.results)
    shutil.copytree(whole.runs, tmp_path / "runs")
    shutil.rmtree(tmp_path / "runs" / "small" / next(r.run for r in results if r.recipe == "timid"))
    (page,) = write_comparison(whole.recipes, results, runs=tmp_path / "runs")
    html = page.read_text()
    assert "Runs are gone of timid" in html
    assert "Differences: which are sure" not in html
    assert f"{100 * np.mean([r.accuracy for r in results if r.recipe == 'timid']):.1f}" in html


def test_results_of_changed_recipes_are_left_out(whole: Study, tmp_path: Path) -> None:
    results = read_results(whole.results)
    recipes = shutil.copytree(whole.recipes, tmp_path / "small")
    timid = recipes / "timid.toml"
    timid.write_text(timid.read_text().replace("epochs = 6", "epochs = 7"))
    (page,) = write_comparison(recipes, results, runs=tmp_path / "runs")
    html = page.read_text()
    assert "Not trained yet: timid." in html
    assert "Left out: 2 trainings of recipes that have changed since, or are gone." in html
    with pytest.raises(DataError, match="small: no training of its recipes, as they are now, stands in the results"):
        write_comparison(recipes, results, runs=tmp_path, overrides=["training.epochs=1"])


def test_the_same_study_is_not_run_twice_at_once(recipes: Path, tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    with (
        FileLock(tmp_path / "small" / ".lock", is_singleton=False),
        pytest.raises(UsageError, match="another process is running this study; use --jobs"),
    ):
        list(run_study(recipes, runs=tmp_path, results=tmp_path / "results.csv"))


def test_a_training_that_is_killed_is_named_as_such(recipes: Path, tmp_path: Path) -> None:
    ours = set(multiprocessing.active_children())

    def kill_the_first() -> None:
        while not (found := set(multiprocessing.active_children()) - ours):
            time.sleep(0.01)
        found.pop().kill()

    killer = threading.Thread(target=kill_the_first)
    killer.start()
    with pytest.raises(ModelError, match=r"process was killed from outside.*it goes on where it stopped"):
        list(run_study(recipes, runs=tmp_path, results=tmp_path / "results.csv", device="cpu"))
    killer.join()
