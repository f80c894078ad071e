"""Bootstrap intervals: time and memory beside a plain loop with scikit-learn, and how often they hold the truth.

python benchmarks/intervals.py
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from earmark.evaluation.metrics import score
from earmark.predictions import Predictions


def simulated(rng: np.random.Generator, *, songs: int, clips: int, classes: int) -> Predictions:
    """Clips that are right or wrong together: an opinion for each song, and some noise for each clip."""
    truth = np.repeat(rng.integers(classes, size=songs), clips)
    opinion = np.repeat(rng.dirichlet(np.full(classes, 0.3), size=songs), clips, axis=0)
    probabilities = 0.8 * opinion + 0.2 * rng.dirichlet(np.ones(classes), size=songs * clips)
    names = tuple(f"song {i // clips}" for i in range(songs * clips))
    ids = tuple(f"{name}#{i % clips}" for i, name in enumerate(names))
    return Predictions(tuple(f"genre {i}" for i in range(classes)), ids, names, truth, probabilities)


def loop(judged: Predictions, resamples: int) -> None:
    """The peer: scikit-learn's accuracy and macro-F1 of each resample of songs, without log-loss and top-k."""
    rng = np.random.default_rng(0)
    _, song = np.unique(np.array(judged.songs), return_inverse=True)
    rows = np.split(np.argsort(song, kind="stable"), np.cumsum(np.bincount(song))[:-1])
    truth, guesses = judged.truth, judged.guesses
    for _ in range(resamples):
        chosen = np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))])
        accuracy_score(truth[chosen], guesses[chosen])
        f1_score(truth[chosen], guesses[chosen], average="macro", zero_division=0)


def seconds(call: Callable[[], object]) -> float:
    """Median of five."""
    took = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def main() -> None:
    rng = np.random.default_rng(0)
    print("songs x clips, genres   2,000 resamples   scikit-learn, 20 resamples x 100   ratio   peak memory")
    for songs, clips, classes in ((800, 15, 8), (12_000, 1, 8), (10_000, 1, 100)):
        judged = simulated(rng, songs=songs, clips=clips, classes=classes)
        ours = seconds(lambda judged=judged: score(judged, unit="clip", resamples=2000))  # type: ignore[misc]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        theirs = 100 * seconds(lambda judged=judged: loop(judged, 20))  # type: ignore[misc]
        print(f"{songs:6} x {clips:2}, {classes:3} {ours:18.2f} s {theirs:30.1f} s {theirs / ours:9.0f} {peak:9.0f} MB")
    print("songs x clips   90 % intervals that hold the true accuracy, of 2,000")
    for songs, clips in ((60, 10), (100, 4), (400, 4)):
        truth = score(simulated(rng, songs=200_000, clips=1, classes=4), unit="clip", resamples=1).accuracy.value
        held = 0
        for seed in range(2000):
            judged = simulated(rng, songs=songs, clips=clips, classes=4)
            accuracy = score(judged, unit="clip", level=0.9, resamples=500, seed=seed).accuracy
            held += accuracy.low <= truth <= accuracy.high
        print(f"{songs:5} x {clips:2} {held / 2000:12.3f}")


if __name__ == "__main__":
    main()
