"""Judge the default classifier on published outputs of musicnn and log-mel arrays of the same tracks.

    python benchmarks/judge_default.py TAGGRAMS.npz MEL.npz

The files have the layouts of GTZAN's musicnn_taggrams_train.npz and mel128.npz. Tracks that only one of them has are
counted and left out. Prints `tracks`, `accuracy`, `macro_f1` and `ece`, each on a line of its own, accuracy and
macro-F1 with their interval over tracks.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.classifier.fusion import Fusion
from earmark.classifier.loading import DEFAULT, SHIPPED, load_fusion
from earmark.datasets.mel_arrays import mel_arrays
from earmark.evaluation.metrics import score
from earmark.predictions import Predictions

LEAST = 1e-6  # a published probability of 0 is one below what half precision holds


def read_taggrams(path: Path) -> dict[str, NDArray[np.float32]]:
    """Mean logits (50,) of each track's patches, by its id without folder and suffix."""
    with np.load(path, allow_pickle=False) as file:
        ids, offsets, rows = file["ids"], file["offsets"], file["taggram"].astype(np.float64)
    likely = np.clip(rows, LEAST, 1 - LEAST)
    logits = np.log(likely) - np.log1p(-likely)
    return {
        Path(str(name)).stem: logits[begin:end].mean(0).astype(np.float32)
        for name, begin, end in zip(ids, offsets[:-1], offsets[1:], strict=True)
    }


def main(taggrams: Path, mel: Path) -> None:
    classifier: Fusion = load_fusion(SHIPPED / DEFAULT)
    tags = read_taggrams(taggrams)
    data = mel_arrays(path=mel, genres=classifier.genres)
    tracks = [track for track in data.tracks if track.id in tags]
    inputs = [np.stack([tags[track.id] for track in tracks]), np.stack([data.read(track) for track in tracks])]
    ids = tuple(track.id for track in tracks)
    predictions = Predictions(classifier.genres, ids, ids, data.labels(tracks), classifier.probabilities(inputs))
    scores = score(predictions, unit="track")
    print(f"tracks {scores.n}")
    print(f"only_taggrams {len(tags.keys() - {track.id for track in data.tracks})}")
    print(f"only_mel {len(data.tracks) - len(tracks)}")
    for name, figure in (("accuracy", scores.accuracy), ("macro_f1", scores.macro_f1)):
        print(f"{name} {figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]")
    print(f"ece {scores.calibration.ece:.4f}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: judge_default.py TAGGRAMS.npz MEL.npz")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
