"""Judge a run on a table of song texts with the columns that its own data had.

    python benchmarks/judge_lyrics.py RUN FILE.csv.gz

Prints `accuracy`, `macro-F1`, `low` and `high`, each on a line of its own: the last two are the 95 % interval of the
accuracy over songs, of which all by one artist are drawn together. Below them how many songs and artists were judged,
what always guessing the commonest genre gets, how many of the songs the run has learned from, and what could not be
judged.
"""

from __future__ import annotations

import sys
from pathlib import Path

from earmark.classifier import load_run
from earmark.datasets.lyrics import lyrics
from earmark.evaluation.metrics import score
from earmark.experiment.evaluate import matched
from earmark.experiment.learned_texts import count_learned
from earmark.features.extract import extract
from earmark.predictions import Predictions
from earmark.run import open_run


def main(run: Path, table: Path) -> None:
    classifier = load_run(run)
    dataset, left_out = matched(lyrics(path=table), classifier.genres, None, None)
    extraction = extract(dataset, dataset.tracks, classifier.card.features)
    examples = extraction.examples
    said = classifier.probabilities(examples.x)
    found = Predictions(classifier.genres, examples.ids, examples.songs, examples.y, said, examples.artists)
    scores = score(found, unit="clip")
    print(f"accuracy {scores.accuracy.value:.3f}")
    print(f"macro-F1 {scores.macro_f1.value:.3f}")
    print(f"low {scores.accuracy.low:.3f}")
    print(f"high {scores.accuracy.high:.3f}")
    print(f"songs {scores.n}")
    print(f"artists {scores.songs if scores.artists is None else scores.artists}")
    print(f"majority {scores.majority_accuracy:.3f}")
    if learned := count_learned(open_run(run), dataset):
        print(f"trained on {learned} of these songs")
    for reason, count in left_out.items():
        print(f"left out: {count} ({reason})")
    for fault in extraction.skipped:
        print(f"left out: {fault.where}: {fault.what}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: judge_lyrics.py RUN FILE.csv.gz")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
