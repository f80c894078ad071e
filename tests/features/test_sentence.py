"""Texts as vectors of a sentence network, kept on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from earmark.classifier import load
from earmark.errors import ModelError, UsageError
from earmark.experiment.prepare import check
from earmark.experiment.train import train
from earmark.features import sentence
from earmark.features.encoding import encoded, fed_shape, model_shape
from earmark.features.sentence import Sentence, sentence_features
from earmark.models.bert import Bert, BertSize
from earmark.pretrained.sentence import SentenceNetwork
from earmark.recipe import parse_recipe
from earmark.text.texts import Texts
from earmark.text.wordpiece import WordPiece

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "mar", "sol", "##es"]
SINGERS = [
    (f"{genre} {number}", genre, " ".join([word] * number))
    for number in range(1, 7)
    for genre, word in (("sea", "mar"), ("sun", "sol"))
]
SONGS = Texts.of(["mar sol mares", "sol"])


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SentenceNetwork:
    torch.manual_seed(1)
    size = BertSize(pieces=len(PIECES), width=8, layers=1, heads=2, inner=16, positions=16)
    small = SentenceNetwork(Bert(size).eval(), size, WordPiece(PIECES), 16, "small")
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path))
    monkeypatch.setattr(sentence, "sentence_network", lambda _name: small)
    return small


def test_examples_are_the_networks_vectors_and_none_is_made_twice(
    network: SentenceNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = sentence_features(pieces=8)
    x = encoded(features, SONGS)
    assert x.shape == (2, 8)
    assert model_shape(features, x.shape[1:]) == fed_shape(features, x.shape[1:]) == (8,)
    np.testing.assert_array_equal(x, [network.vector(text, most=8) for text in SONGS.words])
    monkeypatch.setattr(SentenceNetwork, "vector", None)  # what is asked for again lies in the cache
    np.testing.assert_array_equal(encoded(features, SONGS), x)
    with pytest.raises(TypeError):
        encoded(sentence_features(pieces=9), SONGS)


@pytest.mark.usefixtures("network")
def test_values_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match=r"features\.pieces = 17: minilm reads at most 16 at once"):
        encoded(sentence_features(pieces=17), SONGS)
    with pytest.raises(UsageError, match=r"features\.pieces = 7 must be 8 or more"):
        sentence_features(pieces=7)
    with pytest.raises(UsageError, match=r"vectors of texts alone; leave features\.artist out"):
        Sentence(artist=True)
    with pytest.raises(ModelError, match="are no texts"):
        encoded(sentence_features(), np.zeros((2, 8), np.float32))


@pytest.mark.usefixtures("network")
def test_a_run_of_a_probe_is_loaded_and_judges_songs(tmp_path: Path) -> None:
    rows = [f"{artist},{genre},{text}" for artist, genre, text in SINGERS]
    (tmp_path / "songs.csv").write_text("\n".join(["Artist,Genre,Lyrics", *rows]), encoding="utf-8")
    data = f'[data]\nname = "lyrics"\npath = "{tmp_path / "songs.csv"}"\n'
    split = '[split]\nkind = "by_artist"\nvalid = 0.0\nfolds = 2\n'
    text = 'features = { name = "sentence", pieces = 8 }\nmodel = { name = "probe", kind = "logistic" }\n'
    run = train(parse_recipe(text + data + split, where="test"), runs=tmp_path / "runs", device="cpu")
    classifier = load(run.folder)
    assert classifier.card.shape == (8,)
    assert classifier.read("mar mar").genre == "sea"
    assert classifier.read("Sol sol").genre == "sun"


def test_a_probe_learns_from_them_and_what_reads_words_does_not() -> None:
    text = 'features = "sentence"\nmodel = "{}"\n[data]\nname = "lyrics"\npath = "songs.csv"\n'
    check(parse_recipe(text.format("probe"), where="test"))
    with pytest.raises(
        UsageError, match=r"text_cnn reads rows of word ids, and features 'sentence' give arrays of num"
    ):
        check(parse_recipe(text.format("text_cnn"), where="test"))
