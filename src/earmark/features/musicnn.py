"""What the pretrained network musicnn hears in sound: examples of some numbers each, and its tags along a track."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from earmark.audio.musicnn_mel import BANDS, HOP_LENGTH, SAMPLE_RATE, musicnn_mel
from earmark.audio.waveform import Waveform, require_sound
from earmark.errors import AudioError, UsageError
from earmark.features.on_demand import OnDemand
from earmark.features.standardise import Standardiser, fit_standardiser
from earmark.models.musicnn import PATCH_FRAMES, Outputs
from earmark.pretrained.musicnn import load_musicnn

PATCH_SECONDS = PATCH_FRAMES * HOP_LENGTH / SAMPLE_RATE
SHORTEST_SECONDS = 1.0  # a third of a patch; of less, its repetition is what would be heard


@dataclass(frozen=True)
class Taggram:
    """Probability of each tag of `earmark.models.musicnn.TAGS` along a piece of sound.

    tags    (patches, 50)
    layer   (patches, numbers) what the network's layer says that the features are made of
    starts  (patches,) seconds at which each patch of 2.99 s begins
    """

    tags: NDArray[np.float32]
    layer: NDArray[np.float32]
    starts: NDArray[np.float64]


class Musicnn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="musicnn"):
    """How sound becomes examples (numbers,): a layer of musicnn over a clip's patches; travels with the classifier.

    layer             "tags": 50 probabilities; "logits": the same before the sigmoid; "penultimate": 200 numbers;
                      "mean_pool" and "max_pool": 753 filters over time
    statistics        of the patches: their "mean", or "mean_spread", with their standard deviation beside it
    patch_hop_frames  frames of 16 ms from one patch to the next: 187 puts them side by side, 61 is as published
    clip_seconds      length of a clip; None, in a recipe inf: the whole track is one example
    clip_hop_seconds  from one clip's start to the next; None: clip_seconds

    A patch is 187 frames, 3 s. Sound that is shorter is repeated until it fills one, as in the network's training.
    Raises UsageError where the values do not fit together.
    """

    layer: Literal["tags", "logits", "penultimate", "mean_pool", "max_pool"] = "tags"
    statistics: Literal["mean", "mean_spread"] = "mean"
    patch_hop_frames: int = PATCH_FRAMES
    clip_seconds: float | None = 30.0
    clip_hop_seconds: float | None = None

    sample_rate: ClassVar[int] = SAMPLE_RATE
    crop_frames: ClassVar[None] = None
    views: ClassVar[None] = None

    def __post_init__(self) -> None:
        if self.patch_hop_frames < 1:
            raise UsageError(f"features.patch_hop_frames={self.patch_hop_frames} must be above 0")
        if self.clip_seconds is None and self.clip_hop_seconds is not None:
            raise UsageError(f"features.clip_hop_seconds={self.clip_hop_seconds:g} needs features.clip_seconds")
        if self.clip_seconds is not None and not self.clip_seconds >= SHORTEST_SECONDS:
            raise UsageError(f"features.clip_seconds={self.clip_seconds:g} must be at least {SHORTEST_SECONDS:g}")
        if self.clip_hop_seconds is not None and not self.clip_hop_seconds * SAMPLE_RATE >= 1:
            raise UsageError(f"features.clip_hop_seconds={self.clip_hop_seconds:g} must be above 0")

    def clips(self, waveform: Waveform, where: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Examples (n, numbers) of sound of any rate, one a clip, and where each starts, (n,) seconds.

        What is left at the end and fills no clip is dropped; sound that is shorter than a clip is one example.
        Raises AudioError naming `where` for silence and for less than a second, ModelError where the network's weights
        are not on this machine and cannot be fetched.
        """
        samples = _heard(waveform, where)
        length = len(samples) if self.clip_seconds is None else round(self.clip_seconds * SAMPLE_RATE)
        hop = round((self.clip_hop_seconds or 0) * SAMPLE_RATE) or length
        begins = range(0, max(len(samples) - length, 0) + 1, hop)
        x = np.stack([self._numbers(samples[begin : begin + length]) for begin in begins])
        return x, np.array(begins) / SAMPLE_RATE

    def taggram(self, waveform: Waveform, where: str) -> Taggram:
        """The tags of every patch of the whole sound, by `patch_hop_frames`. Raises as `clips` does."""
        outputs = self._outputs(_heard(waveform, where))
        starts = np.arange(len(outputs.tags)) * self.patch_hop_frames * HOP_LENGTH / SAMPLE_RATE
        return Taggram(outputs.tags.numpy(), getattr(outputs, self.layer).numpy(), starts)

    def example(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """The example (numbers,) that patches (patches, numbers) of the layer make."""
        mean: NDArray[np.float32] = patches.mean(0)
        return mean if self.statistics == "mean" else np.concatenate([mean, patches.std(0)])

    def scale(self, x: NDArray[np.float32] | OnDemand) -> Standardiser:
        """That of examples (n, numbers) as they are; what learns from them has its own."""
        return fit_standardiser(x, "none")

    def differences(self, other: object) -> list[str]:
        """Both values of each key in which `other` differs; empty if none does."""
        if not isinstance(other, Musicnn):
            return [f"{type(other).__name__} instead of Musicnn"]
        theirs = other._resolved()
        return [
            f"{key}={theirs[key]} instead of {ours}" for key, ours in self._resolved().items() if theirs[key] != ours
        ]

    def _resolved(self) -> dict[str, object]:
        """All keys, with that which another key stands in for written out."""
        return msgspec.structs.asdict(self) | {"clip_hop_seconds": self.clip_hop_seconds or self.clip_seconds}

    def _outputs(self, samples: NDArray[np.float32]) -> Outputs:
        frames = musicnn_mel(samples)
        if len(frames) < PATCH_FRAMES:
            frames = np.resize(frames, (PATCH_FRAMES, BANDS))  # which repeats them
        outputs: Outputs = load_musicnn()(torch.from_numpy(frames), self.patch_hop_frames)
        return outputs

    def _numbers(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.example(getattr(self._outputs(samples), self.layer).numpy())


def _heard(waveform: Waveform, where: str) -> NDArray[np.float32]:
    """Samples at the network's rate, once there are enough that are no silence."""
    require_sound(waveform, where)
    if waveform.seconds < SHORTEST_SECONDS:
        raise AudioError(
            f"{where}: too short: {waveform.seconds:.2f} s of sound; musicnn hears 3 s at a time and takes at least "
            f"{SHORTEST_SECONDS:g} s"
        )
    return waveform.at(SAMPLE_RATE).samples


def musicnn_features(
    *,
    layer: str = "tags",
    statistics: str = "mean",
    patch_hop_frames: int = PATCH_FRAMES,
    clip_seconds: float | None = 30.0,
    clip_hop_seconds: float | None = None,
) -> Musicnn:
    """The settings of a recipe, in which TOML's inf stands for None. Raises UsageError for values that cannot be."""
    given = locals() | {"clip_seconds": None if clip_seconds == math.inf else clip_seconds}
    try:
        return msgspec.convert(given, Musicnn)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error
