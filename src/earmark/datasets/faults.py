"""Every track of a data set read once, and what is wrong with it said."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from earmark.audio.waveform import SILENCE, Waveform
from earmark.errors import EarmarkError
from earmark.tracks import Dataset, Fault

CLIPPED_LEVEL = 0.999  # of full scale


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as a flaw of sound.

    min_seconds  less holds no beat to go by
    max_clipped  share of the samples at full scale; loud masters touch it more rarely
    """

    min_seconds: float = 1.0
    max_clipped: float = 0.01


class Flaw(NamedTuple):
    """One thing wrong with what a track holds."""

    kind: Literal["empty", "not_finite", "constant", "too_short", "silent", "clipped"]
    what: str


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
            faults += [Fault(track.id, flaw.what) for flaw in flaws_of(content, Limits())]
            earlier = first.setdefault(content_digest(content), track.id)
            if earlier != track.id:
                genre = dataset.track(earlier).genre
                named = "" if genre == track.genre else f", whose genre is {genre} and not {track.genre}"
                faults.append(Fault(track.id, f"the same as {earlier}{named}"))
        if progress:
            progress(done, len(dataset))
    return faults


def flaws_of(content: Any, limits: Limits) -> Iterator[Flaw]:
    """What is wrong with a sound, array or text that could be read."""
    values = content.samples if isinstance(content, Waveform) else content
    if not len(values):
        yield Flaw("empty", "empty")
    elif isinstance(values, np.ndarray):
        if not np.isfinite(values).all():
            broken = np.count_nonzero(~np.isfinite(values))
            yield Flaw("not_finite", f"{broken} of {values.size} values are not finite")
        elif isinstance(content, Waveform):
            yield from _flaws_of_sound(content, limits)
        elif (values == values.flat[0]).all():
            yield Flaw("constant", f"every value is {values.flat[0]:g}")


def _flaws_of_sound(sound: Waveform, limits: Limits) -> Iterator[Flaw]:
    loudness = np.abs(sound.samples)
    if sound.seconds < limits.min_seconds:
        yield Flaw("too_short", f"only {sound.seconds:.2f} s long")
    if loudness.max() < SILENCE:
        yield Flaw("silent", "silent: every sample is below -80 dBFS")
    clipped = float((loudness >= CLIPPED_LEVEL).mean())
    if clipped > limits.max_clipped:
        yield Flaw("clipped", f"clipped: {clipped:.1%} of the samples are at full scale")


def content_digest(content: Any) -> bytes:
    """SHA-256 of the samples, values or text."""
    values = content.samples if isinstance(content, Waveform) else content
    return hashlib.sha256(values.tobytes() if isinstance(values, np.ndarray) else str(values).encode()).digest()
