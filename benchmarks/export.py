"""Exported classifiers against torch: time and memory for a piece of sound, each model of sound, in one run (Linux).

    python benchmarks/export.py [SOUND FILE] [--seconds 30] [--repeats 7] [--models vgg default RUN …]

Untrained networks of the documented size, or classifiers by name or folder, hear the file, or a built-in song: from the
waveform to the probabilities, one thread, processor time, taking turns, the median. Memory is what a process has at its
peak that loads one file and answers once.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MODELS = (
    "parallel_cnn",
    "cnn_rnn",
    "stacked_cnn",
    "twin_stacked_cnn",
    "vgg",
    "short_chunk_resnet",
    "compact_transformer",
    "probe",
)
RATE = 22_050
GENRES = tuple("abcdefgh")


def save(name: str, folder: Path) -> Path:
    """An untrained classifier on the course's clips; the probe has learned from noise in place of musicnn's tags."""
    import torch

    from earmark.classifier import Classifier, ClassifierCard, build_model
    from earmark.features.log_mel import COURSE_CLIP
    from earmark.features.musicnn import Musicnn
    from earmark.features.standardise import Standardiser
    from earmark.models.estimator import Fitted
    from earmark.recipe import Choice

    torch.manual_seed(1)
    card = ClassifierCard(
        genres=GENRES,
        model=Choice(name, {}),
        shape=(50,) if name == "probe" else (80, 80),
        features=Musicnn() if name == "probe" else COURSE_CLIP,
        standardiser=Standardiser((0.0,), (1.0,)) if name == "probe" else Standardiser((-40.0,), (20.0,)),
        trained_on="nothing",
        synthetic=True,
    )
    model = build_model(card.model, card.shape, len(GENRES))
    if isinstance(model, Fitted):
        tracks = np.arange(10 * len(GENRES))
        model.fit(np.random.default_rng(1).random((len(tracks), 50)), tracks % len(GENRES), tracks)
    return Classifier(card, model, name=name).save_pretrained(folder / name)


def sound(path: str | None, seconds: float) -> np.ndarray:
    """So many seconds of the file, or of a built-in song."""
    if path is None:
        from earmark.audio.synthesis import song

        return song("waltz", 0, seconds=seconds).samples
    from earmark.audio.decode import read_audio

    return read_audio(Path(path), sample_rate=RATE, seconds=seconds).samples


def answering(model: str) -> Callable[[np.ndarray], object]:
    """What a file or folder says of samples, one thread."""
    from earmark.audio.waveform import Waveform

    if model.endswith(".onnx"):
        from earmark.classifier.exported import load_exported

        exported = load_exported(Path(model), threads=1)
        return lambda y: exported.predict(Waveform(y, RATE))
    from earmark.classifier import load

    classifier = load(model)
    return lambda y: classifier.predict(Waveform(y, RATE))


def peak_of(model: str, samples: Path) -> float:
    """The most memory, in MB, of a process that loads `model` and answers once."""
    command = [sys.executable, __file__, str(samples), "--memory-of", model]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def medians(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Milliseconds of processor time of each, taking turns, after one turn that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeats + 1):
        for name, way in ways.items():
            begin = time.process_time()
            way()
            if turn:
                taken[name].append(1000 * (time.process_time() - begin))
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Print a row a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # read by the libraries when they are loaded: start again
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_NUM_THREADS": "1"})
    if arguments.memory_of:
        answering(arguments.memory_of)(np.load(arguments.file))
        # Not getrusage: on Linux a child begins with its parent's peak.
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        print(int(peak[1]) * 1024 / 1e6 if peak else "nan")
        return
    from earmark.publish.export import export

    y = sound(arguments.file, arguments.seconds)
    print(f"{len(y) / RATE:.0f} s of sound, one thread; ms (ratio to torch) and MB at the peak")
    print("model                 torch ms    onnx ms       int8 ms      torch MB  onnx MB  int8 MB   int8 loss")
    with tempfile.TemporaryDirectory() as scratch:
        samples = Path(scratch) / "samples.npy"
        np.save(samples, y)
        for name in arguments.models:
            run = save(name, Path(scratch)) if name in MODELS else name
            name = Path(name).name
            made = export(run, Path(scratch) / f"{name}.onnx", quantise=True)
            files = {"torch": str(run), "onnx": str(made[0].path), "int8": str(made[1].path)}
            asked = {kind: answering(file) for kind, file in files.items()}
            times = medians({kind: (lambda ask=ask: ask(y)) for kind, ask in asked.items()}, arguments.repeats)
            peaks = {kind: peak_of(file, samples) for kind, file in files.items()}
            ratio = {kind: times["torch"] / took for kind, took in times.items()}
            print(
                f"{name:20} {times['torch']:9.1f} {times['onnx']:10.1f} ({ratio['onnx']:.2f}) {times['int8']:7.1f} "
                f"({ratio['int8']:.2f}) {peaks['torch']:9.0f} {peaks['onnx']:8.0f} {peaks['int8']:8.0f} "
                f"{made[1].loss:11.2g}",
                flush=True,
            )


if __name__ == "__main__":
    main()
