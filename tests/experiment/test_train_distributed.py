"""The same training in one process and in two under torchrun."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from safetensors.numpy import load_file

from earmark.errors import UsageError
from earmark.experiment.evaluate import read_evaluations
from earmark.experiment.learning_rate import find_learning_rate
from earmark.experiment.train import train
from earmark.recipe import Recipe, parse_recipe
from earmark.run import Run
from earmark.training.history import read_history

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
# No dropout, which every process draws for itself; 96 examples in batches of 19 leave a last one of a single example.
SETTINGS = ["training.batch_size=19", 'augment=[{name="mixup"}, {name="shift"}]', "training.clip_gradient=1.0"]


def start_two(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Python in two processes on the CPU."""
    command = [sys.executable, *TORCHRUN, *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def train_by_two(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """`earmark train` in two processes on the CPU."""
    return start_two(folder, ["-m", "earmark.cli", "train", *arguments, "--device", "cpu"])


def figures(run: Run) -> np.ndarray:
    """(epochs, 5): rate, losses and accuracies."""
    history = read_history(run.history)
    return np.array(
        [(e.learning_rate, e.train_loss, e.train_accuracy, e.valid_loss, e.valid_accuracy) for e in history]
    )


@pytest.mark.parametrize(
    "settings",
    [
        ['model={name="cnn_rnn", dropout=0.0}', "training.accumulate=2", 'training.averaging="ema"'],
        ['model={name="vgg", depth=2, width=4, units=16, dropout=0.0}', "training.optimiser.learning_rate=0.02"],
    ],
    ids=["recurrent", "batch_norm"],
)
def test_two_processes_give_the_history_and_weights_of_one(
    recipe_text: str, tmp_path: Path, settings: list[str]
) -> None:
    (tmp_path / "recipe.toml").write_text(recipe_text)
    settings = [*SETTINGS, *settings]
    said = train_by_two(tmp_path, ["recipe.toml", *(word for setting in settings for word in ("--set", setting))])
    [folder] = (tmp_path / "runs").iterdir()
    two = Run(folder)
    one = train(parse_recipe(recipe_text, where="r", overrides=settings), runs=tmp_path / "one", device="cpu")
    np.testing.assert_allclose(figures(two), figures(one), rtol=0, atol=1e-5)
    weights, shared = load_file(one.weights), load_file(two.weights)
    assert shared.keys() == weights.keys()
    for name, value in weights.items():
        np.testing.assert_allclose(shared[name], value, rtol=1e-4, atol=1e-5, err_msg=name)
    assert read_evaluations(two)["valid"].headline.accuracy == read_evaluations(one)["valid"].headline.accuracy
    assert two.report.is_file()
    assert said.stdout.count("valid") == 1
    assert said.stderr.count("epoch 4/4") == 1
    assert '"device": "2 × cpu"' in two.environment.read_text()


def test_both_go_on_with_a_run_of_one(recipe_text: str, tmp_path: Path) -> None:
    settings = ['model={name="vgg", depth=2, width=4, units=16, dropout=0.0}', "training.optimiser.learning_rate=0.02"]
    longer = parse_recipe(recipe_text, where="r", overrides=[*settings, "training.schedule=constant"])
    shorter = msgspec.structs.replace(longer, training=msgspec.structs.replace(longer.training, epochs=2))
    whole, begun = (train(r, runs=tmp_path / "runs", device="cpu") for r in (longer, shorter))
    train_by_two(tmp_path, ["--resume", str(begun.folder), "--more-epochs", "2"])
    np.testing.assert_allclose(figures(begun), figures(whole), rtol=0, atol=1e-5)


THREADS = """
import glob
import torch
from earmark.training.distributed import joined, parallel

with joined(torch.device("cpu")):
    model = parallel(torch.nn.Linear(3, 3))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.zeros(2, 3)).sum().backward()
    optimiser.step()
del model
print([name for path in glob.glob("/proc/self/task/*/comm") if "gloo" in (name := open(path).read())])
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are listed under /proc on Linux alone")
def test_no_thread_of_the_group_is_left_to_abort_the_process(tmp_path: Path) -> None:
    (tmp_path / "threads.py").write_text(THREADS)
    assert "".join(start_two(tmp_path, ["threads.py"]).stdout.split()) == "[][]"


def test_the_learning_rate_is_swept_in_one_process(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    with pytest.raises(UsageError, match="the learning rate is swept in one process; start earmark without torchrun"):
        find_learning_rate(recipe, tmp_path / "plot.svg", device="cpu")
