"""Log-mel of 30 s of sound: processor time and memory of earmark and of librosa, taking turns on one core.

    python benchmarks/log_mel.py [SOUND FILE] [--repeats 60]

Without a file the sound is noise. n_fft 2048, hop 512, 128 bands, 22,050 Hz. With one thread the processor's time is
the clock's where nobody else computes, and stays the same where others do. Memory is the peak of a process that
transforms ten minutes of that sound and loads nothing but what that takes.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from earmark.audio.decode import read_audio

RATE = 22_050
Transform = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def by_earmark(y: NDArray[np.float32]) -> NDArray[np.float32]:
    """The function measured."""
    from earmark.audio.log_mel import log_mel

    return log_mel(y, sample_rate=RATE)


def by_librosa(y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Its peer."""
    import librosa

    power = librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=2048, hop_length=512, n_mels=128)
    return librosa.power_to_db(power, ref=np.max)


TRANSFORMS: dict[str, Transform] = {"earmark": by_earmark, "librosa": by_librosa}


def sound(path: str | None) -> NDArray[np.float32]:
    """30 s of the file, or of noise."""
    if path is None:
        return np.random.default_rng(0).standard_normal(30 * RATE).astype(np.float32)
    return read_audio(path, sample_rate=RATE, seconds=30).samples


def peak_of(name: str, y: NDArray[np.float32]) -> float:
    """The most memory, in MB, that this process holds while it transforms ten minutes of `y`."""
    TRANSFORMS[name](np.tile(y, 600 * RATE // len(y)))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--memory-of", choices=TRANSFORMS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # read by the libraries when they are loaded: start again
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_NUM_THREADS": "1"})
    y = sound(arguments.file)
    if arguments.memory_of:
        print(peak_of(arguments.memory_of, y))
        return
    times: dict[str, list[float]] = {name: [] for name in TRANSFORMS}
    for transform in TRANSFORMS.values():
        transform(y)
    for _ in range(arguments.repeats):
        for name, transform in TRANSFORMS.items():
            begin = time.process_time()
            transform(y)
            times[name].append(1000 * (time.process_time() - begin))
    print(f"{len(y) / RATE:.1f} s of sound, one thread, torch {version('torch')}, librosa {version('librosa')}")
    for name, taken in times.items():
        command = [sys.executable, __file__, "--memory-of", name, *([arguments.file] if arguments.file else [])]
        memory = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        middle, least = statistics.median(taken), min(taken)
        print(f"{name}  median {middle:.2f} ms  least {least:.2f} ms  peak memory for ten minutes {memory:.0f} MB")
    print(f"ratio {statistics.median(times['librosa']) / statistics.median(times['earmark']):.2f}")
    print(f"largest difference {np.abs(by_earmark(y) - by_librosa(y)).max():.5f} dB")


if __name__ == "__main__":
    main()
