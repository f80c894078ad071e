"""Texts as pieces of words, and a sentence network that goes on learning from them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from earmark.classifier import load
from earmark.errors import ModelError, UsageError
from earmark.experiment.inheritance import read_inheritance, write_inheritance
from earmark.experiment.prepare import check
from earmark.experiment.train import resume, train
from earmark.features.encoding import encoded, fed_shape, fitted, model_shape
from earmark.features.pieces import Pieces, piece_features
from earmark.models.bert import Bert, BertSize
from earmark.models.text_bert import TextBert
from earmark.pretrained.sentence import LAYERS, TABLES, sentence_network
from earmark.publish.card import card_of
from earmark.recipe import Recipe, parse_recipe
from earmark.text.texts import Texts

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "mar", "sol", "##es"]
SIZE = BertSize(pieces=len(PIECES), width=8, layers=2, heads=2, inner=16, positions=16)
SONGS = Texts.of(["Mar sol mares", "sol"])
SINGERS = [
    (f"{genre} {number}", genre, " ".join([word] * number))
    for number in range(1, 7)
    for genre, word in (("sea", "mar"), ("sun", "sol"))
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small network as sentence-transformers keeps it."""
    torch.manual_seed(1)
    theirs = {}
    for name, tensor in Bert(SIZE).state_dict().items():
        part, _, kind = name.rpartition(".")
        if part.startswith("layers."):
            _, number, layer = part.split(".")
            theirs[f"encoder.layer.{number}.{LAYERS[layer]}.{kind}"] = tensor
        else:
            theirs[f"{TABLES[part]}.{kind}"] = tensor
    made = tmp_path / "small"
    made.mkdir()
    save_file(theirs, made / "model.safetensors")
    config = {
        "vocab_size": SIZE.pieces,
        "hidden_size": SIZE.width,
        "num_hidden_layers": SIZE.layers,
        "num_attention_heads": SIZE.heads,
        "intermediate_size": SIZE.inner,
        "max_position_embeddings": SIZE.positions,
    }
    (made / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (made / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12}), encoding="utf-8")
    (made / "vocab.txt").write_text("\n".join(PIECES), encoding="utf-8")
    sentence_network.cache_clear()
    return made


def asked(folder: Path, place: Path, *, init: str = "", artist: bool = False) -> Recipe:
    rows = [f"{artist},{genre},{text}" for artist, genre, text in SINGERS]
    (place / "songs.csv").write_text("\n".join(["Artist,Genre,Lyrics", *rows]), encoding="utf-8")
    return parse_recipe(
        f"""
        features = {{ name = "pieces", model = "{folder.as_posix()}", max_length = 8, artist = {str(artist).lower()} }}
        model = {{ name = "text_bert", dropout = 0.0 }}
        init = {{ run = "pretrained:{folder.as_posix()}"{init} }}
        [data]
        name = "lyrics"
        path = "{(place / "songs.csv").as_posix()}"
        [split]
        kind = "by_artist"
        valid = 0.0
        folds = 2
        [training]
        epochs = 12
        batch_size = 4
        optimiser = {{ name = "adamw", learning_rate = 0.01 }}
        keep = "last"
        """,
        where="test",
    )


def test_rows_are_the_networks_pieces_between_its_marks(folder: Path) -> None:
    features = fitted(piece_features(model=str(folder), max_length=8), SONGS)
    x = encoded(features, SONGS)
    np.testing.assert_array_equal(x, [[2, 4, 5, 4, 6, 3, -1, -1], [2, 5, 3, -1, -1, -1, -1, -1]])
    assert model_shape(features, (8,)) == (8, *SIZE)
    assert fed_shape(features, (8, *SIZE)) == (8,)
    long = Texts.of(["mar " * 30])
    np.testing.assert_array_equal(encoded(features, long), [[2, *[4] * 6, 3]])
    assert isinstance(features, Pieces)
    assert features.unread(long.words[0]) == "the first 6 of 30 pieces of words are read"
    assert features.unread("mar " * 6) is None


