"""Tracks that are files of sound: read, cut into clips, recognised again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from earmark.audio.decode import probe, read_audio
from earmark.audio.waveform import Waveform
from earmark.checksums import remembered_digest
from earmark.errors import AudioError, DataError, UsageError
from earmark.tracks import Fault, Track, clips

SLACK = 0.1  # of a clip: how much earlier than planned a clip may begin, so as to end with its file


def read_sound(track: Track) -> Waveform:
    """The piece of its file that the track means, at the file's own rate. Raises AudioError."""
    return read_audio(_file(track), start=track.start, seconds=track.seconds)


def sound_digest(track: Track) -> str:
    """Changes with the bytes of the file and with the piece that is meant; blind to the file's name."""
    path = _file(track)
    try:
        content = remembered_digest(path)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror}") from error
    return f"{content}:{track.start!r}:{track.seconds!r}"


def cut_into_clips(tracks: Iterable[Track], *, count: int, seconds: float) -> tuple[list[Track], list[Fault]]:
    """Cut each track's file into `count` clips of `seconds`, and say what could not be cut.

    GTZAN's tracks are 29.9 to 30.6 s long, so that the fifteenth clip of 2 s may lack some hundredths of a second: it
    begins that much earlier. A clip that would have to move by more than a tenth of its length is left out.

    Raises UsageError where nothing is to be cut.
    """
    if count < 1 or seconds <= 0:
        raise UsageError(f"{count} clips of {seconds} s cannot be cut; both must be positive")
    whole, faults = [], []
    for track in tracks:
        try:
            there = probe(_file(track)).seconds or read_sound(track).seconds
        except AudioError as error:
            faults.append(Fault(track.id, f"left out: {error}"))
            continue
        fitting = [
            msgspec.structs.replace(clip, start=min(clip.start, there - seconds))
            for clip in clips(track, count=count, seconds=seconds)
            if clip.start + seconds * (1 - SLACK) <= there and seconds <= there
        ]
        if len(fitting) < count:
            faults.append(
                Fault(track.id, f"{count - len(fitting)} of {count} clips left out: it ends at {there:.1f} s")
            )
        whole += fitting
    return whole, faults


def _file(track: Track) -> Path:
    if track.path is None:
        raise DataError(f"{track.id}: this track has no file")
    return Path(track.path)
