"""Sound files to mono float32.

Content decides, not the name. The decoders are asked in the order of `decoders()`: soundfile, then PyAV.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.audio.decoders import DECODERS, BrokenOffError, Decoder, Source, UnsuitableError
from earmark.audio.waveform import Waveform
from earmark.errors import AudioError, UsageError

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".au", ".snd", ".aif", ".aiff", ".aifc", ".caf"}  # soundfile
    | {".m4a", ".m4b", ".aac", ".wma", ".mka", ".weba", ".ac3", ".ape", ".wv"}  # PyAV
)
SLACK_SECONDS = 0.1  # a header may count the encoder's padding; a shorter loss is none
RESAMPLER_REACH = 256  # samples of the lower rate that soxr's HQ filter sees on each side, rounded up generously
PLAUSIBLE_RATES = range(1000, 1_000_001)  # Hz


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says. `seconds` is None where it does not give the length (raw AAC, some MP3 and FLAC)."""

    seconds: float | None
    sample_rate: int
    channels: int
    format: str


def decoders() -> list[Decoder]:
    """All decoders in the order in which they are asked, installed or not."""
    return list(DECODERS)


def probe(path: str | os.PathLike[str]) -> AudioInfo:
    """Read a file's header alone. Raises AudioError naming the file where it is no sound."""
    path = _file_with_content(path)
    said = []
    for decoder in DECODERS:
        try:
            with decoder.open(path) as source:
                seconds = None if source.frames is None else source.frames / source.sample_rate
                return AudioInfo(seconds, source.sample_rate, source.channels, source.format)
        except UnsuitableError as reason:
            said.append((decoder, reason))
    raise _unreadable(path, said)


def read_audio(
    path: str | os.PathLike[str],
    *,
    sample_rate: int | None = None,
    start: float = 0.0,
    seconds: float | None = None,
    allow_partial: bool = False,
) -> Waveform:
    """Read a sound file, or a piece of it, as the mean of its channels.

    path           any rate, bit depth and number of channels
    sample_rate    Hz to resample to (soxr HQ); None keeps the file's own
    start          seconds into the file; only the piece asked for is decoded
    seconds        length of the piece; None, or more than there is: to the end
    allow_partial  give what can be decoded of a truncated or damaged file

    A piece equals the same samples of the whole file read at that rate.
    Raises AudioError naming file and cause where the file cannot be opened, is empty, holds no sound, ends before the
    piece begins, is truncated or damaged within it, or holds NaN or infinity; UsageError for arguments out of range.
    A cut is found where the container says how much there should be: not in raw AAC, CAF, W64 or an MP3 without a Xing
    or Info tag.
    """
    if start < 0 or (seconds is not None and seconds <= 0) or (sample_rate is not None and sample_rate < 1):
        raise UsageError(
            f"start={start}, seconds={seconds}, sample_rate={sample_rate}: start must be 0 or more, the others above 0"
        )
    path = _file_with_content(path)
    said = []
    for decoder in DECODERS:
        try:
            with decoder.open(path) as source:
                return _read(path, source, sample_rate or source.sample_rate, start, seconds, allow_partial)
        except UnsuitableError as reason:
            said.append((decoder, reason))
    raise _unreadable(path, said)


def _file_with_content(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise AudioError(f"{path}: a {'folder' if path.is_dir() else 'device or pipe'}, not a sound file")
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioError(f"{path}: empty: the file has 0 bytes")
    except (OSError, ValueError) as error:
        raise AudioError(f"{path}: cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    return path


def _unreadable(path: Path, said: list[tuple[Decoder, UnsuitableError]]) -> AudioError:
    tried = "; ".join(f"{decoder.name}: {reason}" for decoder, reason in said)
    missing = [f"{decoder.install} reads {decoder.formats}" for decoder, _ in said if decoder.version is None]
    return AudioError(f"{path}: cannot be read as sound ({tried})" + "".join(f"; {hint}" for hint in missing))


def _read(
    path: Path, source: Source, sample_rate: int, start: float, seconds: float | None, allow_partial: bool
) -> Waveform:
    own = source.sample_rate
    if own not in PLAUSIBLE_RATES:
        raise AudioError(f"{path}: the header says {own} Hz, which no sound file has; the file is damaged")
    # Output sample j·up lies exactly on the file's sample j·down: resampling begins at such a pair, a little early.
    step = math.gcd(own, sample_rate)
    up, down = sample_rate // step, own // step
    reach = 0 if up == down else math.ceil(RESAMPLER_REACH * step / min(own, sample_rate))
    first = round(start * sample_rate)
    count = None if seconds is None else max(1, round(seconds * sample_rate))
    begin = max(0, first // up - reach)
    end = None if count is None else -(-(first + count) // up) + reach
    samples = _collect(path, source, begin * down, None if end is None else (end - begin) * down, allow_partial)
    skip = first - begin * up
    piece = Waveform(samples, own).at(sample_rate).samples[skip : None if count is None else skip + count]
    if not len(piece):
        end_of_file = f"ends at {source.frames / own:.1f} s" if source.frames else "ends before"
        raise AudioError(f"{path}: no sound from {start:g} s on: the file {end_of_file}")
    return Waveform(piece, sample_rate)


def _collect(path: Path, source: Source, first: int, count: int | None, allow_partial: bool) -> NDArray[np.float32]:
    """Mono samples from frame `first` on, at the file's own rate; (0,) where the file ends before."""
    available = None if source.frames is None else max(0, source.frames - first)
    wanted = available if count is None else count if available is None else min(count, available)
    if wanted == 0 and first:
        return np.zeros(0, np.float32)
    parts: list[NDArray[np.float32]] = []
    got = 0
    reason = None
    try:
        for block in source.blocks(first):
            with np.errstate(over="ignore", invalid="ignore"):  # said below, with the place
                parts.append(sum(block.T[1:], start=block[:, 0]) / np.float32(source.channels))
            got += len(block)
            if wanted is not None and got >= wanted:
                break
    except BrokenOffError as error:
        reason = str(error)
    short = wanted is not None and source.frames is not None and got < wanted - SLACK_SECONDS * source.sample_rate
    cut = not source.whole and (wanted is None or got < wanted)
    if (reason is not None or short or cut) and not (allow_partial and got):
        raise _incomplete(path, source, first, got, reason)
    if not got and not first:
        raise AudioError(f"{path}: no sound in it: the {source.format} data hold 0 samples")
    samples = np.concatenate(parts)[:wanted] if parts else np.zeros(0, np.float32)
    if not np.isfinite(samples).all():
        bad = int(np.flatnonzero(~np.isfinite(samples))[0])
        raise AudioError(
            f"{path}: sample {first + bad} ({(first + bad) / source.sample_rate:.2f} s) is {samples[bad]}: "
            "samples must be finite; export the file again"
        )
    return samples


def _incomplete(path: Path, source: Source, first: int, got: int, reason: str | None) -> AudioError:
    rate = source.sample_rate
    end = "data end" if reason is None else "data cannot be decoded" + (f" ({reason})" if reason else "")
    cause = f"the file is truncated{'' if reason is None else ' or damaged'}"
    if not got:
        promise = "" if source.frames is None else f", though the header promises {source.frames / rate:.1f} s"
        return AudioError(f"{path}: no sound from {first / rate:.1f} s on{promise}: {cause}")
    total = "" if source.frames is None else f" of {source.frames / rate:.1f}"
    return AudioError(
        f"{path}: {(first + got) / rate:.1f}{total} s read, then the {source.format} {end}: {cause}; "
        "`earmark predict --allow-partial` classifies what is there"
    )
