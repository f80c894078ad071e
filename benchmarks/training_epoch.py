"""One training epoch of the course's networks here and in Keras, on one CPU thread.

    python benchmarks/training_epoch.py [--keras PYTHON]      PYTHON has TensorFlow; without it, ours alone

9,600 clips of 80 × 80 random numbers in memory, batches of 128, SGD with momentum. Each side is a process of its own;
they take turns after one epoch of warm-up. Prints the median seconds of an epoch, by the clock and of CPU time (what
counts where other programs run), both ratios, and the peak memory of each.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

CLIPS, BATCH = 9_600, 128


def epochs(name: str) -> None:
    """The same protocol as `epochs` of course_in_keras.py."""
    import numpy as np
    import torch
    from torch.nn.functional import cross_entropy

    from earmark.catalog import MODELS

    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    x = torch.from_numpy(rng.standard_normal((CLIPS, 80, 80), dtype=np.float32))
    y = torch.from_numpy(rng.integers(8, size=CLIPS))
    model = MODELS.find(name)((80, 80), 8)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)

    def epoch() -> None:
        for x_batch, y_batch in zip(x.split(BATCH), y.split(BATCH), strict=True):
            optimiser.zero_grad()
            cross_entropy(model(x_batch), y_batch).backward()
            optimiser.step()

    epoch()
    print("ready", flush=True)
    for _ in sys.stdin:
        clock, cpu = time.perf_counter(), time.process_time()
        epoch()
        print(time.perf_counter() - clock, time.process_time() - cpu, flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


class Side:
    """A process that trains an epoch when told to."""

    def __init__(self, label: str, *command: str | Path) -> None:
        self.label = label
        self.clock: list[float] = []
        self.cpu: list[float] = []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self._answer()

    def _answer(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.label} ended with {self.process.wait()}; its message stands above")
        return line

    def epoch(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        clock, cpu = self._answer().split()
        self.clock.append(float(clock))
        self.cpu.append(float(cpu))

    def megabytes(self) -> float:
        self.process.stdin.close()
        return float(self._answer())


def measure(name: str, keras: str | None, rounds: int) -> None:
    here = Path(__file__)
    sides = [Side("earmark", sys.executable, here, "--epochs", name)]
    if keras:
        sides.append(Side("keras", keras, here.with_name("course_in_keras.py"), "epochs", name))
    for _ in range(rounds):
        for side in sides:
            side.epoch()
    for side in sides:
        clock, cpu = statistics.median(side.clock), statistics.median(side.cpu)
        print(f"{name:13} {side.label:8} {clock:5.2f} s, CPU {cpu:5.2f} s, peak {side.megabytes():5.0f} MB")
    if keras:
        ours, theirs = sides
        clock, cpu = (
            statistics.median(a) / statistics.median(b) for a, b in ((theirs.clock, ours.clock), (theirs.cpu, ours.cpu))
        )
        print(f"{name:13} {clock:.2f} times as fast as Keras, CPU {cpu:.2f} times")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keras", help="a Python with TensorFlow")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", metavar="MODEL", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.epochs:
        epochs(arguments.epochs)
    else:
        for name in ("parallel_cnn", "cnn_rnn"):
            measure(name, arguments.keras, arguments.rounds)
