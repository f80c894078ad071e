"""A small transformer over convolved patches."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from earmark.errors import UsageError
from earmark.models.shapes import bands_and_frames, refuse_other_shape

POOLS = 3  # of the tokeniser, each halving bands and frames: a token is seen from 8 × 8 values and their surroundings


class CompactTransformer(nn.Module):
    """Compact convolutional transformer: convolutions make tokens, attention relates them, a weighted mean answers.

    Three 3 × 3 convolutions of 16, 32 and `width` filters, each with ReLU and a max-pool of 3 at steps of 2, turn
    80 × 80 into 100 tokens; a learned position is added to each; `depth` pre-norm encoder layers of `heads` heads and
    twice the width between, left out at random by stochastic depth; then sequence pooling, a mean of the tokens by
    weights the network gives them.

    Attention sees in one layer what convolutions reach in many: a bass line with the cymbals far above it, a beat with
    its return a second later. Transformers on bare patches need far more clips than a course has; the convolutions
    bring the locality that those would have to learn, and sequence pooling keeps all of a clip's tokens in the answer.

    Input  (batch, bands, frames) log-mel, standardised; at least 8 × 8.
    Output (batch, classes) logits.
    267,417 parameters at 80 × 80 and 8 classes.

    Raises ModelError for a shape that is smaller or not bands × frames, UsageError for a width that `heads` does not
    divide.
    Source: Hassani et al. 2021, "Escaping the big data paradigm with compact transformers", arXiv:2104.05704, with a
    tokeniser of one convolution more.
    """

    example_shape: ClassVar[tuple[int, ...]] = (80, 80)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        width: int = 96,
        depth: int = 3,
        heads: int = 4,
        drop_path: float = 0.1,
    ) -> None:
        super().__init__()
        if width < 1 or width % heads:
            raise UsageError(f"compact_transformer: width = {width} must be a multiple of heads = {heads}")
        self.shape = bands_and_frames("compact_transformer", shape, least=(2**POOLS, 2**POOLS))
        self.tokeniser = nn.Sequential(*_convolution(1, 16), *_convolution(16, 32), *_convolution(32, width))
        bands, frames = (-(-length // 2**POOLS) for length in self.shape)
        self.position = nn.Parameter(nn.init.trunc_normal_(torch.empty(bands * frames, width), std=0.2))
        self.encoder = nn.Sequential(*(_EncoderLayer(width, heads, drop_path) for _ in range(depth)))
        self.normalisation = nn.LayerNorm(width)
        self.weigh = nn.Linear(width, 1)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        refuse_other_shape("compact_transformer", x, self.shape)
        picture = x.unsqueeze(-1).movedim(-1, 1)  # one channel, and laid out channels last: twice as fast
        tokens = self.normalisation(self.encoder(self.tokeniser(picture).flatten(2).mT + self.position))
        weights = self.weigh(tokens).softmax(dim=1)
        logits: Tensor = self.head((weights.mT @ tokens).squeeze(1))
        return logits


def _convolution(before: int, after: int) -> tuple[nn.Module, ...]:
    # ReLU follows the pool, on a quarter of the values: the largest of values is the same before it and after.
    return nn.Conv2d(before, after, 3, padding=1, bias=False), nn.MaxPool2d(3, stride=2, padding=1), nn.ReLU()


class _EncoderLayer(nn.Module):
    """Self-attention and a dense layer between, each normalised before and added to what came in.

    Not `nn.TransformerEncoderLayer`: its dropout of every attention weight takes a third of an epoch on a CPU, where
    stochastic depth draws one number an example (Huang et al. 2016, arXiv:1603.09382).
    """

    def __init__(self, width: int, heads: int, drop_path: float) -> None:
        super().__init__()
        self.heads = heads
        self.drop_path = drop_path
        self.attention_normalisation = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.dense = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU("tanh"), nn.Linear(2 * width, width)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self._sometimes(self._attended(self.attention_normalisation(tokens)))
        return tokens + self._sometimes(self.dense(tokens))

    def _attended(self, tokens: Tensor) -> Tensor:
        # (batch, tokens, 3 · width) → three of (batch, heads, tokens, width / heads)
        split = self.queries_keys_values(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(*split)
        joined: Tensor = self.joined(seen.transpose(1, 2).flatten(2))
        return joined

    def _sometimes(self, branch: Tensor) -> Tensor:
        return branch * F.dropout(branch.new_ones(branch.shape[0], 1, 1), self.drop_path, self.training)
