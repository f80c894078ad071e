"""What opens sound files: soundfile (libsndfile) first, PyAV (FFmpeg) for what that cannot read.

Each gives a `Source`: what the header promises, and blocks of samples from a given frame on. What is wrong with a file
is said by two exceptions that stay inside `earmark.audio`; `decode.py` turns them into one line for a person.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from earmark.audio import ogg

BLOCK_FRAMES = 1 << 16
BLOCK_SAMPLES = 1 << 20  # of all channels together: a header may announce a thousand of them
PREROLL_FRAMES = 8192  # decoded and dropped after a seek: MP3 borrows bits from frames before, AAC's blocks overlap
UNKNOWN_BYTES = 0x7FFFF000 - 64  # sizes from here on are what streaming writers put for "not known yet"
AVFMT_GENERIC_INDEX = 0x0100  # FFmpeg's avformat.h: the stream has no timetable of its own
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")  # a WMA file begins so
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # what says how long it plays
ASF_TIMES = struct.Struct("<64xQ8xQI")  # there: how long, in 100 ns; how much of it is buffering, in ms; flags
MP3_SYNC = re.compile(rb"\xff[\xe2-\xff]")  # an MP3 frame begins so


class UnsuitableError(Exception):
    """This decoder cannot read the file; another might."""


class BrokenOffError(Exception):
    """Decoding ended in the middle of the file."""


@dataclass(frozen=True)
class Source:
    """An opened file. `frames` is what the header promises (None: it does not say); `whole=False`: its end is missing.

    `blocks(first)` yields float32 (n, channels) from frame `first` to the end of the file, each valid until the next.
    It raises BrokenOffError, and UnsuitableError where only reading shows it.
    """

    format: str
    sample_rate: int
    channels: int
    frames: int | None
    whole: bool
    blocks: Callable[[int], Iterator[NDArray[np.float32]]]


@dataclass(frozen=True)
class Decoder:
    """One way to read sound files. `version` is None where it is not installed; `install` says how to get it."""

    name: str
    package: str
    formats: str
    install: str
    open: Callable[[Path], AbstractContextManager[Source]]

    @property
    def version(self) -> str | None:
        """The installed version, with that of the library inside."""
        try:
            importlib.import_module(self.package)
        except ImportError:
            return None
        inside = f" (libsndfile {soundfile.__libsndfile_version__})" if self.package == "soundfile" else ""
        return version(self.package) + inside

    def describe(self) -> str:
        """One line: version and formats, or how to get it."""
        version = self.version
        return (
            f"not installed; {self.install} reads {self.formats}" if version is None else f"{version}: {self.formats}"
        )


class _Content(io.BufferedReader):
    """A file for libsndfile, which a damaged header sends to before the beginning: it knows -1, but no exception."""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        try:
            return super().seek(offset, whence)
        except OSError:
            return -1


class _ForwardSoundFile(soundfile.SoundFile):  # type: ignore[misc]
    """Reads on without seeking, after each block, to where it already is: that costs time and, in MP3, exactness."""

    def seekable(self) -> bool:
        return False


@contextlib.contextmanager
def open_soundfile(path: Path) -> Iterator[Source]:
    """Open with libsndfile. Raises UnsuitableError where that does not know the format or misjudges its length."""
    with _Content(io.FileIO(path)) as file:  # not the path: libsndfile would go by its suffix
        head = file.read(10)
        mp3 = head[:3] == b"ID3" or (head[0] == 0xFF and head[1:2] >= b"\xe0")
        first_frame = _first_mp3_frame(file, head) if mp3 else b""
        # A Xing or Info tag counts the frames; without one libsndfile takes the first frame's bit rate for all.
        counted = not mp3 or b"Xing" in first_frame or b"Info" in first_frame
        file.seek(0)
        quiet = _muted if mp3 else contextlib.nullcontext
        try:
            with quiet():
                sound = _ForwardSoundFile(file)
        except soundfile.SoundFileRuntimeError as error:
            raise UnsuitableError(_reason(error)) from error
        with sound:
            if sound.frames == np.iinfo(np.int64).max:
                raise UnsuitableError("the header does not give the length, which libsndfile needs")

            def blocks(first: int) -> Iterator[NDArray[np.float32]]:
                drop = min(first, PREROLL_FRAMES) if mp3 else 0
                try:
                    with quiet():
                        sound.seek(first - drop)
                except soundfile.SoundFileRuntimeError as error:
                    if not counted:
                        raise UnsuitableError("libsndfile misjudges the length of this MP3") from error
                    return
                out = np.empty((min(BLOCK_FRAMES, BLOCK_SAMPLES // sound.channels), sound.channels), np.float32)
                while True:
                    out.fill(np.nan)
                    try:
                        with quiet():
                            block = sound.read(out=out)
                    except soundfile.SoundFileRuntimeError as error:
                        yield out[drop : np.count_nonzero(~np.isnan(out[:, 0]))]  # decoded before the fault
                        raise BrokenOffError(_reason(error)) from error
                    if not len(block):
                        break
                    yield block[drop:]
                    drop = 0
                if whole and sound.format == "OGG":
                    _check_pages(path)
                sync = MP3_SYNC.search(first_frame)
                if not counted and sync and file.read(8 * 1024).count(sync[0]) > 2:
                    raise UnsuitableError("libsndfile misjudges the length of this MP3 and reads only its beginning")

            log = sound.extra_info
            whole = "lacks an end-of-stream bit" not in log
            yield Source(
                format="OPUS" if sound.subtype == "OPUS" else sound.format.removesuffix("EX"),
                sample_rate=sound.samplerate,
                channels=sound.channels,
                frames=_promised(log, sound.frames) if whole and counted else None,
                whole=whole,
                blocks=blocks,
            )


def _promised(log: str, frames: int) -> int:
    """Frames that the header promises: libsndfile shortens a cut WAV, AIFF or AU, and only its log says so."""
    exact = re.search(r"(?:'ds64' chunk of |read from 'COMM' chunk \()(\d+)", log)
    if exact:
        return max(frames, int(exact[1]))
    size = re.search(r"^ *(?:data|Data Size) *: *(\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if size and int(size[1]) < UNKNOWN_BYTES and int(size[2]) > 0:
        return max(frames, frames * int(size[1]) // int(size[2]))
    return frames


def _first_mp3_frame(file: BinaryIO, head: bytes) -> bytes:
    """The bytes after the ID3v2 tag, enough to hold the longest frame (1,441)."""
    if head[:3] == b"ID3" and len(head) == 10:
        file.seek(10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True)))
    else:
        file.seek(0)
    return file.read(4096)


_mute_lock = threading.Lock()
_mute_depth = 0
_stderr_copy = -1


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Keep what libmpg123 prints to standard error off the screen: it has no other switch inside libsndfile."""
    global _mute_depth, _stderr_copy
    with _mute_lock:
        if _mute_depth == 0:
            _stderr_copy = os.dup(2)
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 2)
            os.close(sink)
        _mute_depth += 1
    try:
        yield
    finally:
        with _mute_lock:
            _mute_depth -= 1
            if _mute_depth == 0:
                os.dup2(_stderr_copy, 2)
                os.close(_stderr_copy)


