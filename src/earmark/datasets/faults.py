"""Every track of a data set read once, and what is wrong with it said."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from earmark.audio.waveform import SILENCE, Waveform
from earmark.errors import EarmarkError
from earmark.tracks import Dataset, Fault

SHORTEST = 1.0  # seconds; less holds no beat to go by
CLIPPED_LEVEL = 0.999  # of full scale
CLIPPED_SHARE = 0.01  # of the samples; loud masters touch full scale more rarely


def find_faults(dataset: Dataset, *, progress: Callable[[int, int], None] | None = None) -> list[Fault]:
    """Read every track, and list those that cannot be read, are silent, shorter than a second, not finite or clipped in
    more than a hundredth of their samples, and those whose content is exactly that of an earlier track.

    `progress` is told how many tracks are done, and of how many. Gives what is found, in the order of the tracks; what
    is known beforehand stands in `dataset.faults`.
    """
    faults = []
    first: dict[bytes, str] = {}
    for done, track in enumerate(dataset.tracks, start=1):
        try:
            content = dataset.read(track)
        except EarmarkError as error:
            faults.append(Fault(track.id, str(error)))
        else:
            faults += [Fault(track.id, what) for what in _faults_of(content)]
            earlier = first.setdefault(_digest(content), track.id)
            if earlier != track.id:
                genre = dataset.track(earlier).genre
                named = "" if genre == track.genre else f", whose genre is {genre} and not {track.genre}"
                faults.append(Fault(track.id, f"the same as {earlier}{named}"))
        if progress:
            progress(done, len(dataset))
    return faults


def _faults_of(content: Any) -> Iterator[str]:
    values = content.samples if isinstance(content, Waveform) else content
    if not len(values):
        yield "empty"
    elif isinstance(values, np.ndarray):
        if not np.isfinite(values).all():
            yield f"{np.count_nonzero(~np.isfinite(values))} of {values.size} values are not finite"
        elif isinstance(content, Waveform):
            yield from _faults_of_sound(content)
        elif (values == values.flat[0]).all():
            yield f"every value is {values.flat[0]:g}"


def _faults_of_sound(sound: Waveform) -> Iterator[str]:
    loudness = np.abs(sound.samples)
    if sound.seconds < SHORTEST:
        yield f"only {sound.seconds:.2f} s long"
    if loudness.max() < SILENCE:
        yield "silent: every sample is below -80 dBFS"
    clipped = float((loudness >= CLIPPED_LEVEL).mean())
    if clipped > CLIPPED_SHARE:
        yield f"clipped: {clipped:.1%} of the samples are at full scale"


def _digest(content: Any) -> bytes:
    values = content.samples if isinstance(content, Waveform) else content
    return hashlib.sha256(values.tobytes() if isinstance(values, np.ndarray) else str(values).encode()).digest()
