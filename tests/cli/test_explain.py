"""`earmark explain`: in a pipe, as JSON, as a page; for a run, and for a fusion that lacks nothing but the tags."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tones import PITCHES, write_tone

from earmark.audio.decode import read_audio
from earmark.classifier import loading
from earmark.errors import ModelError
from earmark.experiment.fusing import Side, fuse, write_fusion
from earmark.features.log_mel import log_mel_features
from earmark.recipe import Choice


@pytest.fixture(scope="module")
def classifier(tones: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fusion of one voice that needs no download."""
    files = sorted(tones.glob("*/*.wav"))
    features = log_mel_features(sample_rate=8000, n_mels=32, clip_seconds=2, standardise="none", columns=40)
    x = np.concatenate([features.clips(read_audio(path), str(path))[0][:1] for path in files])
    genres = tuple(sorted(PITCHES))
    y = np.array([genres.index(path.parent.name) for path in files])
    side = Side(features, Choice("feature_discriminant", {"frames_per_second": 20.0}), x)
    names = [path.name for path in files]
    fused = fuse({"sound": side}, y, names, names, genres=genres, name="tones")
    return write_fusion(tmp_path_factory.mktemp("fusion") / "tones", fused, piece_seconds=2.0)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    kind, pitch = sorted(PITCHES.items())[1]
    path = tmp_path / f"{kind}.wav"
    write_tone(path, pitch, seed=99)
    return path


def test_a_pipe_gets_plain_lines(earmark, classifier, song):
    code, out, err = earmark("explain", song, "--model", classifier)
    assert code == 0
    assert out.splitlines()[0].startswith(f"{song.stem} ")
    assert "likely enough: 50% is asked for" in out.splitlines()[0]
    assert f"why {song.stem} and not " in out
    assert "what speaks most among sound:" in out
    assert err.count("cannot be told") == 1
    assert "no voice listens to the pretrained network" in err


def test_of_speech_it_says_first_that_it_is_no_music(earmark, shared: Path, monkeypatch: pytest.MonkeyPatch):
    def offline() -> None:
        raise ModelError("musicnn cannot be fetched")

    monkeypatch.setattr(loading, "load_musicnn", offline)
    code, out, _ = earmark("explain", shared / "open_audio" / "198-209-0000.ogg")
    assert code == 0
    assert out.splitlines()[0].startswith("not music: it sounds like speech; what follows means little (")


def test_json_holds_all(earmark, classifier, song):
    code, out, _ = earmark("explain", song, "--model", classifier, "--json", "--min-confidence", "0.7")
    content = json.loads(out)
    assert code == 0
    assert (content["genre"], content["classifier"], content["min_confidence"]) == (song.stem, "tones", 0.7)
    assert sum(content["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    (voice,) = content["evidence"]
    assert sum(voice["parts"].values()) + voice["constant"] == pytest.approx(content["log_odds"], abs=1e-4)
    assert (content["stretches"][0]["from"], content["stretches"][0]["to"]) == (0.25, 2.25)
    _, predicted, _ = earmark("predict", song, "--model", classifier, "--json")
    assert json.loads(predicted)[0]["probabilities"] == content["probabilities"]


def test_a_page_is_written(earmark, classifier, song, tmp_path):
    code, _, _ = earmark("explain", song, "--model", classifier, "--html", tmp_path / "why.html")
    assert code == 0
    assert f"<h1>{song.name}</h1>" in (tmp_path / "why.html").read_text()


def test_of_a_run_only_the_stretches_are_told(earmark, trained, song):
    code, out, err = earmark("explain", song, "--model", trained.folder)
    assert code == 0
    assert "along the track:" in out
    assert "why" not in out
    assert "is one model, not a fusion of voices" in err


def test_what_cannot_be_heard_is_one_line(earmark, classifier, tmp_path):
    code, out, err = earmark("explain", tmp_path / "none.wav", "--model", classifier)
    assert (code, out) == (3, "")
    assert err.strip().splitlines()[-1].startswith(f"earmark: {tmp_path / 'none.wav'}")
