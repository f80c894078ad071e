"""Own genres learned from real clips by both voices, of which one hears what the published network hears."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from earmark.batches.mapping import Place
from earmark.classifier import Fusion, load
from earmark.library.teach import teach

GENRES = ("classical", "hiphop", "metal")


@pytest.mark.usefixtures("musicnn")
def test_real_genres_are_learned_by_both_voices(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    clips = {genre: sorted((shared / "gtzan" / "audio" / genre).glob("*.flac")) for genre in GENRES}
    for genre, files in clips.items():
        for number, file in enumerate(files[:4]):
            wrong = "metal" if (genre, number) == ("classical", 3) else genre  # one lies in the wrong folder
            (tmp_path / "music" / wrong).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, tmp_path / "music" / wrong / file.name)

    lesson = teach(tmp_path / "music", "mine", by="folders", least=3, place=Place(workers=0))
    assert lesson.note is None
    assert lesson.genres == {"classical": 3, "hiphop": 4, "metal": 5}
    assert lesson.scores.accuracy.value >= 9 / 12
    assert [(Path(each.path).name, each.sounds_like) for each in lesson.suspects[:1]] == [
        (clips["classical"][3].name, "classical")
    ]

    mine = load("mine")
    assert isinstance(mine, Fusion)
    assert [voice.folder for voice in mine.card.voices] == ["tags", "sound"]
    assert mine.neighbours is not None
    assert len(mine.neighbours.names) == 12
    assert mine.predict(clips["hiphop"][0]).genre == "hiphop"
