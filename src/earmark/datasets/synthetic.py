"""The embedded data set: songs composed by rule, so that everything can be tried with nothing to download."""

from __future__ import annotations

from earmark.audio.synthesis import SONGS_PER_BAND, VERSION, song
from earmark.audio.synthesis.styles import STYLES
from earmark.audio.waveform import Waveform
from earmark.errors import DataError, UsageError
from earmark.tracks import Dataset, Track


def synthetic(*, songs: int = 240, seconds: float = 10.0, seed: int = 0) -> Dataset:
    """Songs of ten styles composed by rule and synthesised when read; not recordings.

    `songs` is how many in all, dealt out to the styles in turn; each lasts `seconds`. A song depends on its style, its
    number and `seed` alone, and stays the same however many are asked for. Four songs of a style are by one band, their
    `artist`. Raises UsageError for fewer than one song, songs under a second, or a negative seed.
    """
    if songs < 1 or seed < 0 or not 1 <= seconds < float("inf"):
        raise UsageError(
            f"synthetic: songs={songs}, seconds={seconds}, seed={seed}: "
            "give one song or more, of one second or more, and a seed from 0"
        )

    def read(track: Track) -> Waveform:
        style, index = _place(track)
        whole = song(style, index, seed=seed, seconds=seconds)
        if track.start == 0 and track.seconds is None:
            return whole
        length = whole.seconds - track.start if track.seconds is None else track.seconds
        first, count = round(track.start * whole.sample_rate), round(length * whole.sample_rate)
        if count < 1 or first + count > len(whole.samples):
            raise DataError(f"{track.id}: from {track.start:g} s for {length:g} s, but the song lasts {seconds:g} s")
        return Waveform(whole.samples[first : first + count], whole.sample_rate)

    def digest(track: Track) -> str:
        style, index = _place(track)
        return f"synthesis {VERSION}: {style} {index}, seed {seed}, {seconds!r} s: {track.start!r}:{track.seconds!r}"

    return Dataset(
        name="synthetic",
        medium="audio",
        genres=tuple(STYLES),
        tracks=tuple(_track(style, i) for place, style in enumerate(STYLES) for i in range(_share(songs, place))),
        read=read,
        synthetic=True,
        source="composed by rule and synthesised, see earmark.audio.synthesis; not recordings",
        licence="CC0-1.0",
        digest=digest,
    )


def _share(songs: int, place: int) -> int:
    """How many of the songs fall to the style at that place."""
    return (songs - place + len(STYLES) - 1) // len(STYLES)


def _track(style: str, index: int) -> Track:
    band = f"synthetic {style} band {index // SONGS_PER_BAND + 1}"
    return Track(id=f"{style}.{index:05d}", row=index, genres=(style,), artist=band)


def _place(track: Track) -> tuple[str, int]:
    if track.genre is None or track.row is None:
        raise DataError(
            f"{track.id}: not a track of the synthetic songs: it needs its style as genre, its number as row"
        )
    return track.genre, track.row
