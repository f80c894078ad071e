"""A classifier in an ONNX file: waveform in, probabilities out, run by onnxruntime and without torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from earmark.audio.decode import read_audio
from earmark.audio.files import audio_files
from earmark.audio.waveform import Waveform, require_sound
from earmark.classifier.answer import Answer
from earmark.classifier.kinds import of_pieces
from earmark.classifier.pieces import EXCERPT_SECONDS, pieces_of, read_excerpt
from earmark.errors import AudioError, ModelError, need
from earmark.tracks import Fault

SUFFIX = ".onnx"
FORMAT = 1
KEY = "earmark"  # of the ONNX file's metadata, under which the card stands as JSON
WAVEFORM, PROBABILITIES, OVER_TIME, MUSICALITY = "waveform", "probabilities", "over_time", "kinds"


class ExportedCard(msgspec.Struct, frozen=True, kw_only=True):
    """What an ONNX file says of itself.

    sample_rate   Hz of the waveform that it takes
    clip          samples of a clip; what is shorter than `least` samples it does not take
    hop           samples from one clip's start to the next
    classifier    the name of what was exported, and `digest`, BLAKE2b of its weights: 32 hex digits
    quantised     weights are integers of 8 bits
    loss          the largest difference of a probability from the original's, where it was checked
    sample_rates  of several voices: Hz of each waveform that it takes, one `clip` long; `sample_rate` is the highest
    """

    genres: tuple[str, ...]
    sample_rate: int
    clip: int
    least: int
    hop: int
    classifier: str
    digest: str
    trained_on: str
    quantised: bool = False
    loss: float = 0.0
    sample_rates: tuple[int, ...] = ()
    format: int = FORMAT


class Exported:
    """The classifier in an ONNX file, asked as a `Classifier` is.

    The file's graph takes `waveform` (samples,) float32, mono, full scale ±1, at the card's rate, and gives
    `probabilities` (genres,) of the track and `over_time` (clips, genres), calibrated as the original's.
    """

    note: str | None = None
    reads_text = False

    def __init__(self, card: ExportedCard, session: Any, *, name: str) -> None:
        self.card = card
        self.session = session
        self.name = name

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres it knows, in the order of its probabilities."""
        return self.card.genres

    def predict(self, sound: Path | str | Waveform, *, allow_partial: bool = False, whole: bool = True) -> Answer:
        """The genre of a file or waveform, and its course over time; unless `whole`, of a file its middle alone.

        Raises AudioError naming file and cause.
        """
        rate, offset = self.card.sample_rate, 0.0
        source = "waveform" if isinstance(sound, Waveform) else str(sound)
        if isinstance(sound, Waveform):
            waveform = sound
        elif whole:
            waveform = read_audio(Path(sound), sample_rate=rate, allow_partial=allow_partial)
        else:
            seconds = max(EXCERPT_SECONDS, self.card.clip / rate)
            waveform, offset = read_excerpt(Path(sound), seconds, allow_partial=allow_partial)
        require_sound(waveform, source)
        samples = waveform.at(rate).samples
        if len(samples) < self.card.least:
            raise AudioError(
                f"{source}: too short: {waveform.seconds:.2f} s of sound, one clip takes {self.card.least / rate:.2f} s"
            )
        probabilities, over_time = self.run(samples)
        starts = offset + np.arange(len(over_time)) * self.card.hop / rate
        return Answer(source, self.genres, probabilities, starts, over_time)

    def run(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities (genres,) of the track and (clips, genres) over time, of samples (n,) at the card's rate."""
        track, clips = self.session.run([PROBABILITIES, OVER_TIME], {WAVEFORM: np.asarray(samples, np.float32)})
        return track.astype(np.float64), clips.astype(np.float64)

    def files(self, paths: Iterable[Path]) -> tuple[list[Path], list[Fault]]:
        """The sound files among `paths` and those below its folders; what is missing."""
        return audio_files(paths)


class ExportedFusion(Exported):
    """Several voices in an ONNX file, asked as a `Fusion` is.

    The file's graph takes one piece of sound, (samples,) float32, mono, full scale ±1, at each of the card's rates, and
    gives `probabilities` (genres,) of it; where the original tells music from what is none, `kinds` (kinds,) as well,
    in the order of `earmark.classifier.kinds.KINDS`, all 0 for silence.
    """

    def predict(self, sound: Path | str | Waveform, *, allow_partial: bool = False, whole: bool = True) -> Answer:
        """The genre of a file or waveform, and its course over time; unless `whole`, of one piece from its middle.

        Raises AudioError naming file and cause.
        """
        source = "waveform" if isinstance(sound, Waveform) else str(sound)
        seconds = self.card.clip / self.card.sample_rate
        starts, said = [], []
        for pieces in pieces_of(sound, seconds, whole=whole, allow_partial=allow_partial):
            starts.append(pieces.starts)
            heard = zip(*(pieces.at(rate) for rate in self.card.sample_rates), strict=True)
            said += [self._ask({at_rate(each.sample_rate): each.samples for each in piece}) for piece in heard]
        over_time, *kinds = (np.stack(each).astype(np.float64) for each in zip(*said, strict=True))
        answer = Answer(source, self.genres, over_time.mean(0), np.concatenate(starts), over_time)
        if not kinds:
            return answer
        told = of_pieces(kinds[0])
        return replace(answer, strange=told.reason, strange_over_time=tuple(told.reasons_over_time))

    def _ask(self, piece: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        said: list[NDArray[np.float32]] = self.session.run(None, piece)
        return said


def at_rate(sample_rate: int) -> str:
    """The name of the input of several that takes sound at that rate."""
    return f"{WAVEFORM}_{sample_rate}"


def load_exported(path: Path, *, threads: int = 0) -> Exported:
    """The classifier in an ONNX file that `earmark export` wrote; `threads` 0: as many as there are cores.

    Raises ModelError where there is none or it is damaged or newer, UsageError where onnxruntime is not installed.
    """
    onnxruntime = need("onnxruntime", extra="onnx", purpose=f"{path.name}, an ONNX file,")
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file; earmark export makes one of a run")
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3  # errors
    try:
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own kinds, which have nothing else in common
        why = str(error).partition("\n")[0]
        raise ModelError(f"{path}: onnxruntime cannot read it: {why}") from error
    card = session.get_modelmeta().custom_metadata_map.get(KEY)
    if card is None:
        raise ModelError(f"{path}: an ONNX file of something else: it has no entry {KEY!r}, as earmark export writes")
    try:
        read = msgspec.json.decode(card, type=ExportedCard)
    except msgspec.DecodeError as error:
        raise ModelError(f"{path}: its entry {KEY!r} cannot be read: {error}") from error
    if read.format != FORMAT:
        raise ModelError(f"{path}: format {read.format} is not the {FORMAT} this earmark reads; update earmark")
    return (ExportedFusion if read.sample_rates else Exported)(read, session, name=path.stem)
