"""Voices that learn from two sides of the same pieces, fused, written, and loaded again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp

from earmark.audio.waveform import Waveform
from earmark.classifier import load, locate
from earmark.classifier.fusion import Fusion, alone
from earmark.classifier.loading import load_fusion
from earmark.errors import DataError, ModelError
from earmark.experiment.fusing import Fused, Side, fuse, write_fusion
from earmark.features.log_mel import log_mel_features
from earmark.recipe import Choice

GENRES = ("deep", "high")
RATE = 16_000
SECONDS = 3.0


def sound(genre: int, rng: np.random.Generator, seconds: float = SECONDS) -> Waveform:
    """A noisy tone, low or high."""
    t = np.arange(round(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * rng.uniform(150, 250) * (1 + 9 * genre) * t) * (1 + 0.3 * np.sin(2 * np.pi * 3 * t))
    return Waveform((0.3 * tone + rng.normal(0, 0.03, len(t))).astype(np.float32), RATE)


def sides(waveforms: list[Waveform]) -> dict[str, Side]:
    fine = log_mel_features(sample_rate=RATE, n_mels=40, clip_seconds=SECONDS, standardise="none", columns=40)
    coarse = log_mel_features(sample_rate=8000, n_mels=32, clip_seconds=SECONDS, standardise="none", columns=40)
    model = Choice("feature_discriminant", {"frames_per_second": 40 / SECONDS})
    return {
        name: Side(f, model, np.concatenate([f.clips(w, "song")[0] for w in waveforms]))
        for name, f in (("fine", fine), ("coarse", coarse))
    }


@pytest.fixture
def fused(rng: np.random.Generator) -> Fused:
    y = np.arange(24) % 2
    artists = [f"artist {i // 3}" for i in range(24)]
    ids = [f"song {i}" for i in range(24)]
    return fuse(sides([sound(g, rng) for g in y]), y, artists, ids, genres=GENRES, name="tones")


def test_it_names_new_sound_of_any_length(fused: Fused, tmp_path: Path, rng: np.random.Generator) -> None:
    fusion = load(write_fusion(tmp_path / "tones", fused, piece_seconds=SECONDS))
    assert isinstance(fusion, Fusion)
    for seconds in (1.5, 3.0, 10.0):
        for genre, name in enumerate(GENRES):
            answer = fusion.predict(sound(genre, rng, seconds))
            assert answer.genre == name
            assert len(answer.starts) == len(answer.over_time) == max(1, round(seconds / SECONDS))
    assert fused.scores.accuracy.value == 1.0


def test_what_was_written_answers_as_before(fused: Fused, tmp_path: Path, rng: np.random.Generator) -> None:
    given = sides([sound(0, rng), sound(1, rng)])
    folder = write_fusion(tmp_path / "tones", fused, piece_seconds=SECONDS)
    with np.errstate(divide="ignore"):
        each = [np.log(fused.models[name].estimator.predict_proba(side.x)) for name, side in given.items()]
    exponents = [round(fused.exponents[name], 4) for name in given]
    together = sum(e * np.maximum(x, -50) for e, x in zip(exponents, each, strict=True))
    expected = np.exp(together - logsumexp(together, axis=1, keepdims=True))
    loaded = load_fusion(folder)
    np.testing.assert_allclose(loaded.probabilities([side.x for side in given.values()]), expected, atol=1e-5)
    again = load_fusion(write_fusion(folder, fused, piece_seconds=SECONDS))  # in its place
    assert again.card == loaded.card
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tones"]


def test_an_excerpt_is_enough_where_that_is_asked(fused: Fused, tmp_path: Path, rng: np.random.Generator) -> None:
    import soundfile

    path = tmp_path / "song.wav"
    soundfile.write(path, sound(1, rng, 12.0).samples, RATE)
    fusion = load(write_fusion(tmp_path / "tones", fused, piece_seconds=SECONDS))
    assert isinstance(fusion, Fusion)
    short = fusion.predict(path, whole=False)
    assert short.starts.tolist() == [4.5]
    assert short.genre == fusion.predict(path).genre


def test_one_voice_alone_is_that_voice(fused: Fused, tmp_path: Path, rng: np.random.Generator) -> None:
    fusion = load_fusion(write_fusion(tmp_path / "tones", fused, piece_seconds=SECONDS))
    one = alone(fusion, 1, note="the other is missing")
    x = sides([sound(0, rng)])["coarse"].x
    np.testing.assert_allclose(one.probabilities([x]), fusion.voices[1].probabilities(x), atol=1e-9)
    assert one.note == "the other is missing"


def test_sides_of_other_pieces_are_refused(rng: np.random.Generator) -> None:
    given = sides([sound(0, rng), sound(1, rng)])
    with pytest.raises(DataError, match="every voice needs the same 3 pieces"):
        fuse(given, np.array([0, 1, 0]), ["a", "b", "c"], ["a", "b", "c"], genres=GENRES, name="tones")


def test_damage_is_named(fused: Fused, tmp_path: Path) -> None:
    folder = write_fusion(tmp_path / "tones", fused, piece_seconds=SECONDS)
    card = (folder / "fusion.json").read_text()
    (folder / "fusion.json").write_text(card.replace('"format": 1', '"format": 2'))
    with pytest.raises(ModelError, match=r"format 2 is not the 1 this earmark reads; update earmark"):
        load(folder)
    (folder / "fusion.json").write_text(card[: len(card) // 2])
    with pytest.raises(ModelError, match=r"fusion\.json: the classifier cannot be read"):
        load(folder)


def test_a_name_that_is_none_is_said_with_those_that_are() -> None:
    with pytest.raises(ModelError, match=r"defualt: neither .* did you mean 'default'\?; known: default"):
        locate("defualt")
