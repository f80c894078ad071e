"""musicnn: its answers against those published for real clips, and its time and memory against the plain network's.

    python benchmarks/musicnn.py [--repeats 10]

The clips are those of GTZAN's training list that lie in the shared data (EARMARK_SHARED, default ../shared). Time is
the processor's, with one thread, for 30 s of sound: ten patches side by side, or 28 at the published hop. The plain
network takes them in one batch and, since that leaves the processor's caches, one by one too. Memory is what hearing
ten minutes adds to the peak of a process that has loaded the network.
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
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from earmark.audio.decode import read_audio
from earmark.audio.musicnn_mel import BANDS, HOP_LENGTH, SAMPLE_RATE, musicnn_mel
from earmark.features.musicnn import Musicnn
from earmark.models.musicnn import PATCH_FRAMES
from earmark.pretrained.musicnn import load_musicnn

PUBLISHED_HOP = 61
SECONDS = 30
GTZAN = Path(os.environ.get("EARMARK_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "gtzan"


def fast(frames: Tensor, hop: int) -> None:
    """The network as earmark asks it."""
    load_musicnn()(frames, hop)


@torch.inference_mode()
def plain(frames: Tensor, hop: int) -> None:
    """The network as it is defined, all patches in one batch."""
    load_musicnn().network(frames.unfold(0, PATCH_FRAMES, hop).transpose(1, 2))


@torch.inference_mode()
def one_by_one(frames: Tensor, hop: int) -> None:
    """The network as it is defined, a patch at a time."""
    for patch in frames.unfold(0, PATCH_FRAMES, hop).transpose(1, 2):
        load_musicnn().network(patch[None])


NETWORKS: dict[str, Callable[[Tensor, int], None]] = {
    "fast": fast,
    "plain, one batch": plain,
    "plain, one by one": one_by_one,
}


def frames_of(seconds: int) -> Tensor:
    """As many frames as so many seconds have, of any values: time does not depend on them."""
    count = 1 + seconds * SAMPLE_RATE // HOP_LENGTH
    return torch.rand((count, BANDS), generator=torch.Generator().manual_seed(0)) * 4


def agreement() -> None:
    """How far the tags of each real clip are from the published ones."""
    published = np.load(GTZAN / "musicnn_taggrams_train.npz")
    settings = Musicnn(patch_hop_frames=PUBLISHED_HOP)
    print("clip  mean and largest difference of a tag  correlation")
    means, correlations = [], []
    for place, name in enumerate(published["ids"]):
        path = (GTZAN / "audio" / str(name)).with_suffix(".flac")
        if not path.is_file():
            continue
        expected = published["taggram"][published["offsets"][place] : published["offsets"][place + 1]].astype(
            np.float32
        )
        tags = settings.taggram(read_audio(path), where=path.name).tags
        off, correlation = np.abs(tags - expected), np.corrcoef(tags.ravel(), expected.ravel())[0, 1]
        means.append(off.mean())
        correlations.append(correlation)
        print(f"{path.stem:<15} {off.mean():.5f}  {off.max():.4f}  {correlation:.5f}")
    print(
        f"{len(means)} clips: mean {np.mean(means):.5f} (limit 0.004), worst clip {max(means):.5f} (limit 0.007), "
        f"lowest correlation {min(correlations):.5f} (limit 0.98)"
    )


def added_by(name: str) -> float:
    """MB by which the peak of this process grows while ten minutes are heard."""
    frames = frames_of(600)
    load_musicnn()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    NETWORKS[name](frames, PATCH_FRAMES)
    unit = 1 if sys.platform == "darwin" else 1024
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit / 1e6


def seconds_of(work: Callable[[], object], repeats: int) -> list[float]:
    """Processor seconds of each of so many times."""
    work()
    taken = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return taken


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--memory-of", choices=NETWORKS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # read by the libraries when they are loaded: start again
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_NUM_THREADS": "1"})
    if arguments.memory_of:
        print(added_by(arguments.memory_of))
        return
    for name in NETWORKS:  # first, while this process is small: a child's peak begins with its parent's
        command = [sys.executable, __file__, "--memory-of", name]
        memory = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"{name:<18} takes {memory:.0f} MB for ten minutes")
    agreement()
    print(f"{SECONDS} s of sound, one thread, torch {version('torch')}")
    samples = np.random.default_rng(0).normal(0, 0.1, SECONDS * SAMPLE_RATE).astype(np.float32)
    taken = statistics.median(seconds_of(lambda: musicnn_mel(samples), arguments.repeats))
    print(f"log-mel  {1000 * taken:.1f} ms")
    frames = frames_of(SECONDS)
    for hop in (PATCH_FRAMES, PUBLISHED_HOP):
        base = 0.0
        for name, network in NETWORKS.items():
            taken = statistics.median(seconds_of(lambda: network(frames, hop), arguments.repeats))  # noqa: B023
            base = base or taken
            print(f"hop {hop}  {name:<18} {taken:.3f} s, {SECONDS / taken:.0f} × real time, {taken / base:.2f} × fast")


if __name__ == "__main__":
    main()
