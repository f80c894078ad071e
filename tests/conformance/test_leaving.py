"""Every listed model of sound leaves the house: packed, and as an ONNX file that says what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from earmark.audio.synthesis import STYLES, song
from earmark.catalog import MODELS
from earmark.classifier import Classifier, ClassifierCard, build_model, load, write_card
from earmark.features import musicnn as musicnn_features
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn
from earmark.features.settings import Features
from earmark.features.standardise import Standardiser
from earmark.models.estimator import Fitted
from earmark.models.musicnn import MusicnnNetwork
from earmark.models.musicnn_fast import FastMusicnn
from earmark.publish import musicnn_clips
from earmark.publish.export import TOLERANCE, export
from earmark.publish.pack import pack
from earmark.recipe import Choice

GENRES = ("jazz", "pop", "rock")
RATE = 8000
CLIPS = LogMel(sample_rate=RATE, n_fft=512, hop_length=256, n_mels=24, clip_seconds=1.0, clip_hop_seconds=0.5)


@dataclass(frozen=True, eq=False)
class Case:
    """A model with options, the features that it learns from, and a temperature at which it answers neither the same to
    everything nor all too surely."""

    model: str
    features: Features = CLIPS
    options: dict[str, Any] = field(default_factory=dict)
    temperature: float = 1.7


STATISTICS = LogMel(
    sample_rate=RATE, n_fft=512, hop_length=256, n_mels=32, clip_seconds=2.0, clip_hop_seconds=1.0, standardise="none"
)
CASES = [
    *(Case(name) for name in MODELS.names() if name not in ("feature_discriminant", "feature_svm", "probe", "vgg")),
    Case("feature_discriminant", STATISTICS, {"frames_per_second": RATE / 256}),
    Case("feature_svm", STATISTICS, {"frames_per_second": RATE / 256}),
    Case("vgg", temperature=0.02),
    Case("cnn_rnn", options={"cell": "gru"}, temperature=0.01),
    Case("cnn_rnn", options={"convolution": "2d", "bidirectional": True, "pooling": "attention"}, temperature=0.01),
    Case(
        "probe", Musicnn(clip_seconds=4.0, layer="tags", patch_hop_frames=40, statistics="mean_spread"), temperature=4.0
    ),
    Case("probe", Musicnn(clip_seconds=3.0, layer="penultimate"), {"kind": "svm"}, temperature=0.3),
]
# Of no model of sound: what is made for pictures or texts. They are packed like all others; no waveform is theirs.
ELSEWHERE = {
    "artist_name": "texts",
    "densenet121": "pictures",
    "efficientnet_lite0": "pictures",
    "image_cnn": "pictures",
    "inception_resnet_v2": "pictures",
    "resnet9": "pictures",
    "text_average": "words",
    "text_bert": "pieces",
    "text_boosting": "texts",
    "text_cnn": "words",
    "text_forest": "texts",
    "text_pool": "texts",
    "text_rnn": "words",
    "text_tree": "texts",
    "tfidf_logistic": "texts",
    "tfidf_svm": "texts",
}
OF_SOUND = [case for case in CASES if case.model not in ELSEWHERE]


@pytest.fixture(autouse=True)
def backbone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A network in place of musicnn, whose weights would have to be fetched; and no cache of the person's."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = FastMusicnn(MusicnnNetwork().eval())
    monkeypatch.setattr(musicnn_features, "load_musicnn", lambda: network)
    monkeypatch.setattr(musicnn_clips, "load_musicnn", lambda: network)
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))


def learned_from(features: Features, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Twelve examples; of log-mel those of songs, since statistics of noise hardly differ."""
    if isinstance(features, LogMel):
        songs = [song(list(STYLES)[number % 3], number, seconds=3.0) for number in range(12)]
        return np.concatenate([features.clips(waveform, "")[0][:1] for waveform in songs])
    return rng.random((12, *shape)).astype(np.float32)


def saved(case: Case, folder: Path, rng: np.random.Generator) -> Path:
    """A run's folder with that model, untrained; an estimator has learned a little."""
    features = case.features
    numbers = {"tags": 50, "penultimate": 200}
    if isinstance(features, Musicnn):
        shape: tuple[int, ...] = (numbers[features.layer] * (2 if features.statistics == "mean_spread" else 1),)
    else:
        assert isinstance(features, LogMel)
        assert features.shape is not None
        shape = features.shape
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model: nn.Module = build_model(Choice(case.model, case.options), shape, len(GENRES))
    if isinstance(model, Fitted):
        model.fit(learned_from(features, shape, rng), np.arange(12) % 3, np.arange(12))
    per_band = isinstance(features, LogMel) and not isinstance(model, Fitted)
    scale = Standardiser(tuple(np.linspace(-50, -30, shape[0]).tolist()), (12.0,) * shape[0]) if per_band else None
    folder.mkdir()
    card = ClassifierCard(
        genres=GENRES,
        model=Choice(case.model, case.options),
        shape=shape,
        features=features,
        standardiser=scale or Standardiser((0.0,), (1.0,)),
        trained_on="noise",
        synthetic=True,
        temperature=case.temperature,
        track_temperature=0.6,
    )
    write_card(folder, card)
    save_file(model.state_dict(), folder / "weights.safetensors")
    return folder


def test_every_listed_model_is_of_sound_or_known_to_be_of_something_else() -> None:
    assert {case.model for case in CASES} == set(MODELS.names())
    assert set(MODELS.names()) >= ELSEWHERE.keys()


@pytest.mark.parametrize("case", OF_SOUND, ids=lambda case: "-".join([case.model, *map(str, case.options.values())]))
def test_it_comes_back_from_a_pack_and_from_onnx_saying_the_same(
    case: Case, tmp_path: Path, rng: np.random.Generator
) -> None:
    pytest.importorskip("onnxscript")
    run = saved(case, tmp_path / "run", rng)
    classifier = load(run)
    assert isinstance(classifier, Classifier)
    (made,) = export(run, tmp_path / "run.onnx")
    assert made.loss <= TOLERANCE
    waveform = song(list(STYLES)[3], 1, seed=5, seconds=9.3)
    original = classifier.predict(waveform)
    packed, exported = load(pack(run, tmp_path / "run.earmark").path), load(made.path)
    np.testing.assert_array_equal(packed.predict(waveform).over_time, original.over_time)
    answer = exported.predict(waveform)
    assert len(original.over_time) > 1
    np.testing.assert_allclose(answer.over_time, original.over_time, atol=TOLERANCE)
    np.testing.assert_allclose(answer.probabilities, original.probabilities, atol=TOLERANCE)
    np.testing.assert_allclose(answer.starts, original.starts, atol=1e-3)
    assert answer.genres == original.genres
    assert np.ptp(original.over_time, axis=0).max() > 2 * TOLERANCE  # which an answer that never changes would pass
