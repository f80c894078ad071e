"""The scripts through which files kept apart are judged start, and say what the run says itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from earmark.experiment.evaluate import read_evaluations
from earmark.experiment.train import train
from earmark.recipe import parse_recipe

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RECIPE = """
[data]
name = "mel_arrays"
path = "{path}"
[split]
kind = "as_given"
[features]
name = "log_mel"
n_mels = 16
[model]
name = "parallel_cnn"
[training]
epochs = 2
batch_size = 16
"""


def start(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", sorted(path.name for path in BENCHMARKS.glob("judge_*.py")))
def test_every_judge_starts_and_says_how_it_is_called(script: str) -> None:
    done = start(script)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert re.search(rf"usage: .*{script}", done.stderr)


def write_arrays(path: Path, split: str, n: int, seed: int) -> Path:
    """Log-mel (n, 16, 24) of three genres, each loud in bands of its own."""
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % 3
    level = rng.integers(60, 160, (n, 16, 24))
    for row, k in enumerate(kind):
        level[row, 5 * k : 5 * k + 5] += 60
    np.savez(
        path,
        ids=np.array([f"{split}{i}" for i in range(n)]),
        genre=np.array(["low", "middle", "high"])[kind],
        split=np.full(n, split),
        level=level.astype(np.uint8),
        floor_db=np.full(n, -80, np.float32),
    )
    return path


def test_a_run_on_log_mel_arrays_gets_what_it_got_when_it_was_trained(tmp_path: Path) -> None:
    parts = [write_arrays(tmp_path / f"{part}.npz", part, n, n) for part, n in (("train", 60), ("valid", 30))]
    both = {name: np.concatenate([np.load(path)[name] for path in parts]) for name in np.load(parts[0])}
    np.savez(tmp_path / "both.npz", **both)
    run = train(parse_recipe(RECIPE.format(path=tmp_path / "both.npz"), where="r"), runs=tmp_path / "runs")
    said = start("judge_mel.py", str(run.folder), str(parts[1]))
    assert said.returncode == 0, said.stderr
    accuracy = read_evaluations(run)["valid"].headline.accuracy.value
    assert f"tracks 30\naccuracy {accuracy:.4f} " in said.stdout