def test_values_that_cannot_be_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"features\.max_length = 13: .*small reads at most 12 at once"):
        fitted(piece_features(model=str(folder), max_length=13), SONGS)
    with pytest.raises(UsageError, match=r"features\.max_length = 7 must be 8 or more"):
        piece_features(max_length=7)
    with pytest.raises(ModelError, match="of no network yet"):
        encoded(piece_features(), SONGS)
    with pytest.raises(UsageError, match="dropout = 1 is not a share"):
        TextBert((8, *SIZE), 2, dropout=1.0)
    with pytest.raises(UsageError, match="artist_width = 0 must be 1 or more"):
        TextBert((8, *SIZE, 3), 2, artist_width=0)
    with pytest.raises(ModelError, match=r"× positions, and × artists .* not 8 × 7 × 8 × 2 × 2 × 16 × 16 × 3 × 3"):
        TextBert((8, *SIZE, 3, 3), 2)
    with pytest.raises(ModelError, match="built for rows of 9 whole numbers, not 8"):
        TextBert((8, *SIZE, 3), 2)(torch.zeros(1, 8, dtype=torch.int32))


def test_the_artists_id_stands_before_the_pieces(folder: Path) -> None:
    sung = Texts.of(["mar", "sol", "mar sol"], ["Maré", "Ana", None])
    features = fitted(piece_features(model=str(folder), max_length=8, artist=True), sung)
    assert model_shape(features, (9,)) == (8, *SIZE, 3)
    assert fed_shape(features, (8, *SIZE, 3)) == (9,)
    np.testing.assert_array_equal(
        np.asarray(encoded(features, sung))[:, :4], [[2, 2, 4, 3], [1, 2, 5, 3], [0, 2, 4, 5]]
    )
    strangers = Texts.of(["mar", "mar"], [" maré ", "Bia"])
    np.testing.assert_array_equal(np.asarray(encoded(features, strangers))[:, 0], [2, 0])
    others = fitted(features, Texts.of(["mar"], ["Bia"]))  # by another training part, of which nothing else is known
    np.testing.assert_array_equal(np.asarray(encoded(others, strangers))[:, 0], [0, 1])


def test_who_sings_counts_beside_what_the_network_says() -> None:
    torch.manual_seed(1)
    model = TextBert((8, *SIZE, 3), 2, artist_dropout=0.5).eval()
    rows = torch.tensor([[1, 2, 4, 3, -1, -1, -1, -1, -1]]).repeat(400, 1)
    other = rows.clone()
    other[:, 0] = 2
    with torch.no_grad():
        assert not torch.allclose(model(rows), model(other))
        without = TextBert((8, *SIZE), 2).eval()
        without.encoder.load_state_dict(model.encoder.state_dict())
        without.head.weight.copy_(model.head.weight[:, : SIZE.width])
        without.head.bias.copy_(model.head.bias)
        model.artists.weight.zero_()
        torch.testing.assert_close(model(rows), without(rows[:, 1:]))
        model.artists.weight.copy_(torch.tensor([[0.0], [1.0], [2.0]]).expand(3, 16))
        model.head.weight[:, : SIZE.width].zero_()
        model.head.weight[:, SIZE.width :].fill_(1.0)
        told = model.train()(rows)[:, 0] - model.head.bias[0]
    assert set(told.round().tolist()) == {0.0, 16.0}  # as unknown, or as known
    assert 0.4 < float((told.round() == 0).float().mean()) < 0.6


def test_models_and_features_that_do_not_belong_together_are_refused(folder: Path, tmp_path: Path) -> None:
    recipe = asked(folder, tmp_path).to_toml()
    with pytest.raises(UsageError, match=r"text_bert reads rows of pieces of words, .* set features\.name = 'pieces'"):
        check(parse_recipe(recipe, where="test", overrides=["features={ name = 'words' }"]))
    with pytest.raises(UsageError, match=r"text_rnn reads rows of word ids, .* set features\.name = 'words'"):
        check(parse_recipe(recipe, where="test", overrides=["model={ name = 'text_rnn' }"]))


def test_untrained_it_says_what_the_sentence_network_says(folder: Path) -> None:
    network = sentence_network(str(folder))
    features = fitted(piece_features(model=str(folder), max_length=12), SONGS)
    model = TextBert(model_shape(features, (12,)), SIZE.width).eval()
    model.encoder.load_state_dict(network.network.state_dict())
    with torch.no_grad():
        model.head.weight.copy_(torch.eye(SIZE.width))
        model.head.bias.zero_()
        said = functional.normalize(model(torch.from_numpy(np.asarray(encoded(features, SONGS)))))
    np.testing.assert_allclose(said, [network.vector(text) for text in SONGS.words], atol=1e-6)


