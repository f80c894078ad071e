"""Who sings as a vector, for networks that are told it beside the words."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from earmark.text.vocabulary import UNKNOWN_ARTIST

SPREAD = 0.1  # of vectors before training


class ArtistVectors(nn.Embedding):
    """Ids of artists to learned vectors: (batch,) whole numbers to (batch, width).

    In training a known artist is told as unknown with the chance `dropout`, so that being unknown is learned and the
    words are listened to.
    """

    def __init__(self, artists: int, width: int, *, dropout: float) -> None:
        super().__init__(artists, width)
        nn.init.normal_(self.weight, std=SPREAD)
        self.dropout = dropout

    def forward(self, ids: Tensor) -> Tensor:
        if self.training:
            unknown = torch.rand(ids.shape, device=ids.device) < self.dropout
            ids = ids.masked_fill(unknown, UNKNOWN_ARTIST)
        return super().forward(ids)
