"""Judge a run on a file of log-mel arrays in the layout of GTZAN's mel128.npz.

    python benchmarks/judge_mel.py RUN MEL.npz

Prints `tracks`, `accuracy` and `macro_f1`, each on a line of its own, with the interval over tracks behind.
"""

from __future__ import annotations

import sys
from pathlib import Path

from earmark.classifier import load_run
from earmark.datasets.mel_arrays import mel_arrays
from earmark.evaluation.metrics import score
from earmark.features.extract import extract
from earmark.predictions import Predictions


def main(run: Path, arrays: Path) -> None:
    classifier = load_run(run)
    dataset = mel_arrays(path=arrays, genres=classifier.genres)
    examples = extract(dataset, dataset.tracks, classifier.card.features).examples
    judged = Predictions(
        classifier.genres, examples.ids, examples.songs, examples.y, classifier.probabilities(examples.x)
    )
    scores = score(judged, unit="track")
    print(f"tracks {scores.n}")
    for name, figure in (("accuracy", scores.accuracy), ("macro_f1", scores.macro_f1)):
        print(f"{name} {figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: judge_mel.py RUN MEL.npz")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
