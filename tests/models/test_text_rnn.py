"""The recurrent network over words, and what all networks of words begin with."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from earmark.errors import ModelError, UsageError
from earmark.models.shapes import WordShape
from earmark.models.text_rnn import TextRNN, _Layer
from earmark.models.word_input import WordInput
from earmark.text.vocabulary import PADDING

SHAPE = (12, 30, 4)
VARIANTS: list[dict[str, Any]] = [
    {"cell": "rnn"},
    {"cell": "gru", "pooling": "mean"},
    {"cell": "lstm", "layers": 2, "pooling": "max"},
    {"bidirectional": True},
    {"bidirectional": True, "layers": 2, "pooling": "attention"},
]


def rows(generator: torch.Generator, n: int = 6) -> Tensor:
    ids = torch.randint(1, 30, (n, 13), generator=generator)
    ids[:, 0] = torch.arange(n) % 4
    ids[0, 3:] = PADDING
    ids[1, 1:] = PADDING  # no word at all
    return ids


@pytest.fixture
def x() -> Tensor:
    return rows(torch.Generator().manual_seed(1))


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_what_fills_up_a_text_changes_nothing(options: dict[str, Any], x: Tensor) -> None:
    network = TextRNN(SHAPE, 3, **options).eval()
    with torch.no_grad():
        together = network(x)
        alone = torch.cat([network(x[i : i + 1]) for i in range(len(x))])
    torch.testing.assert_close(together, alone)
    assert together.isfinite().all()


@pytest.mark.parametrize("options", [*VARIANTS, {"convolution": 3}], ids=str)
def test_every_cpu_trains_in_half_precision(options: dict[str, Any], x: Tensor) -> None:
    network = TextRNN(SHAPE, 3, **options)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(x)
    logits.float().logsumexp(1).sum().backward()
    assert logits.isfinite().all()
    assert [n for n, p in network.named_parameters() if p.grad is not None and not p.grad.isfinite().all()] == []


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_layer_says_what_torch_says_of_packed_sequences(cell: str, bidirectional: bool) -> None:
    lengths = torch.tensor([5, 2, 1])
    vectors = torch.randn(3, 5, 4)
    layer = _Layer(cell, 4, 6, bidirectional=bidirectional)
    reference = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](
        4, 6, batch_first=True, bidirectional=bidirectional
    )
    names = {f"{name}_reverse": p for name, p in layer.backwards.named_parameters()} if layer.backwards else {}
    reference.load_state_dict({**dict(layer.forwards.named_parameters()), **names})
    packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
    expected = pad_packed_sequence(reference(packed)[0], batch_first=True)[0]
    found = layer(vectors, lengths)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(found[row, :length], expected[row, :length])


def test_the_last_state_is_that_of_each_direction() -> None:
    x = torch.tensor([[0, 5, 6, 7, *[PADDING] * 9]])
    network = TextRNN(SHAPE, 3, bidirectional=True).eval()
    network.head = nn.Identity()
    words = network.read.words(x[:, 1:4])
    layer = network.layers[0]
    forwards, backwards = layer.forwards(words)[0][:, -1], layer.backwards(words.flip(1))[0][:, -1]
    said = network(x)[:, :128]
    torch.testing.assert_close(said, torch.cat([forwards, backwards], dim=1))


def test_the_artist_changes_the_logits_and_learns(x: Tensor) -> None:
    network = TextRNN(SHAPE, 3, artist_dropout=0.0)
    other = x.clone()
    other[:, 0] = (x[:, 0] + 1) % 4
    with torch.no_grad():
        assert not torch.allclose(network.eval()(x), network(other))
    network.train()(x).pow(2).sum().backward()
    gradient = network.read.artists.weight.grad
    assert gradient is not None
    assert (gradient.abs().sum(1) > 0).all()  # of the unknown artist too, who is in the batch


def test_known_artists_are_told_as_unknown_in_training_alone(x: Tensor) -> None:
    reader = WordInput("it", WordShape(*SHAPE), width=4, dropout=0.0, artist_width=2, artist_dropout=0.5)
    known = x.repeat(100, 1)
    known[:, 0] = 3
    unknown = reader.artists.weight[0]
    told = (reader.train()(known).artist == unknown).all(1).float().mean()
    assert 0.4 < told < 0.6
    assert not (reader.eval()(known).artist == unknown).all(1).any()


def test_without_artists_there_is_no_place_for_them() -> None:
    reader = WordInput("it", WordShape(12, 30, 0), width=4, dropout=0.0, artist_width=2, artist_dropout=0.5)
    read = reader(torch.ones(2, 12))
    assert read.artist.shape == (2, 0)
    assert not hasattr(reader, "artists")


def test_a_batch_is_cut_to_its_longest_text(x: Tensor) -> None:
    reader = WordInput("it", WordShape(*SHAPE), width=4, dropout=0.0, artist_width=2, artist_dropout=0.0).eval()
    read = reader(x[:2])
    assert read.words.shape == (2, 2, 4)
    assert read.mask[:, :, 0].tolist() == [[True, True], [True, False]]
    assert not read.words[1].any()


@pytest.mark.parametrize(
    ("options", "why"),
    [({"units": 0}, "units = 0"), ({"dropout": 1.0}, "dropout = 1 is not a share"), ({"width": 0}, "width = 0")],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        TextRNN(SHAPE, 3, **options)


def test_the_shape_of_pictures_is_refused() -> None:
    with pytest.raises(ModelError, match=r"text_rnn reads word ids, .*not 80 × 80; set features\.name = 'words'"):
        TextRNN((80, 80), 3)
