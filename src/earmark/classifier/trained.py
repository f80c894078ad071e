"""A trained model with all it needs to answer: raw thing in, probabilities over named genres out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from earmark.atomic import replacing
from earmark.audio.decode import read_audio
from earmark.audio.files import audio_files
from earmark.audio.waveform import Waveform
from earmark.classifier.answer import Answer
from earmark.classifier.card import WEIGHTS, ClassifierCard, write_card
from earmark.classifier.pieces import EXCERPT_SECONDS, read_excerpt
from earmark.errors import ModelError
from earmark.features.encoding import X, encoded, model_shape
from earmark.features.log_mel import LogMel
from earmark.features.on_demand import OnDemand
from earmark.features.pixels import Pixels
from earmark.features.settings import OF_TEXT, Features
from earmark.images.files import image_files
from earmark.models.estimator import Fitted
from earmark.models.forward import batched_logits
from earmark.predictions import tempered
from earmark.text.files import read_text, text_files
from earmark.text.texts import Texts
from earmark.tracks import Fault


class Classifier:
    """A trained model together with its features, scale, genres and calibration.

    The same song from another file gets nearly the same probabilities, where the bands end below the low pass of the
    codecs (features.fmax = 10,000 Hz): each stays within 0.002 of that for the 22,050 Hz original as WAV at 44.1 kHz in
    stereo, within 0.05 as MP3 and 0.1 as Ogg Vorbis of some 50 kbit/s (measured over 20 songs of GTZAN: 0.0004, 0.016
    and 0.037 at most, and under 0.006 for half of the songs). Bands up to half the sample rate hear that low pass: with
    those of course_clip an MP3 at 22,050 Hz moved one song by 0.29 and none to another genre.
    """

    note: str | None = None  # what a person should know of it before trusting it

    def __init__(self, card: ClassifierCard, model: nn.Module, *, name: str) -> None:
        self.card = card
        self.model = model
        self.name = name

    @classmethod
    def from_pretrained(cls, model: Path | str, *, device: str = "cpu") -> Self:
        """The classifier at a path or address, or of a name, as Hugging Face's libraries ask for one.

        Raises ModelError as `earmark.load` does, and where what is there is a fusion of several.
        """
        from earmark.classifier.loading import load

        found = load(model, device=device)
        if not isinstance(found, cls):
            raise ModelError(f"{model}: it is a {type(found).__name__.lower()} of several; earmark.load takes it")
        return found

    def save_pretrained(self, folder: Path | str) -> Path:
        """Write what answers, classifier.json and weights.safetensors, into `folder`; gives it."""
        folder = Path(folder)
        write_card(folder, self.card)
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.model.state_dict().items()}
        with replacing(folder / WEIGHTS) as temporary:
            save_file(tensors, temporary)
        return folder

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres it knows, in the order of its probabilities."""
        return self.card.genres

    @property
    def reads_text(self) -> bool:
        """Whether it judges texts."""
        return isinstance(self.card.features, OF_TEXT)

    def probabilities(self, x: X) -> NDArray[np.float64]:
        """Probabilities (n, genres) of examples (n, …), or texts, made with this classifier's features.

        Raises ModelError where the examples have another shape than those it was trained on.
        """
        return tempered(self.uncalibrated(x), self.card.temperature)

    def uncalibrated(self, x: X) -> NDArray[np.float64]:
        """The same at temperature 1. Of these a track's mean is taken, so that no temperature changes its genre.

        Raises ModelError where the examples have another shape than those it was trained on.
        """
        features = self.card.features
        read = encoded(features, x)
        shape = model_shape(features, tuple(read.shape[1:]))
        if shape != self.card.shape:
            raise ModelError(f"{self.name}: examples have shape {shape}, it was trained on {self.card.shape}")
        if isinstance(read, Texts):
            return self._of_texts(read)
        fed = read if isinstance(read, OnDemand) else torch.from_numpy(np.array(read))
        logits = batched_logits(self.model, fed, self.card.standardiser, views=features.views)
        return torch.softmax(logits.double(), dim=1).cpu().numpy()

    def _of_texts(self, texts: Texts) -> NDArray[np.float64]:
        if not isinstance(self.model, Fitted):
            raise ModelError(f"{self.name}: only an estimator reads texts, and it is a network")
        return self.model.estimator.predict_proba(texts)

    def predict(self, sound: Path | str | Waveform, *, allow_partial: bool = False, whole: bool = True) -> Answer:
        """Cut a file or waveform into clips, judge each, and give the track's genre and its course over time.

        Unless `whole`, of a file only its middle is heard: `EXCERPT_SECONDS`, or one clip where that is longer.

        One that was trained on pictures judges a picture's file, trimmed and resized as those were; one trained on
        texts a text file. Raises AudioError, or DataError of a picture or text, naming file and cause; ModelError
        where the recipe does not say what a clip is.
        """
        features = self.card.features
        if isinstance(features, OF_TEXT):
            if isinstance(sound, Waveform):
                raise ModelError(f"{self.name}: it was trained on song texts, not sound")
            return self.read(read_text(Path(sound)), source=str(sound))
        if isinstance(features, Pixels):
            if isinstance(sound, Waveform):
                raise ModelError(f"{self.name}: it was trained on pictures, not sound; earmark render draws them")
            return self._answer(str(sound), features.of_file(Path(sound)), np.zeros(1))
        if features.clip_seconds is None and isinstance(features, LogMel):
            raise ModelError(
                f"{self.name}: its recipe does not say how to make clips of sound: features.clip_seconds is missing "
                "(or like = 'course_clip'); add it and train again"
            )
        source, offset = "waveform" if isinstance(sound, Waveform) else str(sound), 0.0
        if isinstance(sound, Waveform):
            waveform = sound
        elif whole or features.clip_seconds is None:
            waveform = read_audio(Path(sound), sample_rate=features.sample_rate, allow_partial=allow_partial)
        else:
            seconds = max(EXCERPT_SECONDS, features.clip_seconds)
            waveform, offset = read_excerpt(Path(sound), seconds, allow_partial=allow_partial)
        clips, starts = features.clips(waveform, where=source)
        return self._answer(source, clips, offset + starts)

    def read(self, text: str, *, artist: str | None = None, source: str = "text") -> Answer:
        """The genre of a song's text; who sings it counts where the artist was an input in training.

        Raises DataError naming `source` for a text without words, ModelError where it was trained on something else.
        """
        features = self.card.features
        if not isinstance(features, OF_TEXT):
            raise ModelError(f"{self.name}: it was not trained on song texts")
        return self.answers([source], features.texts([features.of(text, where=source)], [artist]))[0]

    def answers(self, sources: Sequence[str], texts: Texts) -> list[Answer]:
        """What is said of each of n cleaned texts, which `sources` name."""
        each = self.uncalibrated(texts)[:, None]
        whole = tempered(each[:, 0], self.card.track_temperature)
        parts = tempered(each, self.card.temperature)
        return [
            Answer(source, self.genres, song, np.zeros(1), part)
            for source, song, part in zip(sources, whole, parts, strict=True)
        ]

    def _answer(self, source: str, examples: NDArray[np.float32], starts: NDArray[np.float64]) -> Answer:
        each = self.uncalibrated(examples)
        whole = tempered(each.mean(0), self.card.track_temperature)
        return Answer(source, self.genres, whole, starts, tempered(each, self.card.temperature))

    def files(self, paths: Iterable[Path]) -> tuple[list[Path], list[Fault]]:
        """The files among `paths` and below its folders that it can judge, and what is missing."""
        if self.reads_text:
            return text_files(paths)
        return image_files(paths) if isinstance(self.card.features, Pixels) else audio_files(paths)

    def require(self, features: Features, *, where: str) -> None:
        """Raise ModelError, naming both values, where `where` was made with other features than this classifier's."""
        different = self.card.features.differences(features)
        if different:
            raise ModelError(f"{where}: features differ from those {self.name} was trained on: {'; '.join(different)}")