def test_it_goes_on_learning_and_is_loaded_without_its_source(folder: Path, tmp_path: Path) -> None:
    still = ', learning_rate_factor = { encoder = 0, "encoder.layers.1" = 0.5 }'
    run = train(asked(folder, tmp_path, init=still), runs=tmp_path / "runs", device="cpu")
    source = {f"encoder.{name}": tensor for name, tensor in sentence_network(str(folder)).network.state_dict().items()}
    learned = load_file(run.weights)
    moved = {name for name in source if not source[name].equal(learned[name])}
    assert moved == {name for name in source if name.startswith("encoder.layers.1.")}
    found = read_inheritance(run)
    assert found is not None
    assert set(found.tensors.loaded) == set(source)
    assert found.run == "pretrained:small/"  # and not where it lay
    assert "Started from pretrained:small/: 37 tensors loaded" in card_of(run.folder)
    shutil.rmtree(folder)
    sentence_network.cache_clear()
    classifier = load(run.folder)
    assert classifier.read("mar mar").genre == "sea"
    assert classifier.read("Sol sol").genre == "sun"


def test_with_the_artist_it_is_saved_and_loaded(folder: Path, tmp_path: Path) -> None:
    classifier = load(train(asked(folder, tmp_path, artist=True), runs=tmp_path / "runs", device="cpu").folder)
    assert classifier.card.features.artists == tuple(sorted(classifier.card.features.artists)) != ()
    known, stranger = classifier.card.features.artists[0], "nobody known"
    nobody = classifier.read("mar").probabilities
    assert not np.allclose(classifier.read("mar", artist=known).probabilities, nobody)
    np.testing.assert_array_equal(classifier.read("mar", artist=stranger).probabilities, nobody)
    assert classifier.read("mar mar", artist=stranger).genre == "sea"


def test_it_is_resumed_by_the_pieces_that_it_began_with(folder: Path, tmp_path: Path) -> None:
    run = train(asked(folder, tmp_path), runs=tmp_path / "runs", device="cpu")
    (folder / "vocab.txt").write_text("\n".join([*PIECES[:4], "sol", "mar", "##es"]), encoding="utf-8")
    sentence_network.cache_clear()
    more = load(resume(run.folder, more_epochs=1, device="cpu").folder)
    assert more.card.features.vocabulary == tuple(PIECES)
    assert more.read("mar mar").genre == "sea"


def test_whose_weights_they_were_is_told_of_a_run_of_a_run(folder: Path, tmp_path: Path) -> None:
    folder = folder.rename(folder.with_name("minilm"))  # whose name is no credit
    credit = "What it is made of began as the weights of all-MiniLM-L6-v2 (Apache-2.0): their licence holds."
    first = train(asked(folder, tmp_path), runs=tmp_path / "runs", device="cpu")
    assert credit not in card_of(first.folder)
    found = read_inheritance(first)
    assert found is not None
    write_inheritance(first, msgspec.structs.replace(found, run="pretrained:minilm"))
    assert credit in card_of(first.folder)
    again = parse_recipe(asked(folder, tmp_path).to_toml(), where="test", overrides=[f"init.run={first.folder}"])
    second = train(again, runs=tmp_path / "again", device="cpu")
    told = card_of(second.folder)
    assert f"Started from {first.name}: " in told
    assert credit in told


def test_other_weights_in_the_folder_are_another_recipe(folder: Path, tmp_path: Path) -> None:
    recipe = asked(folder, tmp_path)
    before = recipe.digest
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes() + b" ")
    assert recipe.digest != before


def test_weights_that_nobody_has_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    recipe = asked(folder, tmp_path).to_toml()
    for name in ("", str(tmp_path)):
        nothing = parse_recipe(recipe, where="test", overrides=[f'init.run="pretrained:{name}"'])
        with pytest.raises(UsageError, match=rf"no 'pretrained:{name}'.*or pretrained: and a folder"):
            train(nothing, runs=tmp_path / "runs", device="cpu")
    wrong = parse_recipe(recipe, where="test", overrides=["init.run=pretrained:minilm6"])
    with pytest.raises(UsageError, match=r"no 'pretrained:minilm6'; did you mean 'pretrained:minilm'\?; known: "):
        train(wrong, runs=tmp_path / "runs", device="cpu")
