"""A recurrent network that reads a text word by word."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.errors import UsageError
from earmark.models.initialisation import initialise_as_keras
from earmark.models.shapes import Input, word_shape
from earmark.models.word_convolution import WordConvolution
from earmark.models.word_input import Read, WordInput

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class TextRNN(nn.Module):
    """Learned vectors of words, recurrent layers that read them in order, and one dense layer on what they say.

    `cell` "rnn", "lstm" or "gru" of `units`, in `layers` above each other, `bidirectional` from both ends. `pooling`
    says what of the last layer's states goes on: the "last" (of each direction), their "mean", the "max" of each unit,
    or by "attention" a mean whose weights are learned. Beside it goes the artist's vector, where that is an input.
    What fills up short texts changes nothing. `vectors` names pretrained word vectors of `width` to begin with, which
    stay as they are if `frozen`.

    With a `convolution`, a kernel of so many words, `filters` read the words first, and of each `shorten` neighbours
    the largest answer goes on to the recurrent layers.

    Input  (batch, length) word ids, or (batch, 1 + length) with the artist's first; features `words`.
    Output (batch, classes) logits.
    66,005 parameters at 60 × 500 × 20 and 5 classes.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Elman 1990, "Finding structure in time", Cognitive Science 14; Hochreiter & Schmidhuber 1997, "Long
    short-term memory", Neural Computation 9; Cho et al. 2014, arXiv:1406.1078; attention as in Raffel & Ellis 2015,
    arXiv:1512.08756, equation 1; the convolution after Zhou, Sun, Liu & Lau 2015, "A C-LSTM neural network for text
    classification", arXiv:1511.08630, here with a pool.
    """

    takes: ClassVar[Input] = "words"
    example_shape: ClassVar[tuple[int, ...]] = (60, 500, 20)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        cell: Literal["rnn", "lstm", "gru"] = "lstm",
        units: int = 64,
        layers: int = 1,
        bidirectional: bool = False,
        pooling: Literal["last", "mean", "max", "attention"] = "last",
        convolution: int | None = None,
        filters: int = 64,
        shorten: int = 4,
        width: int = 64,
        vectors: str | None = None,
        frozen: bool = False,
        dropout: float = 0.3,
        artist_width: int = 16,
        artist_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if units < 1 or layers < 1:
            raise UsageError(f"text_rnn: units = {units} and layers = {layers} must be 1 or more")
        if min(1 if convolution is None else convolution, filters, shorten) < 1:
            raise UsageError(
                f"text_rnn: convolution = {convolution}, filters = {filters} and shorten = {shorten} must be 1 or more"
            )
        self.pooling = pooling
        self.bidirectional = bidirectional
        self.read = WordInput(
            "text_rnn",
            word_shape("text_rnn", shape),
            width=width,
            dropout=dropout,
            artist_width=artist_width,
            artist_dropout=artist_dropout,
            vectors=vectors,
            frozen=frozen,
        )
        self.shorten = shorten
        self.convolution = None if convolution is None else WordConvolution(width, filters, convolution)
        numbers = width if convolution is None else filters
        ends = 2 if bidirectional else 1
        self.layers = nn.ModuleList(
            _Layer(cell, numbers if place == 0 else units * ends, units, bidirectional=bidirectional)
            for place in range(layers)
        )
        states = units * ends
        if pooling == "attention":
            self.score = nn.Linear(states, 1, bias=False)  # a bias would cancel in the softmax
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(states + self.read.artist_width, classes)
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        read = self._shortened(self.read(x))
        states = read.words
        for place, layer in enumerate(self.layers):
            states = layer(self.dropout(states) if place else states, read.lengths)
        said = self.dropout(self._pooled(states, read))
        logits: Tensor = self.head(torch.cat([said, read.artist], dim=1))
        return logits

    def _shortened(self, read: Read) -> Read:
        if self.convolution is None:
            return read
        states = self.convolution(read.words, read.lengths).transpose(1, 2)
        largest = functional.max_pool1d(states, self.shorten, ceil_mode=True).transpose(1, 2)
        return read._replace(words=largest, lengths=(read.lengths + self.shorten - 1) // self.shorten)

    def _pooled(self, states: Tensor, read: Read) -> Tensor:
        """(batch, units) of states (batch, words, units), those behind a text's end left out."""
        if self.pooling == "last":  # of the words that read backwards it is the first
            forwards, *backwards = states.chunk(2, dim=2) if self.bidirectional else (states,)
            last = forwards[torch.arange(len(states), device=states.device), read.lengths - 1]
            return torch.cat([last, *(state[:, 0] for state in backwards)], dim=1)
        if self.pooling == "max":
            return states.masked_fill(~read.mask, -torch.inf).amax(1)
        scores = self.score(states) if self.pooling == "attention" else states.new_zeros(read.mask.shape)
        weights = scores.masked_fill(~read.mask, -torch.inf).softmax(1)
        return (weights * states).sum(1)


class _Layer(nn.Module):
    """A recurrent layer over texts of several lengths, (batch, words, numbers) to (batch, words, states).

    What stands behind a text's end is read after it, and so changes nothing before; backwards, each text is turned
    round within its length. torch's packed sequences do the same, and take four to ten times as long on a CPU.
    """

    def __init__(self, cell: str, numbers: int, units: int, *, bidirectional: bool) -> None:
        super().__init__()
        self.forwards = CELLS[cell](numbers, units, batch_first=True)
        self.backwards = CELLS[cell](numbers, units, batch_first=True) if bidirectional else None

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        states = _states(self.forwards, x)
        if self.backwards is None:
            return states
        return torch.cat([states, _turned(_states(self.backwards, _turned(x, lengths)), lengths)], dim=2)


def _states(cell: nn.Module, x: Tensor) -> Tensor:
    # Of an LSTM in bfloat16 torch makes an error on a CPU without AVX-512; on a GPU nothing changes.
    with torch.autocast("cpu", enabled=False):
        states: Tensor = cell(x.to(next(cell.parameters()).dtype))[0]
    return states


def _turned(x: Tensor, lengths: Tensor) -> Tensor:
    """Each text of (batch, words, numbers) from its last word to its first; what stands behind stays."""
    places = torch.arange(x.shape[1], device=x.device).expand(len(x), -1)
    places = torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)
    return x.gather(1, places[:, :, None].expand_as(x))
