"""A fusion leaves the house as one file, and says there what it says here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from earmark.audio.synthesis import STYLES, song
from earmark.audio.waveform import Waveform
from earmark.classifier import Classifier, ClassifierCard, Fusion, build_model, load
from earmark.classifier.exported import ExportedCard, ExportedFusion, at_rate, load_exported
from earmark.classifier.fusion import FusionCard, HeldOut, Voice, alone
from earmark.classifier.kinds import KINDS
from earmark.classifier.musicality import musicality
from earmark.classifier.pieces import cut
from earmark.errors import ModelError
from earmark.features import musicnn as musicnn_features
from earmark.features.log_mel import LogMel
from earmark.features.standardise import Standardiser
from earmark.models.musicnn import MusicnnNetwork
from earmark.models.musicnn_fast import FastMusicnn
from earmark.publish import export as exporting
from earmark.publish import musicnn_clips
from earmark.publish.export import TOLERANCE, export
from earmark.publish.fusion_graph import FusionGraph
from earmark.recipe import Choice

GENRES = ("jazz", "pop", "rock")
SECONDS = 2.0
KNOWN = HeldOut(tracks=1, artists=1, accuracy=1.0, low=1.0, high=1.0, macro_f1=1.0, ece=0.0)


def voice(name: str, rate: int, *, temperature: float, seconds: float = SECONDS) -> Classifier:
    features = LogMel(sample_rate=rate, n_fft=512, hop_length=256, n_mels=24, reference="track", clip_seconds=seconds)
    assert features.shape is not None
    card = ClassifierCard(
        genres=GENRES,
        model=Choice("cnn_rnn", {}),
        shape=features.shape,
        features=features,
        standardiser=Standardiser((-40.0,), (12.0,)),
        trained_on="noise",
        synthetic=True,
        temperature=temperature,
    )
    with torch.random.fork_rng():
        torch.manual_seed(rate)
        return Classifier(card, build_model(card.model, card.shape, len(GENRES)).eval(), name=name)


def fusion(*voices: Classifier) -> Fusion:
    card = FusionCard(
        genres=GENRES,
        voices=tuple(Voice(folder=each.name, exponent=0.8 - 0.5 * place) for place, each in enumerate(voices)),
        piece_seconds=SECONDS,
        trained_on="noise",
        held_out=KNOWN,
    )
    return Fusion(card, voices, name="both")


def test_voices_at_two_rates_come_back_from_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxscript")
    together = fusion(voice("low", 6000, temperature=0.02), voice("high", 8000, temperature=0.03))
    monkeypatch.setattr(exporting, "load", lambda _: together)
    exact, rough = export("both", tmp_path / "both.onnx", quantise=True)
    assert exact.loss <= TOLERANCE
    exported = load_exported(exact.path)
    assert isinstance(exported, ExportedFusion)
    card = exported.card
    assert (card.sample_rate, card.clip, card.sample_rates, card.loss) == (8000, 16000, (6000, 8000), exact.loss)
    assert load_exported(rough.path).card.quantised
    waveform = song(list(STYLES)[3], 1, seed=5, seconds=9.3)
    for sound in (waveform, waveform.at(44_100)):
        answer, original = exported.predict(sound), together.predict(sound)
        assert len(original.over_time) == 5
        np.testing.assert_allclose(answer.over_time, original.over_time, atol=TOLERANCE)
        np.testing.assert_allclose(answer.probabilities, original.probabilities, atol=TOLERANCE)
        np.testing.assert_array_equal(answer.starts, original.starts)
        assert np.ptp(original.over_time, axis=0).max() > 2 * TOLERANCE
        assert (answer.strange, answer.strange_over_time) == (None, ())


def test_the_shipped_default_is_one_graph_that_knows_music_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = FastMusicnn(MusicnnNetwork().eval())
    for module in (musicnn_features, musicnn_clips):
        monkeypatch.setattr(module, "load_musicnn", lambda: network)
    monkeypatch.setattr("earmark.classifier.loading.load_musicnn", lambda: network)
    default = load("default")
    assert isinstance(default, Fusion)
    graph = FusionGraph(default).eval()
    assert graph.sample_rates == (16_000, 22_050)
    noise = np.random.default_rng(1).normal(0, 0.1, 30 * 22_050).astype(np.float32)
    for samples in (song("waltz", 0, seconds=30.0).samples, noise):
        pieces = cut(Waveform(samples, 22_050), 30.0, where="")
        inputs = default.inputs(pieces, where="")
        with torch.inference_mode():
            said, kinds = graph(*(torch.from_numpy(pieces.at(rate)[0].samples) for rate in graph.sample_rates))
        np.testing.assert_allclose(said.numpy(), default.probabilities(inputs)[0], atol=TOLERANCE)
        assert default.hearing is not None
        expected = musicality(inputs[default.hearing]).probabilities
        np.testing.assert_allclose(kinds.numpy(), expected, atol=TOLERANCE)
        assert expected.max() > 0.5


class Session:
    """In place of onnxruntime's: what it says of each piece is told by its loudest sample."""

    def run(self, _: None, piece: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert set(piece) == {at_rate(4000), at_rate(8000)}
        assert [len(samples) for samples in piece.values()] == [8000, 16_000]
        loud = float(piece[at_rate(8000)].max() > 0.5)
        kinds = np.eye(len(KINDS), dtype=np.float32)[0 if loud else KINDS.index("speech")]
        return [np.array([loud, 1 - loud, 0], dtype=np.float32), kinds]


def test_what_is_no_music_is_said_by_the_file_too() -> None:
    card = ExportedCard(
        genres=GENRES,
        sample_rate=8000,
        clip=16_000,
        least=8000,
        hop=16_000,
        classifier="both",
        digest="",
        trained_on="noise",
        sample_rates=(4000, 8000),
    )
    samples = np.sin(np.arange(3 * 16_000) / 5) * np.repeat([0.9, 0.2, 0.3], 16_000)
    answer = ExportedFusion(card, Session(), name="both").predict(Waveform(samples.astype(np.float32), 8000))
    np.testing.assert_allclose(answer.probabilities, [1 / 3, 2 / 3, 0])
    assert answer.starts.tolist() == [0, 2, 4]
    assert (answer.verdict, answer.strange) == ("not music", "sounds like speech")
    assert answer.strange_over_time == (None, "sounds like speech", "sounds like speech")


def test_a_fusion_that_makes_no_graph_is_refused() -> None:
    other = fusion(voice("low", 6000, temperature=1.0), voice("short", 8000, temperature=1.0, seconds=1.0))
    with pytest.raises(ModelError, match=r"both: its voice short hears clips of 1 s in pieces of 2 s, .*earmark pack"):
        FusionGraph(other)
    with pytest.raises(ModelError, match="both: its other voice is missing"):
        FusionGraph(alone(other, 0, note="its other voice is missing"))
