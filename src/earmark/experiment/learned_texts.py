"""Which texts a run has learned from: whoever judges it on other files is told of those that are among them."""

from __future__ import annotations

import hashlib

from earmark.atomic import write_text
from earmark.run import Run
from earmark.splits import Split
from earmark.tracks import Dataset, Track

BYTES = 8  # of a digest: two of a million texts share one by chance once in 37 million such sets


def write_learned(run: Run, dataset: Dataset, split: Split) -> None:
    """Write the digests of the training part's texts into the run; of other data nothing."""
    if dataset.medium == "text":
        told = sorted({_digest(dataset, track) for track in split.tracks(dataset, "train")})
        write_text(run.learned, "".join(f"{line}\n" for line in told))


def count_learned(run: Run, dataset: Dataset) -> int | None:
    """How many texts of `dataset` the run has learned from, whatever file, row or spelling they stand in now.

    None where the run does not know: of other data, or older than this list.
    """
    if dataset.medium != "text" or not run.learned.is_file():
        return None
    learned = set(run.learned.read_text(encoding="ascii").split())
    return sum(_digest(dataset, track) in learned for track in dataset.tracks)


def _digest(dataset: Dataset, track: Track) -> str:
    """Of the words alone: neither case nor white space makes another text."""
    words = " ".join(dataset.read(track).casefold().split())
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=BYTES).hexdigest()
