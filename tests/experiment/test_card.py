"""The page of a data set shows one track a genre, and none that is broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark.audio.waveform import Waveform
from earmark.errors import AudioError
from earmark.experiment.card import PICTURE_SECONDS, write_card_page
from earmark.tracks import Dataset, Fault, Medium, Track

TRACKS = tuple(Track(id=f"{genre}{n}", genres=(genre,)) for genre in ("jazz", "rock") for n in range(3))


@pytest.mark.parametrize("medium", ["audio", "log_mel"])
def test_one_readable_track_a_genre_is_drawn(tmp_path: Path, medium: Medium) -> None:
    drawn = []

    def read(track: Track) -> Waveform | np.ndarray:
        drawn.append(track.id)
        if track.id == "rock0":
            raise AudioError("rock0: truncated")
        rng = np.random.default_rng(1)
        if medium == "log_mel":
            return rng.uniform(-80, 0, (16, 40)).astype(np.float32)
        return Waveform(rng.normal(0, 0.1, (PICTURE_SECONDS + 1) * 8000).astype(np.float32), 8000)

    dataset = Dataset("songs", medium, ("jazz", "rock"), TRACKS, read, faults=(Fault("jazz0", "the singer coughs"),))
    page = write_card_page(tmp_path / "card.html", dataset, [Fault("rock0", "truncated")])
    assert page == tmp_path / "card.html"
    assert drawn == ["jazz1", "rock1"]
    said = page.read_text(encoding="utf-8")
    assert said.count("data:image/") == 2
    assert "the singer coughs" in said
