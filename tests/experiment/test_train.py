"""A training as a whole: what a run holds, and that nothing stops it from reaching its numbers."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from earmark.classifier import load
from earmark.errors import DataError, UsageError
from earmark.experiment.evaluate import evaluate, read_evaluations
from earmark.experiment.report import write_report
from earmark.experiment.train import resume, train
from earmark.experiment.watcher import Watcher
from earmark.predictions import read_predictions
from earmark.recipe import Choice, Recipe, parse_recipe, read_recipe
from earmark.run import Run, open_run
from earmark.training.checkpoint import read_progress
from earmark.training.history import Epoch, read_history


def figures(run: Run) -> list[tuple[float | None, ...]]:
    """The numbers of each epoch, without the seconds it took."""
    return [msgspec.structs.astuple(epoch)[:-1] for epoch in read_history(run.history)]


def test_a_run_holds_what_predicts_and_what_it_was_made_from(recipe: Recipe, tmp_path: Path) -> None:
    run = train(recipe, runs=tmp_path / "runs", device="cpu")
    write_report(run.folder)
    names = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    assert names == {
        "recipe.toml",
        "split.csv",
        "environment.json",
        "classifier.json",
        "weights.safetensors",
        "last.safetensors",
        "history.csv",
        "curves.svg",
        "curves.png",
        "predictions/valid.csv",
        "metrics.json",
        "report.html",
    }
    assert read_recipe(run.recipe) == recipe
    evaluation = read_evaluations(run)["valid"]
    assert evaluation.headline.accuracy.value > 0.8
    assert evaluation.chosen_on_it
    assert "clips of one track stand on both sides" in str(evaluation.leak)
    assert evaluation.leak in run.report.read_text()
    best = max(read_history(run.history), key=lambda epoch: epoch.valid_accuracy or 0)
    assert evaluation.headline.accuracy.value == pytest.approx(best.valid_accuracy)


def test_the_same_recipe_gives_the_same_bits_and_another_seed_others(recipe: Recipe, tmp_path: Path) -> None:
    first, second = (train(recipe, runs=tmp_path / name, device="cpu") for name in ("a", "b"))
    assert figures(first) == figures(second)
    assert first.weights.read_bytes() == second.weights.read_bytes()
    other = msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, seed=2))
    assert figures(train(other, runs=tmp_path / "c", device="cpu")) != figures(first)


def test_without_the_instructions_for_it_half_precision_is_the_whole_and_is_said(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Heard(Watcher):
        def __init__(self) -> None:
            self.remarks: list[str] = []

        def remark(self, text: str) -> None:
            self.remarks.append(text)

    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    short = msgspec.structs.replace(recipe.training, epochs=1)
    half = msgspec.structs.replace(short, precision="bfloat16")
    runs, heard = [], []
    for training in (short, half):
        watcher = Heard()
        asked = msgspec.structs.replace(recipe, training=training)
        runs.append(train(asked, runs=tmp_path / "runs", device="cpu", watcher=watcher))
        heard.append([remark for remark in watcher.remarks if "AVX-512" in remark])
    whole, other = (load_file(run.weights) for run in runs)
    assert all(np.array_equal(whole[name], other[name]) for name in whole)
    assert [len(remarks) for remarks in heard] == [0, 1]
    assert [msgspec.json.decode(run.environment.read_bytes())["precision"] for run in runs] == ["float32"] * 2
    assert "<dt>precision</dt><dd>float32</dd>" in runs[1].report.read_text(encoding="utf-8")


def test_killed_at_any_moment_it_goes_on_to_the_same_bits(recipe_text: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(recipe_text.replace("epochs = 4", "epochs = 20"))
    command = [sys.executable, "-m", "earmark.cli", "train", str(tmp_path / "recipe.toml"), "--device", "cpu", "--runs"]
    quiet = {"cwd": tmp_path, "env": {**os.environ, "OMP_NUM_THREADS": "1"}, "stderr": subprocess.DEVNULL}
    subprocess.run([*command, "whole"], check=True, stdout=subprocess.DEVNULL, **quiet)
    whole = open_run(tmp_path / "whole")

    for least in (1, 12):  # a kill early and one late, each at whatever instant it happens to fall
        with subprocess.Popen([*command, f"killed-{least}"], stdout=subprocess.DEVNULL, **quiet) as process:
            while process.poll() is None and _epochs_done(tmp_path / f"killed-{least}") < least:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        killed = open_run(tmp_path / f"killed-{least}")
        assert least <= len(figures(killed)) <= 20
        subprocess.run(
            [sys.executable, "-m", "earmark.cli", "train", "--resume", str(killed.folder), "--device", "cpu"],
            check=True,
            stdout=subprocess.DEVNULL,
            **quiet,
        )
        assert figures(killed) == figures(whole)
        for name, value in load_file(whole.weights).items():
            np.testing.assert_array_equal(load_file(killed.weights)[name], value, err_msg=name)


def _epochs_done(runs: Path) -> int:
    histories = list(runs.glob("*/history.csv"))
    return len(histories[0].read_text().splitlines()) - 1 if histories else 0


def test_ctrl_c_leaves_a_run_that_can_be_continued(recipe_text: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(recipe_text.replace("epochs = 4", "epochs = 500"))
    command = [sys.executable, "-m", "earmark.cli", "train", str(tmp_path / "recipe.toml"), "--runs", "runs"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and _epochs_done(tmp_path / "runs") < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1].decode()
    assert process.returncode == 130
    assert "stopped" in said
    assert "Traceback" not in said
    assert "--resume" in said
    assert load(tmp_path / "runs").genres == ("low", "middle", "high")


def test_evaluating_again_gives_the_same_digits(recipe: Recipe, tmp_path: Path) -> None:
    run = train(recipe, runs=tmp_path / "runs", device="cpu")
    before, predictions = read_evaluations(run), read_predictions(run.predictions("valid"))
    assert evaluate(run.folder, device="cpu") == before
    np.testing.assert_array_equal(read_predictions(run.predictions("valid")).probabilities, predictions.probabilities)


def test_changed_data_are_noticed_before_going_on(recipe: Recipe, tmp_path: Path) -> None:
    run = train(recipe, runs=tmp_path / "runs", device="cpu")
    environment = msgspec.json.decode(run.environment.read_bytes())
    run.environment.write_bytes(msgspec.json.encode({**environment, "data_checksum": "0123"}))
    with pytest.raises(DataError, match=r"gtzan8|clips has changed since this run began"):
        resume(run.folder, device="cpu")


def test_patience_stops_early_and_keeps_the_best(recipe: Recipe, tmp_path: Path) -> None:
    impatient = msgspec.structs.replace(
        recipe,
        training=msgspec.structs.replace(
            recipe.training, epochs=60, patience=3, keep="best_valid_accuracy", schedule=Choice("constant")
        ),
    )
    run = train(impatient, runs=tmp_path / "runs", device="cpu")
    with run.history.open() as file:
        accuracies = [float(row["valid_accuracy"]) for row in csv.DictReader(file)]
    assert len(accuracies) < 60
    assert int(np.argmax(accuracies)) == len(accuracies) - 4


def test_without_a_valid_part_the_last_epoch_must_be_asked_for(recipe_text: str, tmp_path: Path) -> None:
    text = recipe_text.replace('kind = "as_given"', 'kind = "by_clip"\nvalid = 0.0\ntest = 0.2')
    with pytest.raises(UsageError, match=r"training.keep = 'best_valid_accuracy' needs a validation part"):
        train(parse_recipe(text, where="r"), runs=tmp_path / "runs", device="cpu")
    run = train(parse_recipe(text, where="r", overrides=["training.keep=last"]), runs=tmp_path / "runs", device="cpu")
    [(part, evaluation)] = read_evaluations(run).items()
    assert part == "test"
    assert not evaluation.chosen_on_it


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.name=vgg17", "no model 'vgg17'"),
        ("model.slop=0.3", "model 'cnn_rnn' has no option 'slop'"),
        ("training.optimiser.momentun=0.9", "no option 'momentun'; did you mean 'momentum'?"),
        ("features.n_mel=16", "no option 'n_mel'; did you mean 'n_mels'?"),
        ('augment=[{name="shift", far=3}]', "augmentation 'shift' has no option 'far'"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused_before_anything_is_read(
    recipe_text: str, tmp_path: Path, override: str, said: str
) -> None:
    text = recipe_text.replace(str(tmp_path), "/nowhere")
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        train(parse_recipe(text, where="r", overrides=[override]), runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_finished_run_goes_on_for_more_epochs_with_joined_curves(recipe: Recipe, tmp_path: Path) -> None:
    run = train(recipe, runs=tmp_path / "runs", device="cpu")
    before = figures(run)
    resume(run.folder, more_epochs=2, device="cpu")
    after = figures(run)
    assert len(after) == 6
    assert after[:4] == before
    assert [row[1] for row in after[4:]] == pytest.approx([before[-1][1]] * 2)  # one cycle stays at its end
    assert read_recipe(run.recipe).training.epochs == 6


def asking_for(recipe: Recipe, **changes: object) -> Recipe:
    return msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, **changes))


def test_a_recipe_may_ask_for_more_epochs_after_the_others(recipe: Recipe, tmp_path: Path) -> None:
    """It is what going on with the finished run gives, the recipe stays as it was, and the curves show the join."""
    in_two = train(recipe, runs=tmp_path / "runs", device="cpu")
    resume(in_two.folder, more_epochs=2, device="cpu")
    longer = asking_for(recipe, more_epochs=2)
    run = train(longer, runs=tmp_path / "runs", device="cpu")
    assert figures(run) == figures(in_two)
    assert read_recipe(run.recipe) == longer
    assert read_progress(run.last).waiting_from == read_progress(in_two.last).waiting_from == 4
    assert "went on after epoch 4" in run.report.read_text()


def test_patience_is_counted_anew_for_more_epochs(recipe: Recipe, tmp_path: Path) -> None:
    standstill = Choice("sgd", {"learning_rate": 0.0})
    patient = asking_for(recipe, more_epochs=9, patience=2, optimiser=standstill)
    run = train(patient, runs=tmp_path / "runs", device="cpu")
    progress = read_progress(run.last)
    assert (progress.best_epoch, progress.waiting_from, len(progress.history)) == (1, 3, 5)


@pytest.mark.parametrize("done", [2, 4, 5, 6])
def test_stopped_anywhere_it_goes_on_to_the_same_more_epochs(recipe: Recipe, tmp_path: Path, done: int) -> None:
    class Stop(Watcher):
        def epoch(self, epoch: Epoch, of: int) -> None:  # noqa: ARG002 - as a watcher is told
            if epoch.epoch == done:
                raise KeyboardInterrupt

    longer = asking_for(recipe, more_epochs=2)
    straight = train(longer, runs=tmp_path / "straight", device="cpu")
    with pytest.raises(KeyboardInterrupt):
        train(longer, runs=tmp_path / "stopped", device="cpu", watcher=Stop())
    run = resume(tmp_path / "stopped", device="cpu")
    assert figures(run) == figures(straight)
    assert read_progress(run.last).waiting_from == 4
    assert load_file(run.weights).keys() == load_file(straight.weights).keys()
    for name, tensor in load_file(straight.weights).items():
        np.testing.assert_array_equal(load_file(run.weights)[name], tensor)
