"""A song on paper: which notes and hits, when and how loud, by the rules of its style."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from earmark.audio.synthesis.styles import CHORDS, MODES, Part, Span, Style

PHRASE_SECONDS = 2.5
THIN = 0.15  # of the phrases: in those some players rest, so that two seconds may say little of the style
MOTIF_STEPS = (-2, -1, -1, 0, 1, 1, 2, 3)
MOTIF_NOTES = 8
FILL_EVERY = 4  # bars
FILL = 0.6  # of those end with a drum fill
MISSED = 0.03  # of the hits
LATE_SECONDS = 0.006  # standard deviation of human timing; half of it for drummers
LOUDER = 0.12  # standard deviation of the logarithm of loudness
HITS = {"X": 1.25, "x": 1.0, "o": 0.45}

T = TypeVar("T")


@dataclass(frozen=True)
class Note:
    """A note or chord of one part. Times are in seconds, pitches MIDI's; a velocity of 1 is usual."""

    start: float
    seconds: float
    pitches: tuple[int, ...]
    velocity: float


@dataclass(frozen=True)
class Hit:
    """A stroke on one drum of the kit."""

    start: float
    drum: str
    velocity: float


@dataclass(frozen=True)
class Score:
    """What is played. Times are seconds from the beginning of the first bar; tempo is quarter notes a minute."""

    tempo: float
    beats: int
    steps: int
    swing: float
    tonic: int
    mode: str
    progression: str
    chord: str
    notes: dict[str, list[Note]] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)

    @property
    def bar_steps(self) -> int:
        """Steps of a pattern to the bar."""
        return self.beats * self.steps

    @property
    def step_seconds(self) -> float:
        """How long one step lasts where nothing swings."""
        return 60 / self.tempo / self.steps

    def when(self, step: int) -> float:
        """Seconds at which a step of the song begins."""
        return (step + self.swing * (step % 2)) * self.step_seconds

    def degree(self, bar: int) -> int:
        """The degree, from 0, on which that bar's chord stands."""
        return int(self.progression[bar % len(self.progression)]) - 1

    def pitch(self, degree: int, above: int) -> int:
        """MIDI pitch of the tone `above` steps of the mode above `degree`, in the octaves upward from the tonic.

        Over the dominant and the chord on the seventh degree, the harmonic minor has its leading note.
        """
        octave, step = divmod(degree + above, 7)
        leading = self.mode == "harmonic" and step == 6 and degree in (4, 6)
        return self.tonic + 12 * octave + MODES[self.mode][step] + leading


def pick(items: Sequence[T], rng: np.random.Generator) -> T:
    """One of `items`, each as likely."""
    return items[int(rng.integers(len(items)))]


def within(span: Span, rng: np.random.Generator) -> float:
    """A number within `span`, each as likely."""
    return float(rng.uniform(*span))


def compose(style: Style, parts: Mapping[str, Part], rng: np.random.Generator, *, seconds: float) -> Score:
    """Write a song of whole bars that lasts at least `seconds`, for these parts of a style.

    A shorter song is the beginning of a longer one drawn from the same `rng`.
    """
    score = Score(
        tempo=math.exp(within((math.log(style.tempo[0]), math.log(style.tempo[1])), rng)),
        beats=pick(style.beats, rng),
        steps=style.steps,
        swing=within(style.swing, rng),
        tonic=int(rng.integers(12)),
        mode=pick(style.modes, rng),
        progression=pick(style.progressions, rng),
        chord=pick(style.chords, rng),
        notes={name: [] for name in parts},
    )
    groove = {drum: fit(pattern, score.bar_steps) for drum, pattern in pick(style.grooves, rng).items()}
    patterns = {name: fit(pick(part.patterns, rng), score.bar_steps) for name, part in parts.items()}
    usual, answer = _motif(rng), _motif(rng)
    bar_seconds = score.bar_steps * score.step_seconds
    phrase_bars = max(1, round(PHRASE_SECONDS / bar_seconds))
    everyone = [*parts, "drums"] if groove else [*parts]
    playing = set(everyone)
    for bar in range(math.ceil(seconds / bar_seconds)):
        if bar % phrase_bars == 0:
            playing = _who_plays(everyone, rng)
        motif = answer if bar % 4 == 3 else usual
        for name, part in parts.items():
            notes = _write_bar(score, part, patterns[name], motif, bar, rng)
            score.notes[name].extend(notes if name in playing else ())
        hits = _drum_bar(score, groove, bar, rng) if groove else []
        score.hits.extend(hits if "drums" in playing else ())
    return score


def fit(pattern: str, bar_steps: int) -> str:
    """The pattern over whole bars: repeated and cut where it is shorter than a bar, else as many bars as it fills."""
    whole = max(1, len(pattern) // bar_steps) * bar_steps
    return (pattern * math.ceil(whole / len(pattern)))[:whole]


def _motif(rng: np.random.Generator) -> list[int]:
    """Degrees above the chord's root: a walk from one of its tones."""
    steps = [pick((0, 2, 4), rng), *rng.choice(MOTIF_STEPS, MOTIF_NOTES - 1)]
    return [int(degree) for degree in np.clip(np.cumsum(steps), -4, 9)]


def _who_plays(everyone: Sequence[str], rng: np.random.Generator) -> set[str]:
    if rng.random() >= THIN:
        return set(everyone)
    return {pick(everyone, rng)} | {name for name in everyone if rng.random() < 0.5}


def _write_bar(
    score: Score, part: Part, pattern: str, motif: Sequence[int], bar: int, rng: np.random.Generator
) -> list[Note]:
    degree = score.degree(bar)
    root = score.pitch(degree, 0)
    to_low = part.low + (root - part.low) % 12 - root
    notes: list[Note] = []
    for step in range(bar * score.bar_steps, (bar + 1) * score.bar_steps):
        place = step % len(pattern)
        symbol = pattern[place]
        if symbol in "-.":
            continue
        rest = pattern[place + 1 :]
        held = 1 + len(rest) - len(rest.lstrip("-"))
        if symbol == "c":
            tones = [score.pitch(degree, above) for above in CHORDS[score.chord]]
            pitches = tuple(part.low + (tone - part.low) % 12 for tone in tones)
        else:
            above = motif[len(notes) % MOTIF_NOTES] if symbol == "m" else int(symbol) - 1
            pitches = (score.pitch(degree, above) + to_low,)
        on_the_beat = step % score.steps == 0
        notes.append(
            Note(
                start=max(0.0, score.when(step) + rng.normal(0.0, LATE_SECONDS)),
                seconds=held * part.legato * score.step_seconds,
                pitches=pitches,
                velocity=(1.15 if on_the_beat else 0.95) * math.exp(rng.normal(0.0, LOUDER)),
            )
        )
    return notes


def _drum_bar(score: Score, groove: Mapping[str, str], bar: int, rng: np.random.Generator) -> list[Hit]:
    hits = []
    first, end = bar * score.bar_steps, (bar + 1) * score.bar_steps
    filled = bar % FILL_EVERY == FILL_EVERY - 1 and rng.random() < FILL
    for step in range(first, end):
        if filled and step >= end - score.steps:
            struck = {pick(("snare", "tom", "tom"), rng): "x"}
        else:
            struck = {drum: pattern[step % len(pattern)] for drum, pattern in groove.items()}
        for drum, symbol in struck.items():
            if symbol != "." and rng.random() >= MISSED:
                start = max(0.0, score.when(step) + rng.normal(0.0, LATE_SECONDS / 2))
                hits.append(Hit(start, drum, HITS[symbol] * math.exp(rng.normal(0.0, LOUDER))))
    return hits
