"""Word vectors by name or path, and what a network begins with of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from earmark.errors import DataError, UsageError
from earmark.experiment.word_start import tell_words
from earmark.features.cache import FeatureCache
from earmark.features.word_vectors import word_vectors
from earmark.features.words import word_features
from earmark.models.text_average import TextAverage
from earmark.text.texts import Texts

SONGS = Texts.of(["mar azul mar azul", "mar sol sol xyz xyz"])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "vectors.txt"
    path.write_text("mar 1 2 3\nsol 4 5 6\nlua 7 8 9\nazul 0 1 0\n", encoding="utf-8")
    return path


def test_a_file_is_read_once_and_mapped_from_the_cache_until_it_changes(file: Path, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "cache")
    first = word_vectors(str(file), cache)
    assert isinstance(first.vectors, np.memmap)
    file.chmod(0o600)
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    content = file.read_bytes()
    file.write_bytes(b"#" * len(content))  # whose size and time are as before: what is read now is the cache
    os.utime(file, ns=times)
    again = word_vectors(str(file), cache)
    assert again.words == first.words == ["mar", "sol", "lua", "azul"]
    np.testing.assert_array_equal(again.vectors, first.vectors)
    file.write_text("mar 9 9\n", encoding="utf-8")
    assert word_vectors(str(file), cache).width == 2


def test_neither_a_file_nor_a_name_is_refused_with_the_nearest(file: Path) -> None:
    with pytest.raises(UsageError, match=r"vectors = 'glove_6b': neither a file nor .*; did you mean 'glove_6b_50d'\?"):
        word_vectors("glove_6b")
    file.write_text("mar\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1"):
        word_vectors(str(file))


@pytest.mark.parametrize("frozen", [False, True])
def test_a_training_begins_with_the_vectors_of_the_words_it_knows(file: Path, *, frozen: bool) -> None:
    features = word_features(max_length=5).fitted(SONGS)
    torch.manual_seed(1)
    network = TextAverage(features.model_shape(()), 2, width=3, vectors=str(file), frozen=frozen)
    before = network.read.words.weight.detach().clone()
    tell_words(network, features)
    weight = network.read.words.weight
    ids = {word: place for place, word in enumerate(features.vocabulary, start=2)}
    assert set(ids) == {"mar", "azul", "sol", "xyz"}
    assert weight[ids["sol"]].tolist() == [4, 5, 6]
    assert weight[ids["mar"]].tolist() == [1, 2, 3]
    assert torch.equal(weight[ids["xyz"]], torch.zeros(3) if frozen else before[ids["xyz"]])
    assert weight.requires_grad is not frozen
    file.unlink()  # a trained network is loaded without it
    other = TextAverage(features.model_shape(()), 2, width=3, vectors=str(file), frozen=frozen)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other.read.words.weight, weight)


def test_vectors_that_do_not_fit_are_refused(file: Path) -> None:
    features = word_features(max_length=5).fitted(SONGS)
    with pytest.raises(UsageError, match=r"vectors of 3 numbers; set model\.width = 3, not 64"):
        tell_words(TextAverage(features.model_shape(()), 2, vectors=str(file)), features)
    file.write_text("uva 1 2 3\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"vectors\.txt has a vector for none of 4 words"):
        tell_words(TextAverage(features.model_shape(()), 2, width=3, vectors=str(file)), features)
