"""A track in pieces of one length, at several sample rates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.audio.decode import probe, read_audio
from earmark.audio.waveform import SILENCE, Waveform, require_sound
from earmark.errors import AudioError

EXCERPT_SECONDS = 30.0  # of a track's middle; what agrees with the whole how often stands in docs/library.md
SHORTEST_SECONDS = 1.0  # of less, its own repetition is what would be heard
SECTION_SECONDS = 600.0  # of a file that are in memory at a time


@dataclass(frozen=True)
class Pieces:
    """Where the pieces of a sound start, and the sound itself.

    starts  (pieces,) seconds into the track
    """

    waveform: Waveform
    seconds: float
    starts: NDArray[np.float64]
    offset: float = 0.0

    def at(self, sample_rate: int) -> list[Waveform]:
        """All pieces at that rate, each of the same number of samples."""
        samples = self.waveform.at(sample_rate).samples
        length = round(self.seconds * sample_rate)
        if len(samples) < length:
            return [Waveform(np.resize(samples, length), sample_rate)]  # which repeats them
        begins = np.minimum(np.round((self.starts - self.offset) * sample_rate).astype(int), len(samples) - length)
        return [Waveform(samples[begin : begin + length], sample_rate) for begin in begins]


def cut(waveform: Waveform, seconds: float, *, where: str, offset: float = 0.0, dense: int = 1) -> Pieces:
    """Pieces of `seconds` that share the sound evenly, from its start to its end; silent ones are left out.

    Of sound that is no more than half as long again as a piece it is the middle; what is shorter is repeated until it
    fills one. Where all that sounds lies between the pieces, there is one piece around the loudest sample. With `dense`
    there are others between those, so that so many begin where one would. `offset` says how far into its track the
    sound begins. Raises AudioError naming `where` for silence and for less than a second.
    """
    require_sound(waveform, where)
    if waveform.seconds < SHORTEST_SECONDS:
        raise AudioError(
            f"{where}: too short: {waveform.seconds:.2f} s of sound; a genre takes at least {SHORTEST_SECONDS:g} s"
        )
    count = max(1, round(waveform.seconds / seconds))
    last = max(0.0, waveform.seconds - seconds)
    starts = np.linspace(0, last, count) if count > 1 else np.array([last / 2])
    if dense > 1:
        starts = np.interp(np.arange(dense * (count - 1) + 1) / dense, np.arange(count), starts)
    heard = _heard(waveform, starts, seconds)
    if not heard.any():
        loudest = int(np.abs(waveform.samples).argmax()) / waveform.sample_rate
        return Pieces(waveform, seconds, offset + np.clip([loudest - seconds / 2], 0, last), offset)
    return Pieces(waveform, seconds, offset + starts[heard], offset)


def _heard(waveform: Waveform, starts: NDArray[np.float64], seconds: float) -> NDArray[np.bool_]:
    """Which of the pieces (pieces,) are not silent."""
    rate = waveform.sample_rate
    spans = [waveform.samples[round(start * rate) : round((start + seconds) * rate)] for start in starts]
    return np.array([bool(np.any(np.abs(span) >= SILENCE)) for span in spans])


def read_pieces(path: Path, seconds: float, *, whole: bool = True, allow_partial: bool = False) -> Iterator[Pieces]:
    """The pieces of a file, as `cut` makes them; unless `whole`, of its middle that is as long as a piece.

    A file that says that it is longer than `SECTION_SECONDS` is read in sections of that length, each with its pieces,
    so that memory does not grow with it. With `allow_partial` all that can be read is held at once, since nobody knows
    how long that is. Raises AudioError as `read_audio` and `cut` do.
    """
    if not whole:
        waveform, offset = read_excerpt(path, seconds, allow_partial=allow_partial)
        yield cut(waveform, seconds, where=str(path), offset=offset)
        return
    length = probe(path).seconds
    heard = False
    if length is not None and length > SECTION_SECONDS and not allow_partial:
        starts = np.linspace(0, length - seconds, round(length / seconds))
        each = max(1, int(SECTION_SECONDS // seconds))
        for own in np.split(starts, range(each, len(starts), each)):
            last = own[-1] == starts[-1]
            # A gap to the next section is read too, for what may be damaged in it, and the last one to the end.
            waveform = read_audio(path, start=own[0], seconds=None if last else own[-1] - own[0] + 1.5 * seconds)
            sounding = own[_heard(waveform, own - own[0], seconds)]
            if len(sounding):
                heard = True
                yield Pieces(waveform, seconds, sounding, own[0])
    if not heard:
        yield cut(read_audio(path, allow_partial=allow_partial), seconds, where=str(path))


def pieces_of(
    sound: Path | str | Waveform, seconds: float, *, whole: bool = True, allow_partial: bool = False
) -> Iterable[Pieces]:
    """Those of a waveform, as `cut` makes them, or of a file, as `read_pieces` does. Raises AudioError as they do."""
    if isinstance(sound, Waveform):
        return [cut(sound, seconds, where="waveform")]
    return read_pieces(Path(sound), seconds, whole=whole, allow_partial=allow_partial)


def read_excerpt(path: Path, seconds: float, *, allow_partial: bool = False) -> tuple[Waveform, float]:
    """The middle `seconds` of a file, and where they begin; all of one that is shorter, or does not say how long it is.

    Raises AudioError as `read_audio` does.
    """
    length = probe(path).seconds
    if length is None or length <= seconds:
        return read_audio(path, allow_partial=allow_partial), 0.0
    start = (length - seconds) / 2
    return read_audio(path, start=start, seconds=seconds, allow_partial=allow_partial), start
