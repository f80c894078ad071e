"""The mean of word vectors, with letters and without."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from earmark.errors import UsageError
from earmark.models.parameters import parameter_count
from earmark.models.spelling import ngrams
from earmark.models.text_average import TextAverage
from earmark.text.vocabulary import PADDING

SHAPE = (4, 6, 0)  # of a text, ids of words: padding, unknown, and four words


def row(*ids: int) -> Tensor:
    return torch.tensor([[*ids, *[PADDING] * (4 - len(ids))]])


def built(**options: object) -> TextAverage:
    torch.manual_seed(1)
    return TextAverage(SHAPE, 3, **options).eval()


def test_logits_are_the_dense_layer_of_the_mean_of_a_texts_words() -> None:
    network = built(width=5)
    vectors, head = network.read.words.weight, network.head
    expected = (vectors[2] + vectors[3] + vectors[3]) / 3 @ head.weight.T + head.bias
    torch.testing.assert_close(network(row(2, 3, 3))[0], expected)


def test_distinct_counts_a_word_once() -> None:
    network = built(distinct=True)
    torch.testing.assert_close(network(row(2, 3, 3, 2)), network(row(3, 2)))
    plain = built()
    assert not torch.allclose(plain(row(2, 3, 3)), plain(row(2, 3)))


def test_in_training_words_are_left_out_and_the_mean_is_of_the_others() -> None:
    network = built(word_dropout=0.5, dropout=0.0, distinct=True).train()
    logits = torch.cat([network(row(2, 3)) for _ in range(200)])
    nothing = network.head.bias.expand(3)
    possible = torch.stack([network.eval()(x)[0] for x in (row(2, 3), row(2), row(3))] + [nothing])
    nearest = torch.cdist(logits, possible)
    assert nearest.amin(1).max() < 1e-3  # torch's distances are not exact
    assert torch.bincount(nearest.argmin(1), minlength=4).min() > 25  # each of the four is as likely


def test_words_of_alike_letters_are_alike_once_they_have_been_spelt() -> None:
    network = built(char_ngrams=[2, 3], buckets=500)
    torch.nn.init.zeros_(network.read.words.weight)  # what is left are the letters
    assert torch.equal(network(row(2)), network(row(4)))
    network.read.begin(["cantar", "canta", "xuxu", "zé"], None)
    letters = network.read.spelling(torch.arange(6))
    assert not letters[:2].any()
    near, far = torch.cosine_similarity(letters[2], letters[3:5])
    assert near > far + 0.3


def test_a_spelling_is_the_mean_of_its_ngrams_and_travels_with_the_weights() -> None:
    network, other = built(char_ngrams=[3, 3]), built(char_ngrams=[3, 3])
    network.read.begin(["mar", "mal", "sol", "lua"], None)
    spelling = network.read.spelling
    places = spelling.places[2][: len(ngrams("mar", 3, 3))].long()
    assert (spelling.places[2] > 0).sum() == 3
    torch.testing.assert_close(spelling(torch.tensor([2]))[0], spelling.vectors.weight[places].mean(0))
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(row(2, 5)), network(row(2, 5)))


def test_parameters_are_those_counted_by_hand() -> None:
    words, head = 6 * 8, (8 + 1) * 3
    assert parameter_count(TextAverage(SHAPE, 3, width=8)) == words + head
    assert parameter_count(TextAverage(SHAPE, 3, width=8, char_ngrams=[3, 5], buckets=10)) == words + head + 11 * 8
    with_artist = TextAverage((4, 6, 7), 3, width=8, artist_width=2)
    assert parameter_count(with_artist) == words + 7 * 2 + (8 + 2 + 1) * 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"word_dropout": 1.0}, r"word_dropout = 1 is not a share"),
        ({"char_ngrams": [5, 3]}, r"character n-grams of lengths \[5, 3\] in 20000 buckets: name the shortest and"),
        ({"char_ngrams": [3]}, r"lengths \[3\]"),
        ({"char_ngrams": [3, 5], "buckets": 0}, r"in 0 buckets"),
        ({"frozen": True}, r"frozen = true keeps random vectors as they are; name vectors"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        built(**options)
