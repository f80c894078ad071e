"""Reading each track of a collection once, for what is wrong with it and for what it is recognised by."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from earmark.audio.fingerprint import BITS, Fingerprint, fingerprint, fingerprint_log_mel
from earmark.audio.waveform import Waveform
from earmark.batches.mapping import Place, map_items
from earmark.batches.work import Lost
from earmark.datasets.faults import Flaw, Limits, content_digest, flaws_of
from earmark.datasets.sounds import read_sound, sound_digest
from earmark.errors import EarmarkError, TagError
from earmark.library.tags.artist import read_artist
from earmark.tracks import Dataset, Track


class Examined(msgspec.Struct, frozen=True):
    """What is kept of a track once it has been read.

    unreadable   why it could not be; nothing else is known then
    file         digest of the bytes it comes from; None where it is no file
    content      digest of the samples or values
    fingerprint  (columns,); None of text, of pictures, and of spectrograms with less than 33 bands
    artist       whom the file's tags name, where the track names none
    """

    unreadable: str | None = None
    file: str | None = None
    content: bytes = b""
    flaws: tuple[Flaw, ...] = ()
    fingerprint: Fingerprint | None = None
    artist: str | None = None


@dataclass(frozen=True)
class _Examination:
    """What a worker is sent: it makes the function that examines one file."""

    limits: Limits

    def __call__(self) -> Callable[[Track], Examined]:
        return functools.partial(examine, read=read_sound, limits=self.limits)


def examine_all(
    dataset: Dataset, limits: Limits, place: Place, *, progress: Callable[[int, int], None] | None = None
) -> dict[str, Examined]:
    """Read every track once; what was kept of each by its id, in the order of the tracks.

    Files are read at `place`, arrays in memory and songs that are computed in this process.
    """
    outcomes: Iterator[tuple[Track, Examined | Lost]]
    if dataset.read is read_sound:
        outcomes = map_items(_Examination(limits), dataset.tracks, place)
    else:
        outcomes = ((track, examine(track, read=dataset.read, limits=limits)) for track in dataset.tracks)
    found: dict[str, Examined] = {}
    for track, outcome in outcomes:
        found[track.id] = Examined(unreadable=outcome.why) if isinstance(outcome, Lost) else outcome
        if progress:
            progress(len(found), len(dataset))
    return {track.id: found[track.id] for track in dataset.tracks}


def examine(track: Track, *, read: Callable[[Track], Any], limits: Limits) -> Examined:
    """Read one track, and keep what an audit needs of it."""
    try:
        content = read(track)
        of_a_file = read is read_sound and track.path is not None
        flaws = tuple(flaws_of(content, limits))
        whole = all(flaw.kind not in ("empty", "not_finite") for flaw in flaws)
        return Examined(
            file=sound_digest(track) if of_a_file else None,
            content=content_digest(content),
            flaws=flaws,
            fingerprint=_fingerprint(content) if whole else None,
            artist=_artist(Path(track.path)) if of_a_file and track.path and not track.artist else None,
        )
    except EarmarkError as error:
        return Examined(unreadable=str(error).removeprefix(f"{track.path}: "))


def _fingerprint(content: Any) -> Fingerprint | None:
    """None of text, pictures, and spectrograms of too few bands."""
    if isinstance(content, Waveform):
        return fingerprint(content)
    if isinstance(content, np.ndarray) and content.ndim == 2 and len(content) > BITS:
        return fingerprint_log_mel(content)
    return None


def _artist(path: Path) -> str | None:
    try:
        return read_artist(path)
    except (TagError, OSError):
        return None  # counted among the unknown; the sound could be read