@contextlib.contextmanager
def open_av(path: Path) -> Iterator[Source]:
    """Open with FFmpeg through PyAV. Raises UnsuitableError where that is missing or finds no sound."""
    try:
        av = importlib.import_module("av")
    except ImportError as error:
        raise UnsuitableError("not installed") from error
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        told = _asf_seconds(file)
        file.seek(0)
        try:
            # A playlist may name other files and hosts: with no protocol allowed, FFmpeg reads this file alone.
            container = stack.enter_context(
                av.open(file, options={"protocol_whitelist": "none"}, metadata_errors="replace")
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise UnsuitableError(_reason(error)) from error
        if not container.streams.audio:
            raise UnsuitableError("no audio stream")
        stream = container.streams.audio[0]
        codec = stream.codec_context
        if codec is None:
            raise UnsuitableError("no decoder for its audio stream")
        rate, layout = codec.sample_rate, codec.layout
        if not rate or not layout.nb_channels:
            raise UnsuitableError("audio stream without a sample rate or channels")
        # A raw stream (AAC, MP3) has no timetable: its length is a guess and its seeks land anywhere.
        timed = not container.format.flags & AVFMT_GENERIC_INDEX
        guess = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
        seconds = guess if told is None else told

        def blocks(first: int) -> Iterator[NDArray[np.float32]]:
            place: int | None = 0
            # Interleaved: PyAV 18.1 reads beyond the planes of a frame that has one for each of eight channels or more.
            as_float = av.AudioResampler(format="flt", layout=layout, rate=rate)
            try:
                if timed and first > PREROLL_FRAMES and stream.time_base * rate == 1:
                    container.seek(first - PREROLL_FRAMES, stream=stream)
                    place = None
                for frame in container.decode(stream):
                    if place is None:
                        if frame.pts is None:
                            raise BrokenOffError("it does not say when what it holds is heard")
                        place = frame.pts - (stream.start_time or 0)
                    for piece in as_float.resample(frame):
                        block = piece.to_ndarray().reshape(-1, layout.nb_channels)[max(0, first - place) :]
                        place += piece.samples
                        if len(block):
                            yield block
            except (av.FFmpegError, OSError, ValueError) as error:
                raise BrokenOffError(_reason(error)) from error
            if container.format.name == "ogg":
                _check_pages(path)

        yield Source(
            format=codec.name.upper(),
            sample_rate=rate,
            channels=layout.nb_channels,
            frames=round(seconds * rate) if timed and seconds > 0 else None,
            whole=True,
            blocks=blocks,
        )


def _check_pages(path: Path) -> None:
    """Raise BrokenOffError where something of an Ogg file was passed over."""
    with path.open("rb") as file:
        if ogg.is_damaged(file):
            raise BrokenOffError("pages of it are damaged")


def _asf_seconds(file: BinaryIO) -> float | None:
    """What an ASF header says, 0 where it does not know; None of other files.

    FFmpeg goes by the bit rate where the header does not know, or tags have made the file longer than it says.
    """
    head = file.read(1 << 20)
    at = head.find(ASF_PROPERTIES)
    if not head.startswith(ASF):
        return None
    if at < 0 or len(head) < at + ASF_TIMES.size:
        return 0.0
    whole, buffering, flags = ASF_TIMES.unpack_from(head, at)
    return 0.0 if flags & 1 else whole / 1e7 - buffering / 1e3  # the flag: it was written before the end was known


def _reason(error: Exception) -> str:
    """The library's own word; nothing where it speaks only of its insides."""
    text = str(getattr(error, "strerror", None) or getattr(error, "error_string", None) or error)
    return "" if "internal" in text.lower() else text.removeprefix("Error : ").rstrip(".")


DECODERS = (
    Decoder(
        "soundfile", "soundfile", "WAV, FLAC, MP3, OGG, Opus, AIFF, AU, CAF", "pip install soundfile", open_soundfile
    ),
    Decoder("PyAV", "av", "M4A, AAC, WMA, and all else that FFmpeg reads", "pip install 'earmark[av]'", open_av),
)
