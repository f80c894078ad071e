"""Train and save what tests/test_releases.py loads for ever: one small run, its pack, and what it said.

    python tests/releases/make.py

Run it once at each release, with the release installed, and commit the folder it makes: what a release has saved is not
made again by a later one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

from earmark.classifier import Classifier, load
from earmark.experiment.train import train
from earmark.publish.pack import pack
from earmark.recipe import parse_recipe

RECIPE = """
rationale = "small enough to be kept"
[data]
name = "synthetic"
songs = 30
seconds = 2
[split]
kind = "by_track"
[features]
name = "log_mel"
sample_rate = 8000
n_fft = 512
hop_length = 256
n_mels = 24
clip_seconds = 1.0
[model]
name = "short_chunk_resnet"
width = 4
stages = 2
units = 16
[training]
epochs = 3
batch_size = 16
optimiser = { name = "adam", learning_rate = 0.01 }
"""
KEPT = ("classifier.json", "metrics.json", "recipe.toml", "split.csv", "weights.safetensors")


def main() -> None:
    """Make the folder of the release that is installed."""
    folder = Path(__file__).parent / version("earmark")
    (folder / "run").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        run = train(parse_recipe(RECIPE, where="recipe.toml"), runs=Path(scratch), device="cpu")
        for name in KEPT:
            shutil.copy(run.folder / name, folder / "run" / name)
    pack(folder / "run", folder / "run.earmark", licence="mit")
    classifier = load(folder / "run")
    if not isinstance(classifier, Classifier):
        raise SystemExit(f"{folder}: no classifier")
    x = np.random.default_rng(0).uniform(-80, 0, (3, *classifier.card.shape)).astype(np.float32)
    said = {"genres": classifier.genres, "probabilities": classifier.probabilities(x).round(9).tolist()}
    (folder / "said.json").write_text(json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    main()
