"""A classifier of sound as one network: from the waveform to the probabilities that it says."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from earmark.classifier import Classifier
from earmark.errors import ModelError
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn
from earmark.features.standardise import Standardiser
from earmark.models.forward import Crops
from earmark.publish.estimators import as_network
from earmark.publish.musicnn_clips import MusicnnClips
from earmark.publish.spectrum import LogMelClips


class ClassifierGraph(nn.Module):
    """All that a classifier does to a waveform: clips, features, scale, model, calibration, the mean over the clips.

    Input  (samples,) float32, mono, at `sample_rate`; at least `least` samples.
    Output (genres,) probabilities of the track, and (clips, genres) over time.

    Raises ModelError for a classifier that does not hear sound, or whose parts cannot be written as a graph.
    """

    standard_mean: Tensor
    standard_spread: Tensor

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        card = classifier.card
        features = card.features
        self.clips: nn.Module
        if isinstance(features, LogMel):
            if features.clip_seconds is None:
                raise ModelError(
                    f"{classifier.name}: its recipe does not say how to make clips of sound: features.clip_seconds is "
                    "missing; add it and train again"
                )
            self.sample_rate = features.sample_rate
            self.clip = self.least = round(features.clip_seconds * self.sample_rate)
            self.hop = round((features.clip_hop_seconds or 0) * self.sample_rate) or self.clip
            self.clips = LogMelClips(features, clip=self.clip, hop=self.hop)
        elif isinstance(features, Musicnn):
            self.clips = MusicnnClips(features)
            self.sample_rate, self.clip, self.hop = features.sample_rate, self.clips.clip, self.clips.hop
            self.least = self.clips.clip
        else:
            raise ModelError(
                f"{classifier.name}: its features are {features.__struct_config__.tag}; only a classifier of sound has "
                "the way from the waveform in it: earmark pack sends any other"
            )
        self.crops = Crops(features.crop_frames, features.crops) if features.crop_frames is not None else None
        self.model = as_network(classifier.model)
        self.temperature, self.track_temperature = card.temperature, card.track_temperature
        self._keep(card.standardiser)

    def _keep(self, standardiser: Standardiser) -> None:
        along = (-1, *[1] * (-standardiser.axis - 1)) if len(standardiser.mean) > 1 else ()
        self.register_buffer("standard_mean", torch.tensor(standardiser.mean).reshape(along))
        self.register_buffer("standard_spread", torch.tensor(standardiser.spread).reshape(along))

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        each = self.judged(self.clips(waveform))
        return tempered(each.mean(0), self.track_temperature), tempered(each, self.temperature)

    def judged(self, clips: Tensor) -> Tensor:
        """Probabilities (clips, genres) of clips, before calibration."""
        x = (clips - self.standard_mean) / self.standard_spread
        each = self.model(x if self.crops is None else self.crops.of(x)).float().softmax(1)
        judged: Tensor = each if self.crops is None else each.unflatten(0, (-1, self.crops.count)).mean(1)
        return judged


def tempered(probabilities: Tensor, temperature: float) -> Tensor:
    """As `earmark.predictions.tempered`."""
    return probabilities if temperature == 1 else (probabilities.log() / temperature).softmax(-1)
