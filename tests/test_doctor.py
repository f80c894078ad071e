"""What a report of a bug should hold."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import earmark
from earmark.doctor import examine
from earmark.features.cache import FeatureCache
from earmark.pretrained.musicnn import fetch_musicnn


def test_it_says_where_fetched_weights_lie(
    musicnn_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path))
    folder = fetch_musicnn(musicnn_wheel)
    assert dict(examine())["musicnn"] == str(folder / "weights.safetensors")


def test_versions_decoders_and_the_cache_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path))
    FeatureCache().array("key", lambda: np.zeros(500_000))
    found = dict(examine())
    assert found["earmark"] == earmark.__version__
    assert found["torch"] == torch.__version__
    assert soundfile.__version__ in found["decoder soundfile"]
    assert "MP3" in found["decoder soundfile"]
    assert found["threads"] == str(torch.get_num_threads())
    assert found["musicnn"] == "not here yet; earmark fetch musicnn brings it"
    assert found["feature cache"] == f"{tmp_path / 'features'}, 4 of 20000 MB"
