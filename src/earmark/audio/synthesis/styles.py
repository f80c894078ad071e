"""The rules of a style: tempo, metre, harmony, who plays what, and the sound of the record. The data are styles.toml.

A pattern is a string with one character a step, begun anew with the bar: a shorter one is repeated, a longer one goes
on over as many whole bars as it fills. In a pitched part a digit is that degree above the root of the chord (`1` root,
`5` fifth, `8` octave), `c` the whole chord, `m` the next note of the song's motif, `-` holds what sounds and `.` is a
rest. In a groove `X` is an accented hit, `x` a plain and `o` a quiet one. A progression names one chord a bar by its
degree.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

Span = tuple[float, float]

# Semitones of the seven degrees above the tonic; on its dominants "harmonic" raises the seventh, see Score.pitch.
MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
# Degrees of the mode above the root of the chord, counted from 0.
CHORDS = {"fifth": (0, 4), "triad": (0, 2, 4), "suspended": (0, 3, 4), "seventh": (0, 2, 4, 6), "ninth": (0, 2, 6, 8)}


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one player has to do.

    low: the MIDI pitch at which the octave begins that takes the roots, or all tones of a chord. level: dB. chance: how
    probably a band has this player. legato: how much of the steps it holds a note sounds.
    """

    instruments: tuple[str, ...]
    patterns: tuple[str, ...]
    low: int
    level: float = 0.0
    chance: float = 1.0
    legato: float = 0.95


class Style(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of one style. A band or a song draws from each span and list; what is listed twice is drawn as often.

    tempo: quarter notes a minute. beats: quarter notes to the bar. steps: of a pattern, to the quarter note. swing: how
    late every second step is, in steps. drums: their level in dB. tilt: dB an octave, around 1 kHz. ceiling: Hz above
    which the record holds nothing. room: seconds in which the echo falls by 60 dB. wet: the echo's level beside the
    sound. noise: RMS of the hiss in dB re full scale. crackle: how probably there are clicks as from vinyl.
    """

    tempo: Span
    beats: tuple[int, ...]
    steps: int
    modes: tuple[str, ...]
    progressions: tuple[str, ...]
    chords: tuple[str, ...]
    parts: dict[str, Part]
    kits: tuple[str, ...] = ("acoustic",)
    grooves: tuple[dict[str, str], ...] = ({},)
    drums: float = 0.0
    swing: Span = (0.0, 0.0)
    tilt: Span = (-0.5, 0.5)
    ceiling: Span = (6500.0, 11000.0)
    room: Span = (0.3, 1.2)
    wet: Span = (0.05, 0.25)
    noise: Span = (-62.0, -54.0)
    crackle: float = 0.0


STYLES = msgspec.convert(
    tomllib.loads(Path(__file__).with_name("styles.toml").read_text(encoding="utf-8")), dict[str, Style]
)
