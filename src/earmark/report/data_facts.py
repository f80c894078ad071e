"""What a page says about a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from earmark.tracks import Dataset
from earmark.wording import MUSIC, Wording

NO_PART = "no part"
PARTS = ("train", "valid", "test", NO_PART)


@dataclass(frozen=True)
class DataFacts:
    """A data set's name, origin, words, and tracks per genre and part: `counts["blues"]["train"]`."""

    name: str
    medium: str
    synthetic: bool
    source: str
    licence: str
    counts: Mapping[str, Mapping[str, int]]
    wording: Wording = MUSIC

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that hold tracks, train first."""
        return tuple(part for part in PARTS if any(row.get(part) for row in self.counts.values()))

    @property
    def tracks(self) -> int:
        """Tracks with a genre, over all parts."""
        return sum(self.total(genre) for genre in self.counts)

    @property
    def largest(self) -> int:
        """Tracks of the commonest genre."""
        return max(map(self.total, self.counts), default=0)

    def total(self, genre: str) -> int:
        """Tracks of one genre, over all parts."""
        return sum(self.counts[genre].values())


def facts_of(dataset: Dataset, parts: Mapping[str, str]) -> DataFacts:
    """Count the tracks of `dataset` by genre and part. `parts` is a split's (track id → part)."""
    counts: dict[str, dict[str, int]] = {genre: {} for genre in dataset.genres}
    for track in dataset.tracks:
        if track.genre is not None:
            part = parts.get(track.id, NO_PART)
            counts[track.genre][part] = counts[track.genre].get(part, 0) + 1
    return DataFacts(
        dataset.name, dataset.medium, dataset.synthetic, dataset.source, dataset.licence, counts, dataset.wording
    )
