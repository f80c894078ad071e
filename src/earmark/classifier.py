"""A trained model with all it needs to answer: raw thing in, probabilities over named genres out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from earmark.atomic import write_bytes
from earmark.audio.decode import read_audio
from earmark.audio.files import audio_files
from earmark.audio.waveform import Waveform
from earmark.errors import AudioError, DataError, EarmarkError, ModelError
from earmark.features.log_mel import LogMel
from earmark.features.on_demand import OnDemand
from earmark.features.pixels import Pixels
from earmark.features.settings import Features
from earmark.features.standardise import Standardiser
from earmark.images.files import image_files
from earmark.models.ensemble import build_network
from earmark.models.forward import Crops, batched_logits
from earmark.recipe import Choice
from earmark.run import open_run
from earmark.tracks import Fault

FORMAT = 1
CARD, WEIGHTS = "classifier.json", "weights.safetensors"


class ClassifierCard(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in classifier.json: all but the weights.

    `temperature` divides the logits; `calibrated_on` says what it was fitted on, None where nothing was.
    """

    genres: tuple[str, ...]
    model: Choice
    shape: tuple[int, ...]
    features: Features
    standardiser: Standardiser
    trained_on: str
    synthetic: bool
    temperature: float = 1.0
    calibrated_on: str | None = None
    format: int = FORMAT


Verdict = Literal["music", "unsure"]


@dataclass(frozen=True)
class Answer:
    """What a classifier says of one track.

    probabilities  (genres,) the mean over the track's clips
    starts         (clips,) seconds at which each clip begins
    over_time      (clips, genres) probabilities of each clip
    min_confidence how likely a genre must be to be named
    """

    source: str
    genres: tuple[str, ...]
    probabilities: NDArray[np.float64]
    starts: NDArray[np.float64]
    over_time: NDArray[np.float64]
    min_confidence: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """Whether the likeliest genre may be named."""
        return self._verdict(self.probability)

    @property
    def verdicts_over_time(self) -> list[Verdict]:
        """The same for each clip."""
        return [self._verdict(float(likeliest)) for likeliest in self.over_time.max(1)]

    def _verdict(self, likeliest: float) -> Verdict:
        return "music" if likeliest >= self.min_confidence else "unsure"

    @property
    def genre(self) -> str:
        """The likeliest genre."""
        return self.genres[int(self.probabilities.argmax())]

    @property
    def probability(self) -> float:
        """How likely it is."""
        return float(self.probabilities.max())

    def ranked(self) -> list[tuple[str, float]]:
        """All genres with their probabilities, likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")
        return [(self.genres[i], float(self.probabilities[i])) for i in order]


class Classifier:
    """A trained model together with its features, scale, genres and calibration.

    The same song from another file gets nearly the same probabilities, where the bands end below the low pass of the
    codecs (features.fmax = 10,000 Hz): each stays within 0.002 of that for the 22,050 Hz original as WAV at 44.1 kHz in
    stereo, within 0.05 as MP3 and 0.1 as Ogg Vorbis of some 50 kbit/s (measured over 20 songs of GTZAN: 0.0004, 0.016
    and 0.037 at most, and under 0.006 for half of the songs). Bands up to half the sample rate hear that low pass: with
    those of course_clip an MP3 at 22,050 Hz moved one song by 0.29 and none to another genre.
    """

    def __init__(self, card: ClassifierCard, model: nn.Module, *, name: str) -> None:
        self.card = card
        self.model = model
        self.name = name

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres it knows, in the order of its probabilities."""
        return self.card.genres

    def probabilities(self, x: NDArray[np.float32] | OnDemand) -> NDArray[np.float64]:
        """Probabilities (n, genres) of examples (n, …) made with this classifier's features.

        Raises ModelError where the examples have another shape than those it was trained on.
        """
        crop = self.card.features.crop_frames
        cut = tuple(x.shape[1:]) if crop is None else (*x.shape[1:-1], min(crop, x.shape[-1]))
        if cut != self.card.shape:
            raise ModelError(f"{self.name}: examples have shape {x.shape[1:]}, it was trained on {self.card.shape}")
        crops = Crops(crop, self.card.features.crops) if crop is not None else None
        fed = x if isinstance(x, OnDemand) else torch.from_numpy(np.array(x))
        logits = batched_logits(self.model, fed, self.card.standardiser, crops=crops)
        return torch.softmax(logits.double() / self.card.temperature, dim=1).cpu().numpy()

    def predict(self, sound: Path | str | Waveform, *, allow_partial: bool = False) -> Answer:
        """Cut a file or waveform into clips, judge each, and give the mean and the course over time.

        One that was trained on pictures judges a picture's file, trimmed and resized as those were. Raises AudioError,
        or DataError of a picture, naming file and cause; ModelError where the recipe does not say what a clip is.
        """
        features = self.card.features
        if isinstance(features, Pixels):
            if isinstance(sound, Waveform):
                raise ModelError(f"{self.name}: it was trained on pictures, not sound; earmark render draws them")
            over_time = self.probabilities(features.of_file(Path(sound)))
            return Answer(str(sound), self.genres, over_time[0], np.zeros(1), over_time)
        if features.clip_seconds is None and isinstance(features, LogMel):
            raise ModelError(
                f"{self.name}: its recipe does not say how to make clips of sound: features.clip_seconds is missing "
                "(or like = 'course_clip'); add it and train again"
            )
        if isinstance(sound, Waveform):
            waveform, source = sound, "waveform"
        else:
            source = str(sound)
            waveform = read_audio(Path(sound), sample_rate=features.sample_rate, allow_partial=allow_partial)
        clips, starts = features.clips(waveform, where=source)
        over_time = self.probabilities(clips)
        return Answer(source, self.genres, over_time.mean(0), starts, over_time)

    def files(self, paths: Iterable[Path]) -> tuple[list[Path], list[Fault]]:
        """The files among `paths` and those below its folders that it can judge, sound or pictures; what is missing."""
        return image_files(paths) if isinstance(self.card.features, Pixels) else audio_files(paths)

    def require(self, features: Features, *, where: str) -> None:
        """Raise ModelError, naming both values, where `where` was made with other features than this classifier's."""
        different = self.card.features.differences(features)
        if different:
            raise ModelError(f"{where}: features differ from those {self.name} was trained on: {'; '.join(different)}")


