"""An ONNX file answers without torch, and what is none is refused by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import save_file

from earmark.audio.synthesis import song
from earmark.classifier import ClassifierCard, Exported, build_model, load, locate, predict_files, write_card
from earmark.classifier.exported import KEY, ExportedCard, load_exported
from earmark.errors import AudioError, ModelError, UsageError
from earmark.features.log_mel import LogMel
from earmark.features.standardise import Standardiser
from earmark.publish.export import Export, export
from earmark.publish.graph import ClassifierGraph
from earmark.publish.pack import pack
from earmark.recipe import Choice

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
RATE = 8000
CARD = ClassifierCard(
    genres=("jazz", "rock"),
    model=Choice("cnn_rnn", {}),
    shape=(24, 16),
    features=LogMel(sample_rate=RATE, n_fft=512, hop_length=256, n_mels=24, clip_seconds=1.0, crop_frames=16, crops=3),
    standardiser=Standardiser((-40.0,), (20.0,)),
    trained_on="songs",
    synthetic=True,
    temperature=1.5,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "mine"
    folder.mkdir()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = build_model(CARD.model, CARD.shape, len(CARD.genres))
    write_card(folder, CARD)
    save_file(model.state_dict(), folder / "weights.safetensors")
    return folder


@pytest.fixture(scope="module")
def made(run: Path) -> tuple[Export, ...]:
    return export(run, run.parent / "mine.onnx", quantise=True)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    waveform = song("waltz", 0, seconds=3.2)
    soundfile.write(tmp_path / "waltz.wav", waveform.samples, waveform.sample_rate)
    return tmp_path / "waltz.wav"


def test_it_says_what_the_original_says_of_files_too(run: Path, made: tuple[Export, ...], sound: Path) -> None:
    exported = load(made[0].path)
    assert isinstance(exported, Exported)
    assert (exported.name, exported.genres, exported.reads_text) == ("mine", CARD.genres, False)
    (answer,), faults = predict_files(exported, [sound])
    (original,), _ = predict_files(load(run), [sound])
    assert faults == []
    assert answer.source == original.source
    np.testing.assert_allclose(answer.over_time, original.over_time, atol=1e-4)
    np.testing.assert_allclose(answer.probabilities, original.probabilities, atol=1e-4)
    assert exported.predict(sound, whole=False).starts.tolist() == [0, 1, 2]
    assert exported.files([sound.parent]) == ([sound], [])


def test_the_quantised_one_is_beside_it_and_says_its_loss(made: tuple[Export, ...]) -> None:
    exact, rough = made
    assert rough.path == exact.path.with_name("mine.int8.onnx")
    assert rough.size < exact.size
    for each, quantised in ((exact, False), (rough, True)):
        card = load_exported(each.path).card
        assert (card.quantised, card.loss, card.sample_rate, card.clip) == (quantised, each.loss, RATE, RATE)
        assert (card.classifier, card.trained_on, card.format) == ("mine", "songs", 1)
    assert exact.loss < rough.loss < 0.2
    assert load_exported(exact.path).card.digest == load_exported(rough.path).card.digest


def test_it_answers_without_torch(made: tuple[Export, ...], sound: Path) -> None:
    asked = ["predict", str(made[0].path), str(sound)]
    code = (
        "import sys; sys.modules['torch'] = None; from earmark.cli.app import run; "
        f"codes = [run({asked}), run({asked} + ['--csv'])]; "
        "assert not [m for m in sys.modules if m.startswith(('torch.', 'sklearn'))]; sys.exit(max(codes))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    *_, line, header, row = done.stdout.splitlines()
    assert line.startswith(f"{sound}\t")
    assert header == "file,genre,probability,jazz,rock"
    assert row.startswith(f"{sound},")


def test_silence_and_less_than_a_clip_are_refused(made: tuple[Export, ...], tmp_path: Path) -> None:
    exported = load(made[0].path)
    for seconds, level, why in (
        (2.0, 0.0, "silent"),
        (0.5, 0.3, r"too short: 0\.50 s of sound, one clip takes 1\.00 s"),
    ):
        samples = level * np.sin(np.arange(round(RATE * seconds)))
        soundfile.write(tmp_path / "odd.wav", samples, RATE)
        with pytest.raises(AudioError, match=rf"odd\.wav: {why}"):
            exported.predict(tmp_path / "odd.wav")


def test_what_is_no_such_file_is_refused(made: tuple[Export, ...], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx: there is no such file; earmark export makes one"):
        load(tmp_path / "gone.onnx")
    (tmp_path / "odd.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"odd\.onnx: onnxruntime cannot read it"):
        load(tmp_path / "odd.onnx")
    file = onnx.load(str(made[0].path))
    for said, why in (
        (None, "an ONNX file of something else: it has no entry 'earmark'"),
        ("{}", "its entry 'earmark' cannot be read: .*genres"),
        (newer(made[0].path), "format 2 is not the 1 this earmark reads; update earmark"),
    ):
        onnx.helper.set_model_props(file, {} if said is None else {KEY: said})
        onnx.save(file, str(tmp_path / "other.onnx"))
        with pytest.raises(ModelError, match=rf"other\.onnx: {why}"):
            load(tmp_path / "other.onnx")


def newer(path: Path) -> str:
    import msgspec

    card: ExportedCard = msgspec.structs.replace(load_exported(path).card, format=2)
    return msgspec.json.encode(card).decode()


def test_a_file_that_says_something_else_is_not_kept(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = ClassifierGraph.forward

    def wrong(graph: ClassifierGraph, waveform: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        track, clips = forward(graph, waveform)
        return track, clips + 0.01

    monkeypatch.setattr(ClassifierGraph, "forward", wrong)
    with pytest.raises(ModelError, match=r"not written: its probabilities differ from those of mine by up to 0\.01,"):
        export(run, tmp_path / "wrong.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_makes_no_graph_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"mine\.bin: an ONNX file's name ends in \.onnx"):
        export(run, tmp_path / "mine.bin")
    with pytest.raises(UsageError, match=r"gone\.wav"):
        export(run, tmp_path / "mine.onnx", sounds=[tmp_path / "gone.wav"])
    with pytest.raises(ModelError, match=r"mine\.onnx: an ONNX file answers, and no more; name the run"):
        locate(tmp_path / "mine.onnx")
    assert pack(run, tmp_path / "mine.earmark").path.is_file()
