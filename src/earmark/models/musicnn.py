"""musicnn: filters shaped like timbres and rhythms, three layers over time, and 50 tags that listeners gave."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

BANDS = 96
PATCH_FRAMES = 187  # 3 s at 16,000 Hz and a hop of 256
EPSILON = 1e-3  # of the normalisations; torch's own 1e-5 gives other answers, many variances are tiny
TIMBRAL = ((7, 38), (7, 67))  # frames × bands; 0.4 and 0.7 of the bands
TEMPORAL = ((128, 1), (64, 1), (32, 1))
TIMBRAL_CHANNELS, TEMPORAL_CHANNELS, MID_CHANNELS, UNITS = 204, 51, 64, 200
FRONT_CHANNELS = len(TIMBRAL) * TIMBRAL_CHANNELS + len(TEMPORAL) * TEMPORAL_CHANNELS
POOLED = FRONT_CHANNELS + 3 * MID_CHANNELS

TAGS = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock"),
    *("jazz", "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "Mellow"),
    *("electronica", "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient"),
    *("acoustic", "experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening"),
    *("sexy", "catchy", "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop", "sad"),
    *("House", "happy"),
)


class Outputs(NamedTuple):
    """What the network says of n patches, from its inside to its answer.

    max_pool, mean_pool   (n, 753) of each filter over time
    penultimate           (n, 200)
    logits                (n, 50), one a tag
    """

    max_pool: Tensor
    mean_pool: Tensor
    penultimate: Tensor
    logits: Tensor

    @property
    def tags(self) -> Tensor:
        """Probability of each of `TAGS`, (n, 50); they do not exclude each other."""
        return self.logits.sigmoid()


class MusicnnNetwork(nn.Module):
    """The published network, written as it is defined; `earmark.models.musicnn_fast` gives the same answers sooner.

    It is asked in evaluation mode. The dropout before its dense layers, which only its training had, is left out.

    Input  (batch, frames, 96) as `earmark.audio.musicnn_mel` gives it, 187 frames a patch.
    Output `Outputs`.
    787,159 parameters.
    Source: Pons, Nieto, Prockup, Schmidt, Ehmann & Serra 2018, "End-to-end learning for music audio tagging at scale",
    ISMIR; Pons & Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio tagging",
    arXiv:1909.06654.
    """

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.BatchNorm1d(1, eps=EPSILON)
        self.front = nn.ModuleList(
            [BandFilters(size, TIMBRAL_CHANNELS) for size in TIMBRAL]
            + [BandFilters(size, TEMPORAL_CHANNELS) for size in TEMPORAL]
        )
        self.mid = nn.ModuleList(_Layer(channels) for channels in (FRONT_CHANNELS, MID_CHANNELS, MID_CHANNELS))
        self.pooled_norm = nn.BatchNorm1d(2 * POOLED, eps=EPSILON)
        self.dense = nn.Linear(2 * POOLED, UNITS)
        self.dense_norm = nn.BatchNorm1d(UNITS, eps=EPSILON)
        self.answer = nn.Linear(UNITS, len(TAGS))

    def forward(self, x: Tensor) -> Outputs:
        levelled = self.levelled(x)
        return self.judge(torch.cat([filters(levelled) for filters in self.front], dim=1))

    def levelled(self, x: Tensor) -> Tensor:
        """Log-mel of any shape on the scale of the training's; what the filters pad with zeros is this."""
        levelled: Tensor = self.level(x.reshape(-1, 1)).reshape(x.shape)
        return levelled

    def judge(self, heard: Tensor) -> Outputs:
        """From what the first filters found, (batch, 561, frames), to the answer."""
        first, second, third = self.mid
        layers = [heard, first(heard)]
        layers.append(second(layers[-1]) + layers[-1])
        layers.append(third(layers[-1]) + layers[-1])
        dense = torch.cat(layers, dim=1)
        max_pool, mean_pool = dense.amax(2), dense.mean(2)
        pooled = torch.stack([max_pool, mean_pool], dim=2).flatten(1)  # max and mean of one filter side by side
        penultimate = self.dense_norm(self.dense(self.pooled_norm(pooled)).relu())
        return Outputs(max_pool, mean_pool, penultimate, self.answer(penultimate))


class BandFilters(nn.Module):
    """Filters of so many frames × bands, of which the strongest answer of all bands counts.

    Input  (batch, frames, bands).
    Output (batch, channels, frames).
    """

    def __init__(self, size: tuple[int, int], channels: int) -> None:
        super().__init__()
        frames = size[0]
        self.padding = (0, 0, (frames - 1) // 2, frames // 2)  # zeros before and after in time, none in frequency
        self.conv = nn.Conv2d(1, channels, size)
        self.norm = nn.BatchNorm2d(channels, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        strongest: Tensor = self.norm(self.conv(nn.functional.pad(x[:, None], self.padding)).relu()).amax(3)
        return strongest


class _Layer(nn.Sequential):
    """Filters of 7 frames over all channels; the normalisation follows the ReLU, as everywhere here."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv1d(channels, MID_CHANNELS, 7, padding=3), nn.ReLU(), nn.BatchNorm1d(MID_CHANNELS, eps=EPSILON)
        )
