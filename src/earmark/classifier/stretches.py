"""A track listened to more densely than an answer takes it, at hardly more cost.

A fusion judges a track by pieces that lie side by side. Where a genre changes is told better by pieces that overlap. A
pretrained network, which costs most, need not hear anything twice for these: it says something of each 3 s, and a piece
between two others is made of what it says of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from earmark.audio.waveform import Waveform
from earmark.classifier.fusion import Fusion
from earmark.classifier.pieces import Pieces, cut
from earmark.features.musicnn import PATCH_SECONDS, Musicnn, Taggram

DENSE = 3  # pieces that begin in the length of one: every 10 s of 30
ROUNDING = 1e-6  # seconds


@dataclass(frozen=True)
class Stretches:
    """Overlapping pieces of a track, as the voices of a fusion hear them.

    starts   (pieces,) seconds
    spans    (pieces, 2) seconds: of which part of the track each piece is the middle; the first and the last have all
             of the track's begin and end
    judged   (pieces,) whether `Fusion.predict` judges it too
    inputs   of each voice, (pieces, …)
    taggram  what musicnn hears along the judged pieces, None where no voice listens to it
    """

    starts: NDArray[np.float64]
    spans: NDArray[np.float64]
    judged: NDArray[np.bool_]
    inputs: list[NDArray[np.float32]]
    taggram: Taggram | None


def listen(fusion: Fusion, waveform: Waveform, *, where: str) -> Stretches:
    """Stretches of a whole track. Raises AudioError naming `where`, ModelError where a voice's backbone is missing."""
    seconds = fusion.card.piece_seconds
    judged = cut(waveform, seconds, where=where)
    grid = cut(waveform, seconds, where=where, dense=DENSE).starts
    pieces = replace(judged, starts=np.union1d(judged.starts, grid))
    along = [_along(features, judged, where) if isinstance(features, Musicnn) else None for features in fusion.features]
    for heard in along:
        if heard is not None:  # between silent pieces there may be sound that the network has not heard
            pieces = replace(pieces, starts=pieces.starts[[len(heard.of(start)) > 0 for start in pieces.starts]])
    inputs = [
        np.stack([heard.example(start) for start in pieces.starts])
        if heard is not None
        else np.concatenate([features.clips(piece, where)[0] for piece in pieces.at(features.sample_rate)])
        for features, heard in zip(fusion.features, along, strict=True)
    ]
    return Stretches(
        starts=pieces.starts,
        spans=_spans(pieces, hop=float(np.diff(grid).min(initial=seconds))),
        judged=np.isin(pieces.starts, judged.starts),
        inputs=inputs,
        taggram=next((heard.taggram for heard in along if heard is not None), None),
    )


@dataclass(frozen=True)
class _Along:
    """What musicnn hears of pieces of a track: patch by patch, and which patches are of which piece, (patches,)."""

    features: Musicnn
    pieces: Pieces
    taggram: Taggram
    piece: NDArray[np.int64]

    def of(self, start: float) -> NDArray[np.float32]:
        """The patches (n, numbers) of the piece that starts there; of one between two, those inside it."""
        if start in self.pieces.starts:
            inside = self.piece == np.searchsorted(self.pieces.starts, start)
        else:
            begins, last = self.taggram.starts, start + self.pieces.seconds - PATCH_SECONDS
            inside = (begins >= start - ROUNDING) & (begins <= last + ROUNDING)
        patches: NDArray[np.float32] = self.taggram.layer[inside]
        return patches

    def example(self, start: float) -> NDArray[np.float32]:
        """What a voice is given of that piece, (numbers,)."""
        return self.features.example(self.of(start))


def _along(features: Musicnn, pieces: Pieces, where: str) -> _Along:
    each = [features.taggram(piece, where) for piece in pieces.at(features.sample_rate)]
    taggram = Taggram(
        np.concatenate([taggram.tags for taggram in each]),
        np.concatenate([taggram.layer for taggram in each]),
        np.concatenate([start + taggram.starts for start, taggram in zip(pieces.starts, each, strict=True)]),
    )
    return _Along(features, pieces, taggram, np.repeat(np.arange(len(each)), [len(taggram.tags) for taggram in each]))


def _spans(pieces: Pieces, *, hop: float) -> NDArray[np.float64]:
    length = pieces.waveform.seconds
    middles = pieces.starts + pieces.seconds / 2
    begins = np.where(pieces.starts < ROUNDING, 0, middles - hop / 2)
    ends = np.where(pieces.starts > length - pieces.seconds - ROUNDING, length, middles + hop / 2)
    return np.column_stack([begins, ends])
