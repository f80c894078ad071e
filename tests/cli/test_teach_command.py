"""`earmark teach`: what it says of its score, and the name that the other commands take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tones import PITCHES

from earmark.classifier import loading
from earmark.errors import ModelError


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No pretrained network, and a data folder of its own."""

    def missing() -> None:
        raise ModelError("no package index answers; earmark fetch musicnn")

    monkeypatch.setattr(loading, "load_musicnn", missing)
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path / "data"))


def test_folders_without_artists_are_learned_and_the_score_is_called_kind(earmark, tones: Path):
    code, out, err = earmark("teach", tones, "--folders", "--name", "pitch", "--workers", 0)
    assert code == 0
    assert [line.split("\t")[:2] for line in out.splitlines()[:3]] == [[kind, "8"] for kind in sorted(PITCHES)]
    assert "of tracks held out 100% are right" in out
    assert "use it with: earmark tag --model pitch FOLDER" in out
    assert "24 of 24 tracks name no artist: other tracks by the same artist may have been learned from" in err

    [said] = json.loads(earmark("predict", "pitch", tones / "low" / "low0.wav", "--json")[1])
    assert said["genre"] == "low"


def test_json_says_how_many_artists_are_unknown(earmark, tones: Path):
    code, out, _ = earmark("teach", tones, "--folders", "--workers", 0, "--json")
    said = json.loads(out)
    assert (code, said["tracks"], said["artists_unknown"]) == (0, 24, 24)
    assert said["genres"] == dict.fromkeys(sorted(PITCHES), 8)


def test_no_music_is_one_line(earmark, tmp_path: Path):
    code, out, err = earmark("teach", tmp_path / "nowhere")
    assert (code, out) == (3, "")
    assert err.splitlines()[-1] == f"earmark: {tmp_path / 'nowhere'}: no such file or folder"
