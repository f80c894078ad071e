"""Real recordings explained by the default classifier and the published network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.classifier.explanation import explain
from earmark.classifier.fusion import Fusion
from earmark.classifier.loading import DEFAULT, SHIPPED, load_fusion


@pytest.fixture(scope="module")
def default() -> Fusion:
    return load_fusion(SHIPPED / DEFAULT)


@pytest.mark.usefixtures("musicnn")
@pytest.mark.parametrize("name", ["reggae.00000", "metal.00003", "jazz.00012"])
def test_a_training_clip_is_its_own_nearest(default: Fusion, shared: Path, name: str) -> None:
    """The kept numbers are of published outputs, which another filter resampled."""
    genre = name.partition(".")[0]
    explanation = explain(default, shared / "gtzan" / "audio" / genre / f"{name}.flac")
    first, second, *_ = explanation.nearest
    assert name in first.name
    assert first.similarity > max(0.97, second.similarity)
    assert explanation.answer.genre == genre
    (_, likeliest), (_, then), *_ = explanation.answer.ranked()
    assert explanation.log_odds == pytest.approx(np.log(likeliest / then), abs=1e-3)


@pytest.mark.usefixtures("musicnn")
def test_two_songs_in_one_file_show_as_two(default: Fusion, shared: Path, tmp_path: Path) -> None:
    audio = shared / "gtzan" / "audio"
    first, rate = soundfile.read(audio / "metal" / "metal.00003.flac")
    second, _ = soundfile.read(audio / "jazz" / "jazz.00012.flac")
    path = tmp_path / "both.flac"
    soundfile.write(path, np.concatenate([first, second]), rate)
    explanation = explain(default, path)
    named = [default.genres[place] for place in explanation.answer.over_time.argmax(1)]
    assert (named[0], named[-1]) == ("metal", "jazz")
    assert explanation.pieces == (1, 2)
    assert explanation.tags["metal"] > 0.05
    assert explanation.tags["jazz"] > 0.05
