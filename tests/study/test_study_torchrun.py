"""A study whose trainings are each shared by two processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from earmark.datasets.tfdata import write_folder
from earmark.errors import UsageError
from earmark.run import Run
from earmark.study import read_results, run_study

RECIPE = """
[data]
name = "tfdata"
path = "clips"
genres = ["loud", "soft"]
[split]
kind = "as_given"
[features]
name = "log_mel"
n_mels = 8
[model]
name = "{model}"
[training]
epochs = 1
batch_size = 8
"""


def start_two(folder: Path) -> subprocess.CompletedProcess[str]:
    """`earmark study` in two processes on the CPU."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "earmark.cli"]
    command = [sys.executable, *launch, "study", "recipes", "--seeds", "1", "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path, rng) -> Path:
    """Two recipes, of which one does not fit its data, over clips of two loudnesses."""
    label = rng.integers(0, 2, 24)
    x = (-20.0 - 40 * label[:, None, None, None] + rng.normal(size=(24, 8, 12, 1))).clip(-80, 0).astype("float32")
    for part in ("train", "valid"):
        write_folder(tmp_path / "clips" / part, x, (label[:, None] == [0, 1]).astype("float32"))
    (tmp_path / "recipes").mkdir()
    for model in ("parallel_cnn", "stacked_cnn"):
        (tmp_path / "recipes" / f"{model}.toml").write_text(RECIPE.format(model=model))
    return tmp_path


def test_both_train_and_the_first_writes(folder: Path) -> None:
    done = start_two(folder)
    assert done.returncode != 0  # as one recipe failed
    assert done.stderr.count("parallel_cnn, seed 1: valid") == 1
    assert done.stderr.count("stacked_cnn: stacked_cnn needs examples of at least 23 × 23") == 1
    assert done.stdout.count("parallel_cnn") == 1
    [result] = read_results(folder / "recipes" / "results.csv")
    assert (result.recipe, result.epochs) == ("parallel_cnn", 1)
    assert '"device": "2 × cpu"' in Run(folder / "runs" / "recipes" / result.run).environment.read_text()
    assert (folder / "runs" / "recipes" / "comparison.html").is_file()

    with FileLock(folder / "runs" / "recipes" / ".lock"):
        held = start_two(folder)
    assert "another process is running this study" in held.stderr


def test_jobs_are_refused_under_torchrun(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    with pytest.raises(UsageError, match="torchrun shares each training out over its processes; leave out --jobs"):
        next(run_study(folder / "recipes", jobs=2))
