"""The log-mel settings of a classifier, and the clips they make of sound."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from earmark.audio.log_mel import frame_count, mel_filters, mel_power, power_to_db
from earmark.audio.waveform import Waveform, require_sound
from earmark.errors import AudioError, DataError, UsageError, nearest
from earmark.features.on_demand import OnDemand
from earmark.features.standardise import Standardiser, fit_standardiser
from earmark.images.drawing import Drawing
from earmark.models.forward import Crops

PLAUSIBLE_DB = (-200.0, 120.0)  # the decibels of any recording in any usual reference lie well inside


class LogMel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="log_mel"):
    """How sound becomes log-mel examples (n_mels, frames) in dB; travels with the classifier.

    sample_rate, n_fft, hop_length, n_mels, fmin, fmax, top_db   as in `earmark.audio.log_mel.log_mel`
    reference         what is 0 dB: the loudest value of each "clip", or of the whole "track"
    clip_seconds      length of a clip; None: the whole track is one example
    clip_hop_seconds  from one clip's start to the next; None: clip_seconds
    columns           keep so many of a clip's frames, spread evenly: point samples, as in GTZAN's mel128.npz; None: all
    crop_frames       what a network is fed of an example: so many frames from anywhere at every epoch; None: all
    crops             pieces of crop_frames, spread evenly, whose probabilities are averaged when judging
    standardise       see `earmark.features.standardise`; "unit" takes -top_db…0 dB to 0…1

    The same song from another file is nearly the same: from those of the lossless original the course's clips differ,
    on average over four songs, by 0.8 dB as MP3, 0.7 as Ogg Vorbis, 0.5 as Opus (at libsndfile's default qualities)
    and 0.1 as WAV at 44.1 kHz in stereo.
    Raises UsageError where the values do not fit together.
    """

    sample_rate: int = 22_050
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 128
    fmin: float = 0.0
    fmax: float | None = None
    top_db: float = 80.0
    reference: Literal["clip", "track"] = "clip"
    clip_seconds: float | None = None
    clip_hop_seconds: float | None = None
    columns: int | None = None
    crop_frames: int | None = None
    crops: int = 1
    standardise: Literal["per_band", "global", "unit", "none"] = "per_band"

    def __post_init__(self) -> None:
        mel_filters(sample_rate=self.sample_rate, n_fft=self.n_fft, n_mels=self.n_mels, fmin=self.fmin, fmax=self.fmax)
        for name in ("hop_length", "top_db", "clip_seconds", "clip_hop_seconds", "columns", "crop_frames", "crops"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"features.{name}={value} must be above 0")
        if self.clip_seconds is None and self.clip_hop_seconds is not None:
            raise UsageError(f"features.clip_hop_seconds={self.clip_hop_seconds:g} needs features.clip_seconds")
        if self.clip_seconds is not None and self._clip_samples < self.n_fft:
            raise UsageError(
                f"features.clip_seconds={self.clip_seconds:g} is {self._clip_samples} samples at sample_rate="
                f"{self.sample_rate}, shorter than one window of n_fft={self.n_fft}; raise clip_seconds or lower n_fft"
            )

    @property
    def views(self) -> Crops | None:
        """The pieces of an example that a network judges in its place; None: the whole example."""
        return None if self.crop_frames is None else Crops(self.crop_frames, self.crops)

    @property
    def _clip_samples(self) -> int:
        return round((self.clip_seconds or 0) * self.sample_rate)

    @property
    def frames_per_clip(self) -> int | None:
        """Frames of one example; None for whole tracks, which have as many as they are long."""
        if self.columns is not None or self.clip_seconds is None:
            return self.columns
        return frame_count(self._clip_samples, self.hop_length)

    @property
    def shape(self) -> tuple[int, int] | None:
        """Shape (n_mels, frames) of one example; None for whole tracks."""
        frames = self.frames_per_clip
        return None if frames is None else (self.n_mels, frames)

    def clips(self, waveform: Waveform, where: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Cut sound of any rate into clips: x (n, n_mels, frames) in dB, and where each starts, (n,) seconds.

        What is left at the end and fills no clip is dropped. With reference "track" and a clip hop that is a multiple
        of hop_length, clips are cut from the track's own frames, so that their outermost frames hear the neighbours;
        otherwise each is transformed alone. Raises AudioError naming `where` for silence, and where the sound is
        shorter than one clip (or one window).
        """
        require_sound(waveform, where)
        samples = waveform.at(self.sample_rate).samples
        length = self._clip_samples or len(samples)
        if len(samples) < max(length, self.n_fft):
            unit = "one clip" if self.clip_seconds is not None else "one window"
            raise AudioError(
                f"{where}: too short: {waveform.seconds:.2f} s of sound, {unit} takes "
                f"{max(length, self.n_fft) / self.sample_rate:.2f} s"
            )
        hop = round((self.clip_hop_seconds or 0) * self.sample_rate) or length
        begins = range(0, len(samples) - length + 1, hop)
        if self.reference == "clip":
            x = np.stack([self.of_clip(samples[begin : begin + length]) for begin in begins])
        else:
            power = self._power(samples)
            loudest = float(power.max())
            if hop % self.hop_length == 0:
                frames, step = frame_count(length, self.hop_length), self.hop_length
                pieces = [power[:, begin // step : begin // step + frames] for begin in begins]
            else:
                pieces = [self._power(samples[begin : begin + length]) for begin in begins]
            x = np.maximum(power_to_db(np.stack(pieces), reference=loudest, top_db=None), np.float32(-self.top_db))
        return self._thinned(x), np.array(begins) / self.sample_rate

    def of_clip(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel (n_mels, frames) in dB below its own maximum of samples (n,) at this `sample_rate`."""
        return power_to_db(self._power(samples), top_db=self.top_db)

    def of_picture(self, path: Path, drawing: Drawing) -> NDArray[np.float32]:
        """Log-mel (1, n_mels, frames) in dB that a picture's colours stand for: the first -top_db, the last 0.

        Its spectrogram is trimmed and its colour map found as `drawing` says, and resized to these bands and frames.
        Raises DataError naming the file; UsageError where the settings leave open how many frames an example has.
        """
        if self.shape is None:
            raise UsageError(
                "log_mel of pictures takes a number of frames: set features.columns, or like = 'gtzan_mel128'"
            )
        bands, frames = self.shape
        read_back = msgspec.structs.replace(drawing, colour="decibels", height=bands, width=frames)
        return np.ascontiguousarray((read_back.read(path)[:, ::-1] - 1) * np.float32(self.top_db))

    def _thinned(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The frames in the middle of `columns` equal stretches of x (…, frames)."""
        if self.columns is None:
            return x
        place = (np.arange(self.columns) + 0.5) * x.shape[-1] / self.columns
        return np.ascontiguousarray(x[..., place.astype(int)])

    def _power(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return mel_power(
            samples,
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            n_mels=self.n_mels,
            fmin=self.fmin,
            fmax=self.fmax,
        )

    def check(self, array: NDArray[np.floating], where: str) -> None:
        """Raise DataError naming both values where a ready-made array (…, bands, frames) cannot be such features."""
        if array.ndim < 2 or not array.size or not np.issubdtype(array.dtype, np.floating):
            raise DataError(
                f"{where}: log-mel arrays are floating point of shape (bands, frames), not {array.dtype} {array.shape}"
            )
        for key, theirs, ours in (
            ("n_mels", array.shape[-2], self.n_mels),
            ("frames", array.shape[-1], self.frames_per_clip),
        ):
            if ours is not None and theirs != ours:
                raise DataError(f"{where}: made with {key}={theirs}, these features have {key}={ours}")
        low, high = float(array.min()), float(array.max())
        if not np.isfinite([low, high]).all():
            raise DataError(f"{where}: log-mel arrays must be finite; this one holds NaN or infinity")
        if low < PLAUSIBLE_DB[0] or high > PLAUSIBLE_DB[1] or (0 <= low < high <= 1):
            raise DataError(
                f"{where}: values from {low:g} to {high:g} are not decibels; "
                "give log-mel arrays in dB, not power, pixels or scaled values"
            )

    def scale(self, x: NDArray[np.float32] | OnDemand) -> Standardiser:
        """The scale of training examples (n, n_mels, frames)."""
        return fit_standardiser(x, self.standardise, top_db=self.top_db)

    def differences(self, other: object) -> list[str]:
        """Both values of each key in which `other` differs, such as "n_mels=128 instead of 80"; empty if none does."""
        if not isinstance(other, LogMel):
            return [f"{type(other).__name__} instead of LogMel"]
        ours, theirs = self._resolved(), other._resolved()
        return [f"{key}={theirs[key]} instead of {value}" for key, value in ours.items() if theirs[key] != value]

    def _resolved(self) -> dict[str, object]:
        """All keys, with those that another key stands in for written out."""
        return msgspec.structs.asdict(self) | {
            "fmax": self.sample_rate / 2 if self.fmax is None else self.fmax,
            "clip_hop_seconds": self.clip_hop_seconds or self.clip_seconds,
        }


COURSE_CLIP = LogMel(sample_rate=22_050, n_fft=2048, hop_length=552, n_mels=80, clip_seconds=2.0)
GTZAN_MEL128 = LogMel(reference="track", clip_seconds=30.0, columns=387)
KNOWN = {"course_clip": COURSE_CLIP, "gtzan_mel128": GTZAN_MEL128}


def log_mel_features(
    *,
    like: str | None = None,
    sample_rate: int | UnsetType = UNSET,
    n_fft: int | UnsetType = UNSET,
    hop_length: int | UnsetType = UNSET,
    n_mels: int | UnsetType = UNSET,
    fmin: float | UnsetType = UNSET,
    fmax: float | UnsetType | None = UNSET,
    top_db: float | UnsetType = UNSET,
    reference: str | UnsetType = UNSET,
    clip_seconds: float | UnsetType | None = UNSET,
    clip_hop_seconds: float | UnsetType | None = UNSET,
    columns: int | UnsetType | None = UNSET,
    crop_frames: int | UnsetType | None = UNSET,
    crops: int | UnsetType = UNSET,
    standardise: str | UnsetType = UNSET,
) -> LogMel:
    """The settings of a recipe, resolved: those of `like` (or the defaults of `LogMel`), with the given keys replaced.

    `like="course_clip"`: 2 s at 22,050 Hz as 80 bands × 80 frames; `like="gtzan_mel128"`: 387 point samples of 30 s,
    128 bands, below the track's maximum. Raises UsageError for an unknown `like` and for
    values of the wrong kind or out of range.
    """
    given = {key: value for key, value in locals().items() if key != "like" and value is not UNSET}
    if like is not None and like not in KNOWN:
        raise UsageError(f"no features like {like!r}{nearest(like, KNOWN)}; known: {', '.join(KNOWN)}")
    base = {} if like is None else msgspec.structs.asdict(KNOWN[like])
    try:
        return msgspec.convert(base | given, LogMel)
    except msgspec.ValidationError as error:
        raise UsageError(f"features: {error}") from error


def course_clip(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The course's log-mel, (80, 80) in dB, of one clip: 44,100 samples at 22,050 Hz. Raises AudioError for others."""
    if samples.shape != (COURSE_CLIP._clip_samples,):
        raise AudioError(f"the course's clip is {COURSE_CLIP._clip_samples} mono samples, not {samples.shape}")
    return COURSE_CLIP.of_clip(samples)
