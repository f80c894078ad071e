"""What must be said beside a score where the model is told who sings."""

from __future__ import annotations

from earmark.features.settings import OF_TEXT, Features
from earmark.splits import Split
from earmark.tracks import Dataset, Part

JUDGED: tuple[Part, ...] = ("valid", "test")


def leak_of(split: Split, dataset: Dataset, features: Features) -> str | None:
    """What leaks in a split, and what an artist as an input makes of it; None where nothing is known to leak."""
    leaks = split.leaks(dataset)
    if not (isinstance(features, OF_TEXT) and features.artist and leaks.artists):
        return leaks.sentence
    shared = set(leaks.artists)
    judged = [track for part in JUDGED for track in split.tracks(dataset, part)]
    known = sum(track.artist in shared for track in judged)
    return (
        f"{leaks.sentence}; the artist is an input, and {known} of {len(judged)} judged tracks are by artists of the "
        "training part: the score mostly measures who sings"
    )
