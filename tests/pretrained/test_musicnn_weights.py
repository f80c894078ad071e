"""musicnn's weights: brought, verified, converted, kept; and the network they make, against TensorFlow's answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from earmark.errors import ModelError
from earmark.models.musicnn import TAGS
from earmark.models.musicnn_fast import FastMusicnn
from earmark.pretrained.musicnn import fetch_musicnn, load_musicnn, musicnn_folder

FRAME, BAND = np.arange(187)[:, None], np.arange(96)
INPUTS = {
    "zeros": np.zeros((187, 96)),
    "ramp": (np.arange(187 * 96) % 997 / 997 * 4).reshape(187, 96),
    "wavy": 2 + 1.5 * np.sin(0.2 * FRAME) * np.cos(0.11 * BAND) + 0.5 * np.cos(0.05 * FRAME * (1 + BAND / 96)),
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip as it is on a machine that reaches no package index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


@pytest.mark.parametrize("plainly", [False, True])
@pytest.mark.parametrize("name", [*INPUTS, "wave"])
def test_it_answers_as_tensorflow_does(musicnn: FastMusicnn, shared: Path, name: str, plainly: bool) -> None:
    reference = np.load(shared / "gtzan" / "musicnn_reference_outputs.npz")
    assert tuple(reference["tags"]) == TAGS
    x = torch.from_numpy(np.float32(INPUTS[name] if name in INPUTS else reference["wave_logmel"]))
    with torch.no_grad():
        outputs = musicnn.network(x.unfold(0, 187, 61).transpose(1, 2)) if plainly else musicnn(x, 61)
    off = np.abs(outputs.tags.numpy() - reference[f"{name}_sigmoid"])
    assert off.mean() <= 1e-6
    assert off.max() <= 1e-5
    for layer, there, tolerance in (
        ("logits", "logits", 5e-5),
        ("penultimate", "penultimate", 5e-5),
        ("mean_pool", "meanpool", 2e-4),
        ("max_pool", "maxpool", 3e-3),  # up to 70
    ):
        np.testing.assert_allclose(getattr(outputs, layer).numpy(), reference[f"{name}_{there}"], atol=tolerance)


@pytest.mark.usefixtures("no_index")
def test_the_wheel_is_read_once_and_licence_and_citation_stay_beside(musicnn_wheel: Path, cache: Path) -> None:
    folder = fetch_musicnn(musicnn_wheel)
    assert folder == musicnn_folder()
    assert folder.is_relative_to(cache)
    assert (folder / "weights.safetensors").stat().st_size < 3_200_000
    licence = (folder / "LICENSE.md").read_text(encoding="utf-8")
    assert licence.startswith("Copyright (c) Music Technology Group, Universitat Pompeu Fabra 2019. Code developed by")
    assert "Permission to use, copy, modify" in licence
    assert "arXiv:1909.06654" in (folder / "CITATION.md").read_text(encoding="utf-8")
    assert fetch_musicnn() == folder  # there already: neither file nor index is asked


@pytest.mark.usefixtures("cache")
def test_damaged_weights_are_made_anew(musicnn_wheel: Path) -> None:
    weights = fetch_musicnn(musicnn_wheel) / "weights.safetensors"
    whole = weights.read_bytes()
    for damaged in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), b""):
        weights.write_bytes(damaged)
        fetch_musicnn(musicnn_wheel)
        assert weights.read_bytes() == whole


def test_the_network_is_loaded_once_in_a_process(musicnn: FastMusicnn) -> None:
    assert load_musicnn() is musicnn
    assert not musicnn.training


@pytest.mark.usefixtures("cache")
def test_pip_brings_the_wheel_from_where_it_is_set_up_to_look(
    musicnn_wheel: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(musicnn_wheel.parent))
    with caplog.at_level("INFO", logger="earmark"):
        for _ in range(2):
            assert (fetch_musicnn() / "weights.safetensors").is_file()
    assert caplog.messages == [f"fetching {musicnn_wheel.name}, once"]


@pytest.mark.usefixtures("cache", "no_index")
def test_without_an_index_it_says_what_to_do() -> None:
    with pytest.raises(ModelError) as refused:
        fetch_musicnn()
    said = str(refused.value)
    assert "\n" not in said
    assert (
        "could not be fetched: No matching distribution found for musicnn==0.1.0; run `earmark fetch musicnn`" in said
    )
    assert said.endswith("or bring musicnn-0.1.0-py3-none-any.whl by hand and run `earmark fetch musicnn --from FILE`")
    assert not (musicnn_folder() / "weights.safetensors").exists()


@pytest.mark.usefixtures("cache")
def test_without_pip_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{sys.executable}: No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(ModelError, match=r"could not be fetched: .*: No module named pip; run `earmark fetch musicnn`"):
        fetch_musicnn()


@pytest.mark.usefixtures("cache")
def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.whl: cannot be read: No such file"):
        fetch_musicnn(tmp_path / "none.whl")
    (tmp_path / "other.whl").write_bytes(b"PK")
    with pytest.raises(ModelError, match=r"other\.whl: its sha256 is \w+, that of musicnn-0\.1\.0.*; fetch it anew"):
        fetch_musicnn(tmp_path / "other.whl")


def test_a_folder_that_cannot_be_written_is_named(musicnn_wheel: Path, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match=r"cache.*: musicnn's weights cannot be kept: "):
        fetch_musicnn(musicnn_wheel)


@pytest.mark.usefixtures("cache")
def test_two_processes_may_ask_at_once(musicnn_wheel: Path) -> None:
    code = "import sys, pathlib; from earmark.pretrained.musicnn import *; fetch_musicnn(pathlib.Path(sys.argv[1]))"
    both = [subprocess.Popen([sys.executable, "-c", code, str(musicnn_wheel)]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    names = {path.name for path in musicnn_folder().iterdir()}
    assert names - {".lock"} == {"weights.safetensors", "LICENSE.md", "CITATION.md"}


def test_what_is_loaded_is_what_was_trained(musicnn: FastMusicnn) -> None:
    """The sum of the tags of no sound at all, as the published graph gives it."""
    total: NDArray[np.float32] = musicnn(torch.zeros(187, 96)).tags.sum().numpy()
    assert float(total) == pytest.approx(1.815182, abs=1e-5)
