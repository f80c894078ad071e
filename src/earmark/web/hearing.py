"""What a process does that listens to a stranger's file: one decoding, a picture of the sound, and two answers.

The first answer is of the track's middle and comes after a moment; the second is of all of it, with what is behind it.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.audio.decode import probe, read_audio
from earmark.audio.log_mel import log_mel
from earmark.audio.waveform import Waveform
from earmark.classifier import Classifier, Exported, Fusion, load
from earmark.classifier.answer import Verdict
from earmark.classifier.explanation import explain
from earmark.errors import AudioError, EarmarkError, UsageError
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn
from earmark.report.explain_page import render_reasons
from earmark.report.told import Told, told
from earmark.web.paths import Sound

COLUMNS = 1200  # of a picture: twice a phone's dots, and enough for a desk's
BANDS = 64
TOP_DB = 70.0  # below the loudest band, where what is drawn begins
PICTURE_RATE = 22_050  # Hz
MIDDLE = 30.0  # seconds
N_FFT = 2048


class Picture(msgspec.Struct, frozen=True):
    """A track to be drawn.

    seconds      how long it is
    peaks        the largest sample of each column, from 0 to 255
    spectrogram  log-mel, BASE64 of bytes, band after band from the lowest, one byte a column: 0 to 255 is -70 to 0 dB
    bands        how many rows that are
    """

    seconds: float
    peaks: list[int]
    spectrogram: str
    bands: int


class Glance(msgspec.Struct, frozen=True):
    """What is known after a moment: the picture, and the answer to the track's middle."""

    picture: Picture
    genre: str
    verdict: Verdict
    reason: str | None
    min_confidence: float
    probabilities: dict[str, float]


class Heard(msgspec.Struct, frozen=True):
    """What is known of a track; `why` is HTML, the sections of `earmark explain`."""

    picture: Picture
    told: Told
    why: str


Listener = Callable[[Sound], Generator[Glance, None, Heard]]


@dataclass(frozen=True)
class Listening:
    """Makes a listener, in a process of its own.

    longest  seconds of sound that are listened to; longer files are refused
    """

    model: str
    min_confidence: float
    longest: float

    def __call__(self) -> Listener:
        """Load the classifier. Raises ModelError where there is none, UsageError where it hears no sound."""
        classifier = load(self.model)
        if isinstance(classifier, Exported):
            raise UsageError(
                f"{classifier.name}: an ONNX file cannot explain itself; give the run that it was made from"
            )
        if isinstance(classifier, Classifier) and not isinstance(classifier.card.features, LogMel | Musicnn):
            raise UsageError(f"{classifier.name}: it was not trained on sound; `earmark serve` needs one that was")

        def listen(sound: Sound) -> Generator[Glance, None, Heard]:
            try:
                waveform = read_at_most(Path(sound.path), self.longest)
                picture = picture_of(waveform)
                # What is wrong with the middle is wrong with all of it, and said below, or does not matter.
                with contextlib.suppress(AudioError):
                    yield glance(classifier, waveform, picture, self.min_confidence)
                explanation = explain(classifier, waveform, min_confidence=self.min_confidence, source=sound.name)
            except EarmarkError as error:
                said = str(error).replace(sound.path, sound.name)
                raise type(error)(re.sub("^waveform: ", lambda _: f"{sound.name}: ", said)) from error
            return Heard(picture, told(explanation), render_reasons(explanation))

        return listen


def read_at_most(path: Path, longest: float) -> Waveform:
    """A whole file. Raises AudioError as `read_audio` does, and for one of more than `longest` seconds."""
    length = probe(path).seconds
    if length is None:  # it is not known before it has been decoded
        waveform = read_audio(path, seconds=longest + 1)
        length = waveform.seconds
    else:
        waveform = read_audio(path, seconds=longest + 1) if length > longest else read_audio(path)
    if max(length, waveform.seconds) > longest:
        most = f"{longest / 60:g} minutes" if longest >= 60 else f"{longest:g} s"
        raise AudioError(f"{path}: longer than {most}, which is the most this server listens to")
    return waveform


def glance(classifier: Classifier | Fusion, waveform: Waveform, picture: Picture, min_confidence: float) -> Glance:
    """The answer to the middle of a track."""
    rate, middle = waveform.sample_rate, len(waveform.samples) // 2
    half = round(MIDDLE * rate / 2)
    answer = classifier.predict(Waveform(waveform.samples[max(0, middle - half) : middle + half], rate))
    answer = replace(answer, min_confidence=min_confidence)
    probabilities = {genre: round(p, 6) for genre, p in answer.ranked()}
    return Glance(picture, answer.genre, answer.verdict, answer.strange, min_confidence, probabilities)


def picture_of(waveform: Waveform) -> Picture:
    """Peaks and a spectrogram of at most `COLUMNS` columns."""
    samples = waveform.samples
    edges = np.linspace(0, len(samples), min(COLUMNS, len(samples)) + 1).astype(int)[:-1]
    peaks = np.maximum.reduceat(np.abs(samples), edges)
    low = waveform.at(PICTURE_RATE).samples
    low = low if len(low) else samples  # of less than a sample nothing is left at that rate
    hop = max(N_FFT // 8, -(-len(low) // COLUMNS))
    # Of long tracks, frames lie further apart than they are long: neighbours would hardly differ on a screen.
    mel = log_mel(low, sample_rate=PICTURE_RATE, n_fft=N_FFT, hop_length=hop, n_mels=BANDS, fmin=30.0, top_db=TOP_DB)
    loudest = max(float(peaks.max()), 1e-6)
    return Picture(
        seconds=round(waveform.seconds, 3),
        peaks=_bytes(peaks / loudest).tolist(),
        spectrogram=base64.b64encode(_bytes(1 + mel / TOP_DB).tobytes()).decode(),
        bands=BANDS,
    )


def _bytes(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    bytes_: NDArray[np.uint8] = np.round(np.clip(shares, 0, 1) * 255).astype(np.uint8)
    return bytes_
