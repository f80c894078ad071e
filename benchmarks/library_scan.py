"""Scanning a library: files a second and peak memory, for the first time, again, and with the plan in memory.

python benchmarks/library_scan.py [FILES…] [--workers N] [--model RUN] [--seconds S]

The files are noise in WAV, each another; the classifier is a small network with drawn weights unless a run is named.
With the small one this measures what the scan itself costs: walking, digests, tags, processes, the database.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors.torch import save_file

from earmark.batches.mapping import Place, usable_cores
from earmark.classifier import ClassifierCard, build_model, write_card
from earmark.features.log_mel import LogMel
from earmark.features.standardise import Standardiser
from earmark.library.plan import Outcome
from earmark.library.tagging import suggest
from earmark.recipe import Choice

RATE = 8000
PER_FOLDER = 100


def write_library(folder: Path, files: int, seconds: float) -> None:
    """Folders of a hundred files each, no two the same."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    for number in range(files):
        path = folder / f"{number // PER_FOLDER:05}" / f"{number % PER_FOLDER:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.roll(noise, number) * rng.uniform(0.5, 1), RATE)


def write_classifier(folder: Path) -> None:
    """A network of some thousand parameters."""
    card = ClassifierCard(
        genres=("a", "b", "c"),
        model=Choice("cnn_rnn", {"dropout": 0.1}),
        shape=(16, 32),
        features=LogMel(sample_rate=RATE, n_fft=512, hop_length=256, n_mels=16, clip_seconds=1.0),
        standardiser=Standardiser((-40.0,), (20.0,)),
        trained_on="nothing",
        synthetic=True,
    )
    torch.manual_seed(0)
    folder.mkdir()
    write_card(folder, card)
    save_file(build_model(card.model, card.shape, len(card.genres)).state_dict(), folder / "weights.safetensors")


def scan(folder: Path, model: Path, workers: int) -> None:
    """One scan in this process and its workers; prints what it took."""
    start = time.perf_counter()
    plan = suggest([folder], model, place=Place(workers=workers))
    took = time.perf_counter() - start
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    files, failed = len(plan.decisions), plan.counts[Outcome.FAILED]
    print(f"{files:8,} {took:9.1f} {files / took:9.1f} {own:12.0f} {children:12.0f} {failed:7}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=int, default=[200, 2000])
    parser.add_argument("--workers", type=int, default=usable_cores())
    parser.add_argument("--model", type=Path)
    parser.add_argument("--seconds", type=float, default=1.2)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.folder is not None:
        scan(asked.folder, asked.model, asked.workers)
        return
    print(f"{asked.workers} workers, {asked.seconds:g} s a file")
    print("           files   seconds   files/s   command MB    worker MB  failed")
    for files in asked.files:
        with tempfile.TemporaryDirectory() as place:
            folder, model = Path(place) / "library", asked.model or Path(place) / "model"
            write_library(folder, files, asked.seconds)
            if asked.model is None:
                write_classifier(model)
            for what in ("first", "again"):
                print(f"{what:7}", end=" ", flush=True)
                command = [sys.executable, __file__, "--folder", folder, "--model", model]
                subprocess.run(
                    [*command, "--workers", str(asked.workers)],
                    check=True,
                    env={**os.environ, "EARMARK_CACHE": place},
                )


if __name__ == "__main__":
    main()