def write_card(folder: Path, card: ClassifierCard) -> None:
    """Write classifier.json into `folder`."""
    write_bytes(folder / CARD, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def is_classifier(path: Path) -> bool:
    """Whether `path` is a folder that holds a classifier, or runs of which the newest does."""
    return (path / CARD).is_file() or (path.is_dir() and any(path.glob(f"*/{CARD}")))


def build_model(choice: Choice, shape: tuple[int, ...], classes: int) -> nn.Module:
    """The untrained network of that name and options, for examples of `shape`."""
    return build_network(choice.name, shape, classes, choice.options)


def load(path: Path | str, *, device: str = "cpu") -> Classifier:
    """The classifier in a run's folder, or in the newest run of a folder of runs.

    Raises ModelError where there is none, or it is damaged or newer than this earmark.
    """
    folder = Path(path)
    if not (folder / CARD).is_file() and is_classifier(folder):
        folder = open_run(folder).folder
    try:
        content: Any = msgspec.json.decode((folder / CARD).read_bytes())
        if content["format"] != FORMAT:
            raise ModelError(f"format {content['format']!r} is not the {FORMAT} this earmark reads; update earmark")
        content["features"].setdefault("kind", "log_mel")  # which cards did not name while there was no other
        card = msgspec.convert(content, ClassifierCard)
        model = build_model(card.model, card.shape, len(card.genres))
        model.load_state_dict(load_file(folder / WEIGHTS))
    except FileNotFoundError as error:
        missing = Path(error.filename).name if error.filename else WEIGHTS
        raise ModelError(
            f"{folder}: no classifier: {missing} is missing; a run has it from its first finished epoch on"
        ) from error
    except (EarmarkError, OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        # Of what does not fit, torch says the network first and all tensors after it: two lines are enough.
        why = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise ModelError(f"{folder}: the classifier cannot be read: {why}") from error
    return Classifier(card, model.to(device).eval(), name=folder.resolve().name)


def predict_files(
    classifier: Classifier,
    paths: Sequence[Path],
    *,
    allow_partial: bool = False,
    min_confidence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Answer], list[Fault]]:
    """Judge each file; those that cannot be read are listed with their reason instead of being answered.

    Of what is less likely than `min_confidence` the verdict is "unsure". `progress` hears how many of how many files
    are done.
    """
    answers, faults = [], []
    for done, path in enumerate(paths, start=1):
        try:
            answer = classifier.predict(path, allow_partial=allow_partial)
            answers.append(replace(answer, min_confidence=min_confidence))
        except (AudioError, DataError) as error:
            faults.append(Fault(str(path), str(error)))
        if progress is not None:
            progress(done, len(paths))
    return answers, faults
