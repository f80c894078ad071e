"""A fusion of several voices as one network: from a piece of sound at each voice's rate to the probabilities."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from earmark.classifier import Fusion
from earmark.classifier.musicality import detector
from earmark.errors import ModelError
from earmark.models.pooling import LEAST
from earmark.publish.graph import ClassifierGraph, tempered


class FusionGraph(nn.Module):
    """All that a fusion does to one piece of sound; a track's probabilities are the mean over its pieces.

    Input  (samples,) float32, mono, the same piece at each of `sample_rates`.
    Output (genres,) probabilities; where the fusion tells music from what is none, (kinds,) as `musicality` has them.

    Raises ModelError for a fusion that lacks a voice, or whose voices cannot be written or hear other pieces.
    """

    exponents: Tensor

    def __init__(self, fusion: Fusion) -> None:
        super().__init__()
        if fusion.note is not None:
            raise ModelError(f"{fusion.name}: {fusion.note}")
        seconds = fusion.card.piece_seconds
        voices = [ClassifierGraph(voice) for voice in fusion.voices]
        for voice, graph in zip(fusion.voices, voices, strict=True):
            if graph.clip != round(seconds * graph.sample_rate):
                raise ModelError(
                    f"{fusion.name}: its voice {voice.name} hears clips of {graph.clip / graph.sample_rate:g} s in "
                    f"pieces of {seconds:g} s, of which no one graph is made; earmark pack sends it as it is"
                )
        self.voices = nn.ModuleList(voices)
        self.temperatures = [graph.temperature for graph in voices]
        self.rates = [graph.sample_rate for graph in voices]
        self.sample_rates = tuple(sorted(set(self.rates)))
        self.samples = tuple(round(seconds * rate) for rate in self.sample_rates)
        self.register_buffer("exponents", torch.tensor(fusion.exponents).float()[:, None])
        self.hearing = fusion.hearing
        self.detector = None if self.hearing is None else ClassifierGraph(detector())

    def forward(self, *pieces: Tensor) -> tuple[Tensor, ...]:
        at = dict(zip(self.sample_rates, pieces, strict=True))
        clips = [voice.clips(at[rate]) for voice, rate in zip(self.voices, self.rates, strict=True)]  # type: ignore[operator]
        each = [
            tempered(voice.judged(x), temperature)  # type: ignore[operator]
            for voice, x, temperature in zip(self.voices, clips, self.temperatures, strict=True)
        ]
        logs = torch.cat(each).log().clamp_min(LEAST)
        together = (self.exponents * logs).sum(0).softmax(0)
        if self.hearing is None or self.detector is None:
            return (together,)
        x = clips[self.hearing]
        loudest = x.amax((1, 2), keepdim=True)
        kinds = tempered(self.detector.judged(x - loudest), self.detector.temperature)
        sounding = (loudest > x.amin((1, 2), keepdim=True)).flatten(1)
        return together, torch.where(sounding, kinds, torch.zeros_like(kinds))[0]
