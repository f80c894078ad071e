"""Time and memory of reading a tf.data folder into arrays, against reading its bytes and against TensorFlow.

    python benchmarks/tfdata.py FOLDER [--tensorflow PYTHON] [--repeat 9]

FOLDER is one saved folder; `earmark data gtzan --course OUT` makes OUT/valid with 2,400 clips. PYTHON is an
interpreter that has TensorFlow. Each way runs in a process of its own, warm; times are the best and the median of
the repeats, memory is the peak over what the process had before its first reading.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

MEASURE = """
import json, resource, sys, time
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
def measure(once):
    before, seconds = peak(), []
    for _ in range(int(sys.argv[2])):
        start = time.perf_counter()
        result = once()
        seconds.append(time.perf_counter() - start)
        del result
    print(json.dumps({"seconds": seconds, "memory": peak() - before}))
"""
BYTES = """
from pathlib import Path
files = [path for path in Path(sys.argv[1]).rglob("*") if path.is_file()]
measure(lambda: [path.read_bytes() for path in files])
"""
OURS = """
from earmark.datasets.tfdata import read_folder
measure(lambda: read_folder(sys.argv[1]))
"""
TENSORFLOW = """
import numpy as np, tensorflow as tf
"""
ELEMENTWISE = """
measure(lambda: list(tf.data.Dataset.load(sys.argv[1]).as_numpy_iterator()))
"""
BATCHED = """
measure(lambda: next(tf.data.Dataset.load(sys.argv[1]).batch(1 << 30).as_numpy_iterator()))
"""


def run(python: str, script: str, folder: Path, repeat: int) -> tuple[list[float], float]:
    """Seconds of each repeat, and MiB at the peak."""
    done = subprocess.run(
        [python, "-c", MEASURE + script, str(folder), str(repeat)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found = json.loads(done.stdout)
    return found["seconds"], found["memory"] / 1024


def main() -> None:
    """Print one line a way of reading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tensorflow", metavar="PYTHON", help="an interpreter that has TensorFlow")
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    ways = {"bytes": (sys.executable, BYTES), "earmark": (sys.executable, OURS)}
    if options.tensorflow:
        ways["tensorflow, element by element"] = (options.tensorflow, TENSORFLOW + ELEMENTWISE)
        ways["tensorflow, one batch"] = (options.tensorflow, TENSORFLOW + BATCHED)
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{options.folder}: {size:,} bytes; Python {platform.python_version()}, {os.cpu_count()} processors")
    print(f"{'way':32} {'best s':>8} {'median s':>9} {'x bytes':>8} {'MiB':>6}")
    raw = 0.0
    for name, (python, script) in ways.items():
        seconds, memory = run(python, script, options.folder, options.repeat)
        best = min(seconds)
        raw = raw or best
        print(f"{name:32} {best:8.3f} {statistics.median(seconds):9.3f} {best / raw:8.2f} {memory:6.0f}")


if __name__ == "__main__":
    main()
