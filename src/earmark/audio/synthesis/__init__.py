"""Songs composed by rule and synthesised: music of ten styles that needs no file and belongs to nobody.

What a style is stands in `styles`, what is played in `composition`, who plays it in `band`, how it sounds in
`instruments`, `drums` and `rendering`. `VERSION` rises whenever a song changes its sound.
"""

from __future__ import annotations

import zlib

import numpy as np

from earmark.audio.synthesis.band import form
from earmark.audio.synthesis.composition import compose
from earmark.audio.synthesis.instruments import SAMPLE_RATE
from earmark.audio.synthesis.rendering import render
from earmark.audio.synthesis.styles import STYLES
from earmark.audio.waveform import Waveform
from earmark.errors import UsageError, nearest

VERSION = 1
SONGS_PER_BAND = 4
LATEST_START = 2.0  # seconds into the music: as a clip of a record, a song need not begin with a bar


def song(style: str, index: int, *, seed: int = 0, seconds: float = 10.0) -> Waveform:
    """The song of that style and number: mono at 22,050 Hz, peak below 1.

    It depends on the arguments alone, so that the same machine gives the same samples whatever was asked before; songs
    `4 n` to `4 n + 3` are by one band. Raises UsageError for an unknown style, a negative number or under a second.
    """
    if style not in STYLES:
        raise UsageError(f"no style {style!r}{nearest(style, STYLES)}; known: {', '.join(STYLES)}")
    if min(index, seed) < 0 or not 1 <= seconds < float("inf"):
        raise UsageError(
            f"song {index} of seed {seed} with {seconds} s: number and seed count from 0, a song lasts a second or more"
        )
    rules, key = STYLES[style], zlib.crc32(style.encode())
    band = form(rules, np.random.default_rng([seed, key, index // SONGS_PER_BAND, 0]))
    writing, playing = (np.random.default_rng([seed, key, index, stage]) for stage in (1, 2))
    start = float(playing.uniform(0.0, LATEST_START))
    score = compose(rules, band.parts, writing, seconds=start + seconds)
    return Waveform(render(score, band, playing, start=start, seconds=seconds), SAMPLE_RATE)
