"""Several classifiers that listen to the same pieces of sound and answer together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.audio.files import audio_files
from earmark.audio.waveform import Waveform
from earmark.classifier.answer import Answer
from earmark.classifier.musicality import musicality, tells_music
from earmark.classifier.neighbours import Neighbours
from earmark.classifier.pieces import Pieces, pieces_of
from earmark.classifier.trained import Classifier
from earmark.errors import ModelError
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn
from earmark.features.pixels import Pixels
from earmark.features.settings import OF_TEXT
from earmark.models.pooling import pooled
from earmark.tracks import Fault

FORMAT = 1
CARD = "fusion.json"


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One classifier of a fusion: the folder it lies in, and its exponent in the pool."""

    folder: str
    exponent: float


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the fusion is worth on groups it never heard: training tracks, each held out in turn with its artist's."""

    tracks: int
    artists: int
    accuracy: float
    low: float
    high: float
    macro_f1: float
    ece: float


class FusionCard(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in fusion.json. All voices know the same genres and hear pieces of the same length, in seconds."""

    genres: tuple[str, ...]
    voices: tuple[Voice, ...]
    piece_seconds: float
    trained_on: str
    held_out: HeldOut
    format: int = FORMAT


class Fusion:
    """Classifiers whose log-probabilities are added, each times its exponent; one decoding of a file serves them all.

    A track is cut into pieces of `piece_seconds`; its probabilities are the mean over them. `note` says what a person
    should know of it before trusting it, such as that a voice is missing. `neighbours` are the tracks that it learned
    from, where they were kept.
    """

    def __init__(
        self,
        card: FusionCard,
        voices: Sequence[Classifier],
        *,
        name: str,
        note: str | None = None,
        neighbours: Neighbours | None = None,
    ) -> None:
        self.card = card
        self.voices = tuple(voices)
        self.features = tuple(_listening(voice) for voice in voices)
        # Place of the voice by whose examples music is told from what is none; None where no voice has them.
        self.hearing = next((i for i, features in enumerate(self.features) if tells_music(features)), None)
        self.exponents = np.array([voice.exponent for voice in card.voices])
        self.name = name
        self.note = note
        self.neighbours = neighbours

    @property
    def reads_text(self) -> bool:
        """It hears sound."""
        return False

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres it knows, in the order of its probabilities."""
        return self.card.genres

    def probabilities(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
        """Probabilities (n, genres) from each voice's own examples (n, …) of the same n pieces."""
        with np.errstate(divide="ignore"):  # what is impossible to a voice is bounded in the pool
            each = [np.log(voice.probabilities(x)) for voice, x in zip(self.voices, inputs, strict=True)]
        return np.exp(pooled(np.stack(each), self.exponents))

    def predict(self, sound: Path | str | Waveform, *, allow_partial: bool = False, whole: bool = True) -> Answer:
        """The genre of a file or waveform, and its course over time; unless `whole`, of one piece from its middle.

        Raises AudioError naming file and cause, ModelError where a voice's backbone is missing.
        """
        source = "waveform" if isinstance(sound, Waveform) else str(sound)
        sections = pieces_of(sound, self.card.piece_seconds, whole=whole, allow_partial=allow_partial)
        heard = [(pieces.starts, self.inputs(pieces, where=source)) for pieces in sections]
        inputs = [np.concatenate(each) for each in zip(*(inputs for _, inputs in heard), strict=True)]
        return self.answer(source, np.concatenate([starts for starts, _ in heard]), inputs)

    def answer(
        self,
        source: str,
        starts: NDArray[np.float64],
        inputs: Sequence[NDArray[np.float32]],
        *,
        judged: NDArray[np.bool_] | slice = slice(None),
    ) -> Answer:
        """What is said of a track by each voice's examples (pieces, …); of all of it, by those that are `judged`."""
        over_time = self.probabilities(inputs)
        answer = Answer(source, self.genres, over_time[judged].mean(0), starts, over_time)
        if self.hearing is None:
            return answer
        x = inputs[self.hearing]
        strange = musicality(x[judged]).reason
        return replace(answer, strange=strange, strange_over_time=tuple(musicality(x).reasons_over_time))

    def inputs(self, pieces: Pieces, *, where: str) -> list[NDArray[np.float32]]:
        """Each voice's examples (pieces, …)."""
        return [
            np.concatenate([features.clips(piece, where)[0] for piece in pieces.at(features.sample_rate)])
            for features in self.features
        ]

    def files(self, paths: Iterable[Path]) -> tuple[list[Path], list[Fault]]:
        """The sound files among `paths` and those below its folders; what is missing."""
        return audio_files(paths)


def _listening(voice: Classifier) -> LogMel | Musicnn:
    """The features of a voice. Raises ModelError where they are not of sound."""
    features = voice.card.features
    if isinstance(features, OF_TEXT | Pixels):
        what = "pictures" if isinstance(features, Pixels) else "texts"
        raise ModelError(f"{voice.name}: it was trained on {what}; voices of a fusion hear sound")
    return features


def alone(fusion: Fusion, place: int, *, note: str) -> Fusion:
    """One voice of a fusion in its name, and why."""
    card = msgspec.structs.replace(
        fusion.card, voices=(msgspec.structs.replace(fusion.card.voices[place], exponent=1.0),)
    )
    return Fusion(card, [fusion.voices[place]], name=fusion.name, note=note, neighbours=fusion.neighbours)
