"""The page of a data set, with a picture of one track a genre."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.atomic import write_text
from earmark.audio.log_mel import log_mel
from earmark.report.dataset_card import render_card
from earmark.tracks import Dataset, Fault, Track

PICTURE_SECONDS = 10


def write_card_page(path: Path, dataset: Dataset, found: Sequence[Fault]) -> Path:
    """Write the card of `dataset` to `path`; tracks named in `found` are not drawn, nor are texts. Gives the path."""
    broken = {fault.where for fault in (*found, *dataset.faults)}
    drawn = () if dataset.medium == "text" else dataset.tracks
    first: dict[str | None, Track] = {}
    for track in drawn:
        if track.id not in broken:
            first.setdefault(track.genre, track)
    pictures = {track.id: _picture(dataset, track) for track in first.values()}
    write_text(path, render_card(dataset, found=found, pictures=pictures))
    return path


def _picture(dataset: Dataset, track: Track) -> NDArray[np.float32]:
    """Log-mel (bands, frames) of the beginning of a track, or the picture itself."""
    raw = dataset.read(track)
    if dataset.medium in ("log_mel", "image"):
        return np.asarray(raw, dtype=np.float32)
    return log_mel(raw.samples[: PICTURE_SECONDS * raw.sample_rate], sample_rate=raw.sample_rate)
