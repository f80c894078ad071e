"""The card of a data set: how many of what, from where, under which licence, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.report.data_facts import facts_of
from earmark.report.pages import render
from earmark.report.pictures import data_uri, spectrogram_png
from earmark.tracks import Dataset, Fault

ARTISTS = 10


def render_card(
    dataset: Dataset,
    *,
    parts: Mapping[str, str] | None = None,
    found: Sequence[Fault] = (),
    pictures: Mapping[str, NDArray[np.float32]] | None = None,
) -> str:
    """The card as one HTML file that needs no network; the same bytes for the same input. Nothing is read.

    parts     a split's, track id → part; without it the parts that the data set itself hands out
    found     faults seen by looking, beside those known beforehand in `dataset.faults`
    pictures  track id → float32 (bands, frames) in dB; a few are enough
    """
    if parts is None:
        parts = {track.id: track.part for track in dataset.tracks if track.part is not None}
    artists = Counter(track.artist for track in dataset.tracks if track.artist)
    years = [track.year for track in dataset.tracks if track.year is not None]
    return render(
        "card.html",
        dataset=dataset,
        wording=dataset.wording,
        facts=facts_of(dataset, parts),
        songs=len({track.song for track in dataset.tracks}),
        unlabelled=sum(track.genre is None for track in dataset.tracks),
        artists=artists,
        top_artists=sorted(artists.items(), key=lambda entry: (-entry[1], entry[0]))[:ARTISTS],
        years=(min(years), max(years)) if years else None,
        languages=sorted({track.language for track in dataset.tracks if track.language}),
        found=found,
        pictures=[
            (dataset.track(name), data_uri(spectrogram_png(decibels))) for name, decibels in (pictures or {}).items()
        ],
    )
