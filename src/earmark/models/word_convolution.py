"""A convolution along texts of several lengths."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from earmark.models.word_input import mask_of


class WordConvolution(nn.Module):
    """`filters` over `kernel` neighbouring words and ReLU, one state a word: (batch, words, numbers) to as many states.

    Before and behind a text are zeros, and what comes out behind its end is 0 too: what fills up changes nothing.
    """

    def __init__(self, numbers: int, filters: int, kernel: int) -> None:
        super().__init__()
        self.around = ((kernel - 1) // 2, kernel // 2)
        self.filter = nn.Conv1d(numbers, filters, kernel)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        states: Tensor = functional.relu(self.filter(functional.pad(x.transpose(1, 2), self.around))).transpose(1, 2)
        return states * mask_of(lengths, states.shape[1]).unsqueeze(2)
