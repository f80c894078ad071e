"""Convolutions that shorten the clip, then recurrent layers that read it in order."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

import torch
from torch import Tensor, nn

from earmark.errors import UsageError, nearest
from earmark.models.dropouts import refuse_no_share
from earmark.models.initialisation import initialise_as_keras
from earmark.models.lstm import LSTM
from earmark.models.shapes import bands_and_frames, refuse_other_shape

CELLS: dict[str, type[nn.LSTM | nn.GRU]] = {"lstm": LSTM, "gru": nn.GRU}


class CNNRNN(nn.Module):
    """Two convolutions shorten the clip in time, two recurrent layers read it, the last state decides.

    8 filters of size 4 and 6 of size 3, no padding, each with ReLU and max-pool 2; LSTM 128 over the frames, LSTM 32
    whose last state goes on; dense 200 with ReLU, dropout, dense.

    `convolution` "1d" moves along time alone, with the bands as channels: the course speaks of square filters, yet it
    takes the channel axis off the pictures, and this reading gives the course's parameter count. "2d" has the square
    filters (4 × 4, 3 × 3, pooled 2 × 2), and the LSTM reads channels × bands of each frame.

    `cell` "gru" has GRUs in place of both LSTMs. `bidirectional` reads each layer's input from both ends and joins the
    two. `pooling` says what of the second layer's states goes on: the "last" (of each direction), their "mean", or by
    "attention" a mean whose weights are learned: the softmax over time of a linear score of each state.

    Input  (batch, bands, frames) log-mel, standardised; at least 11 frames, for "2d" 11 bands too.
    Output (batch, classes) logits.
    100,654 parameters at 80 × 80 and 8 classes.

    Raises ModelError for a shape that is smaller or not bands × frames, UsageError for options that it does not know.
    Source: the course's CNN-RNN, after Choi, Fazekas, Sandler & Cho 2017, "Convolutional recurrent neural networks for
    music classification", arXiv:1609.04243; attention as in Raffel & Ellis 2015, arXiv:1512.08756, equation 1.
    """

    example_shape: ClassVar[tuple[int, ...]] = (80, 80)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        convolution: str = "1d",
        cell: str = "lstm",
        bidirectional: bool = False,
        pooling: str = "last",
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        _refuse_unknown("convolution", convolution, ("1d", "2d"))
        _refuse_unknown("cell", cell, CELLS)
        _refuse_unknown("pooling", pooling, ("last", "mean", "attention"))
        refuse_no_share("cnn_rnn", dropout=dropout)
        if convolution == "1d":
            bands, frames = bands_and_frames("cnn_rnn", shape, least=(1, 11))
            self.convolutions = nn.Sequential(
                nn.Conv1d(bands, 8, 4), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 6, 3), nn.ReLU(), nn.MaxPool1d(2)
            )
            features = 6
        else:
            bands, frames = bands_and_frames("cnn_rnn", shape, least=(11, 11))
            # Pooling before ReLU gives the same and leaves it a quarter of the values.
            self.convolutions = nn.Sequential(
                nn.Conv2d(1, 8, 4), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(8, 6, 3), nn.MaxPool2d(2), nn.ReLU()
            )
            features = 6 * (((bands - 3) // 2 - 2) // 2)
        self.shape = (bands, frames)
        self.square = convolution == "2d"
        self.pooling = pooling
        directions = 2 if bidirectional else 1
        # Saved runs hold the layers by these names, whichever cell they have.
        self.lstm_sequence = CELLS[cell](features, 128, bidirectional=bidirectional)
        self.lstm_last = CELLS[cell](128 * directions, 32, bidirectional=bidirectional)
        if pooling == "attention":
            self.score = nn.Linear(32 * directions, 1, bias=False)  # a bias would cancel in the softmax
        self.head = nn.Sequential(
            nn.Linear(32 * directions, 200), nn.ReLU(), nn.Dropout(dropout), nn.Linear(200, classes)
        )
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("cnn_rnn", x, self.shape)
        if self.square:
            x = x.unsqueeze(-1).movedim(-1, 1)  # channels last in memory, which halves the time on a CPU
        frames = self.convolutions(x).flatten(1, -2).permute(2, 0, 1)  # (frames, batch, features)
        sequence, _ = self.lstm_sequence(frames)
        states, last = self.lstm_last(sequence)
        logits: Tensor = self.head(self._pooled(states, last))
        return logits

    def _pooled(self, states: Tensor, last: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """(batch, units) of states (frames, batch, units) and the last of each direction, beside which LSTMs have c."""
        if self.pooling == "mean":
            return states.mean(0)
        if self.pooling == "attention":
            weights: Tensor = self.score(states).softmax(0)
            return (weights * states).sum(0)
        hidden = last[0] if isinstance(last, tuple) else last
        return torch.cat(tuple(hidden), dim=1)


def _refuse_unknown(option: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise UsageError(f"cnn_rnn: {option} = {value!r} is none of {', '.join(known)}{nearest(value, known)}")
