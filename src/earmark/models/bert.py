"""BERT's encoder, as sentence models use it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class BertSize(NamedTuple):
    """pieces of the vocabulary, width of a vector, layers, heads of attention, inner width, and the longest text."""

    pieces: int
    width: int
    layers: int
    heads: int
    inner: int
    positions: int


MINILM = BertSize(pieces=30522, width=384, layers=6, heads=12, inner=1536, positions=512)


class Bert(nn.Module):
    """Vectors of pieces of words and their positions, through layers of attention: one vector for each piece.

    Input (batch, pieces) whole numbers and (batch, pieces) true where there is one, output (batch, pieces, width).
    22,565,376 parameters of `MINILM`.

    Source: Devlin, Chang, Lee & Toutanova 2019, "BERT", arXiv:1810.04805; MiniLM: Wang et al. 2020, arXiv:2002.10957.
    """

    def __init__(self, size: BertSize) -> None:
        super().__init__()
        self.pieces = nn.Embedding(size.pieces, size.width)
        self.positions = nn.Embedding(size.positions, size.width)
        self.sentences = nn.Embedding(2, size.width)  # the first of two is meant wherever there is one
        self.norm = _norm(size.width)
        self.layers = nn.ModuleList(_Layer(size) for _ in range(size.layers))

    def forward(self, ids: Tensor, there: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1], device=ids.device)
        x: Tensor = self.norm(self.pieces(ids) + self.positions(places) + self.sentences.weight[0])
        for layer in self.layers:
            x = layer(x, there)
        return x


class _Layer(nn.Module):
    """Attention and two dense layers, each added to what was read and normalised after that."""

    def __init__(self, size: BertSize) -> None:
        super().__init__()
        self.heads = size.heads
        self.query, self.key, self.value, self.joined = (nn.Linear(size.width, size.width) for _ in range(4))
        self.attended_norm = _norm(size.width)
        self.widen = nn.Linear(size.width, size.inner)
        self.narrow = nn.Linear(size.inner, size.width)
        self.norm = _norm(size.width)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        query, key, value = (
            part(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=there[:, None, None, :])
        x = self.attended_norm(x + self.joined(attended.transpose(1, 2).flatten(2)))
        out: Tensor = self.norm(x + self.narrow(functional.gelu(self.widen(x))))
        return out


def _norm(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, eps=1e-12)
