"""Judge a run on a file in CIFAR-100's layout: the archive or its folder, of which the test part counts, or one pickle.

    python benchmarks/judge_images.py RUN FILE

Classes are matched by name, and pictures of classes that the run does not know are passed over. Prints `accuracy`, and
`low` and `high` of its interval over pictures, each on a line of its own.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from earmark.classifier import load_run
from earmark.datasets.cifar100 import cifar100
from earmark.errors import DataError, EarmarkError
from earmark.evaluation.metrics import score
from earmark.evaluation.scores import Score
from earmark.features.extract import extract
from earmark.predictions import Predictions
from earmark.tracks import Track


def judge(run: Path, file: Path) -> Score:
    """The accuracy of the run on what it can know of the file."""
    classifier = load_run(run)
    dataset = cifar100(path=file, valid_per_class=0)

    def counts(track: Track) -> bool:
        one_file = track.id.startswith(f"{file.name}/")
        return track.genre in classifier.genres and (track.part == "test" or one_file)

    known = [track for track in dataset.tracks if counts(track)]
    if not known:
        raise DataError(f"{file}: no picture to judge of a class that {run} knows")
    named = replace(dataset, genres=classifier.genres, tracks=tuple(known))
    examples = extract(named, known, classifier.card.features).examples
    judged = Predictions(
        classifier.genres, examples.ids, examples.songs, examples.y, classifier.probabilities(examples.x)
    )
    return score(judged, unit="track").accuracy


def main(run: Path, file: Path) -> int:
    """Print the figures; 3 with one line where they cannot be had."""
    try:
        accuracy = judge(run, file)
    except EarmarkError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for name, value in (("accuracy", accuracy.value), ("low", accuracy.low), ("high", accuracy.high)):
        print(f"{name} {value:.4f}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: judge_images.py RUN FILE")
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
