"""The features `musicnn` as a graph: from the waveform to the numbers that a probe learns from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from earmark.audio.musicnn_mel import BANDS, COMPRESSION, FLOAT16_MAX, HOP_LENGTH, N_FFT, SAMPLE_RATE
from earmark.errors import ModelError
from earmark.features.musicnn import Musicnn
from earmark.models.musicnn import PATCH_FRAMES
from earmark.pretrained.musicnn import load_musicnn
from earmark.publish.spectrum import MelPower


class MusicnnClips(nn.Module):
    """The clips of a waveform, as `Musicnn.clips` makes them of sound of at least one clip.

    Input  (samples,) float32 at 16,000 Hz.
    Output (clips, numbers).

    Raises ModelError where a whole track is one example, or where the network's weights cannot be had.
    """

    def __init__(self, features: Musicnn) -> None:
        super().__init__()
        if features.clip_seconds is None:
            raise ModelError("features.clip_seconds = inf: a graph takes clips of one length; set it and train again")
        self.features = features
        self.clip = round(features.clip_seconds * SAMPLE_RATE)
        self.hop = round((features.clip_hop_seconds or 0) * SAMPLE_RATE) or self.clip
        self.power = MelPower(sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=BANDS)
        frames = 1 + self.clip // HOP_LENGTH
        if frames < PATCH_FRAMES:
            raise ModelError(
                f"features.clip_seconds = {features.clip_seconds:g}: less than a patch of {PATCH_FRAMES} frames, which "
                "is repeated; a graph does not: set 3 or more and train again"
            )
        begins = torch.arange(0, frames - PATCH_FRAMES + 1, features.patch_hop_frames)
        self.register_buffer("patches", begins[:, None] + torch.arange(PATCH_FRAMES), persistent=False)
        self.network = load_musicnn().network

    patches: Tensor

    def forward(self, waveform: Tensor) -> Tensor:
        begins = torch.arange(0, waveform.shape[0] - self.clip + 1, self.hop)
        clips = waveform[begins[:, None] + torch.arange(self.clip)]
        mirrored = nn.functional.pad(clips[:, None], (N_FFT // 2, N_FFT // 2), mode="reflect")[:, 0]
        power = self.power(mirrored)[:, 1:-1].clamp_max(float(FLOAT16_MAX)).half().float()
        frames = (power * float(COMPRESSION) + 1).log10()
        outputs = self.network(frames[:, self.patches].flatten(0, 1))
        heard: Tensor = getattr(outputs, self.features.layer).unflatten(0, (-1, len(self.patches)))
        mean = heard.mean(1)
        if self.features.statistics == "mean":
            return mean
        return torch.cat([mean, heard.std(1, correction=0)], dim=1)
