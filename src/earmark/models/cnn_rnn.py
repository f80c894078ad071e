"""Convolutions that shorten the clip, then recurrent layers that read it in order."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from earmark.errors import UsageError, nearest
from earmark.models.initialisation import initialise_as_keras
from earmark.models.lstm import LSTM
from earmark.models.shapes import bands_and_frames, refuse_other_shape


class CNNRNN(nn.Module):
    """Two convolutions shorten the clip in time, two LSTMs read it, the last state decides.

    8 filters of size 4 and 6 of size 3, no padding, each with ReLU and max-pool 2; LSTM 128 over the frames, LSTM 32
    whose last state goes on; dense 200 with ReLU, dropout, dense.

    `convolution` "1d" moves along time alone, with the bands as channels: the course speaks of square filters, yet it
    takes the channel axis off the pictures, and this reading gives the course's parameter count. "2d" has the square
    filters (4 × 4, 3 × 3, pooled 2 × 2), and the LSTM reads channels × bands of each frame.

    Input  (batch, bands, frames) log-mel, standardised; at least 11 frames, for "2d" 11 bands too.
    Output (batch, classes) logits.
    100,654 parameters at 80 × 80 and 8 classes.

    Raises ModelError for a shape that is smaller or not bands × frames, UsageError for another convolution or dropout.
    Source: the course's CNN-RNN, after Choi, Fazekas, Sandler & Cho 2017, "Convolutional recurrent neural networks for
    music classification", arXiv:1609.04243.
    """

    example_shape: ClassVar[tuple[int, ...]] = (80, 80)

    def __init__(self, shape: tuple[int, ...], classes: int, *, convolution: str = "1d", dropout: float = 0.2) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise UsageError(f"cnn_rnn: dropout = {dropout:g} is not a share from 0 up to, not including, 1")
        if convolution == "1d":
            bands, frames = bands_and_frames("cnn_rnn", shape, least=(1, 11))
            self.convolutions = nn.Sequential(
                nn.Conv1d(bands, 8, 4), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 6, 3), nn.ReLU(), nn.MaxPool1d(2)
            )
            features = 6
        elif convolution == "2d":
            bands, frames = bands_and_frames("cnn_rnn", shape, least=(11, 11))
            # Pooling before ReLU gives the same and leaves it a quarter of the values.
            self.convolutions = nn.Sequential(
                nn.Conv2d(1, 8, 4), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(8, 6, 3), nn.MaxPool2d(2), nn.ReLU()
            )
            features = 6 * (((bands - 3) // 2 - 2) // 2)
        else:
            known = ("1d", "2d")
            raise UsageError(
                f"cnn_rnn: convolution = {convolution!r} is neither of {', '.join(known)}{nearest(convolution, known)}"
            )
        self.shape = (bands, frames)
        self.square = convolution == "2d"
        self.lstm_sequence = LSTM(features, 128)
        self.lstm_last = LSTM(128, 32)
        self.head = nn.Sequential(nn.Linear(32, 200), nn.ReLU(), nn.Dropout(dropout), nn.Linear(200, classes))
        initialise_as_keras(self)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("cnn_rnn", x, self.shape)
        if self.square:
            x = x.unsqueeze(-1).movedim(-1, 1)  # channels last in memory, which halves the time on a CPU
        frames = self.convolutions(x).flatten(1, -2).permute(2, 0, 1)  # (frames, batch, features)
        sequence, _ = self.lstm_sequence(frames)
        _, (last, _) = self.lstm_last(sequence)
        logits: Tensor = self.head(last.squeeze(0))
        return logits
