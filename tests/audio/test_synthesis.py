"""The embedded songs: always the same, never clipped, and of the style they claim."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.audio import synthesis
from earmark.audio.synthesis import SONGS_PER_BAND, song
from earmark.audio.synthesis.band import form
from earmark.audio.synthesis.composition import HITS, Score, compose, fit
from earmark.audio.synthesis.drums import KITS, hit
from earmark.audio.synthesis.instruments import INSTRUMENTS, SAMPLE_RATE, Instrument, sound
from earmark.audio.synthesis.rendering import render
from earmark.audio.synthesis.styles import CHORDS, MODES, STYLES, Style
from earmark.errors import UsageError

every_style = pytest.mark.parametrize("name", STYLES)


def score_of(name: str, seed: int, seconds: float = 12.0) -> Score:
    style = STYLES[name]
    return compose(style, style.parts, np.random.default_rng(seed), seconds=seconds)


def starts(score: Score, drum: str) -> set[int]:
    """The steps of the bar on which a drum is struck in bars that cannot end with a fill."""
    steps = [round(stroke.start / score.step_seconds) for stroke in score.hits if stroke.drum == drum]
    return {step % score.bar_steps for step in steps if step // score.bar_steps % 4 != 3}


def test_a_song_is_the_same_in_another_process_and_after_others() -> None:
    asked = [("metal", 3), ("waltz", 5), ("ambient", 0)]
    code = (
        "import hashlib\nfrom earmark.audio.synthesis import song\n"
        f"for style, index in {asked[::-1]!r}:\n"
        "    print(hashlib.sha256(song(style, index, seed=9, seconds=2).samples.tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    here = [hashlib.sha256(song(*place, seed=9, seconds=2).samples.tobytes()).hexdigest() for place in asked]
    assert here == there[::-1]


@given(
    name=st.sampled_from(list(STYLES)),
    index=st.integers(0, 10_000),
    seed=st.integers(0, 2**40),
    seconds=st.floats(1, 4),
)
def test_every_song_is_sound_of_the_length_asked_for(name: str, index: int, seed: int, seconds: float) -> None:
    made = song(name, index, seed=seed, seconds=seconds)
    assert made.sample_rate == 22_050
    assert made.samples.dtype == np.float32
    assert made.samples.shape == (round(seconds * 22_050),)
    assert np.isfinite(made.samples).all()
    assert 0.02 < np.abs(made.samples).max() < 1
    assert abs(made.samples.mean()) < 0.02


def test_songs_differ_by_style_number_and_seed() -> None:
    songs = [
        song(*place, seed=seed, seconds=1) for place in (("swing", 0), ("swing", 1), ("funk", 0)) for seed in (0, 1)
    ]
    assert len({made.samples.tobytes() for made in songs}) == len(songs)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("walz", 0), {}, "no style 'walz'; did you mean 'waltz'"),
        (("waltz", -1), {}, "song -1 of seed 0"),
        (("waltz", 0), {"seed": -4}, "of seed -4"),
        (("waltz", 0), {"seconds": 0.5}, "with 0.5 s"),
        (("waltz", 0), {"seconds": float("inf")}, "with inf s"),
        (("waltz", 0), {"seconds": float("nan")}, "with nan s"),
    ],
)
def test_what_is_no_song_is_refused(arguments: tuple[str, int], options: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        song(*arguments, **options)  # type: ignore[arg-type]


@every_style
def test_the_rules_name_only_what_there_is(name: str) -> None:
    style = STYLES[name]
    drums = {drum for groove in style.grooves for drum in groove}
    assert set(style.modes) <= set(MODES)
    assert set(style.chords) <= set(CHORDS)
    assert set(style.kits) <= set(KITS)
    assert all(drums <= set(KITS[kit]) for kit in style.kits)
    assert all(set(part.instruments) <= set(INSTRUMENTS) for part in style.parts.values())
    assert all(set(progression) <= set("1234567") for progression in style.progressions)
    assert all(set(pattern) <= set("123456789cm-.") for part in style.parts.values() for pattern in part.patterns)
    assert all(pattern[0] != "-" for part in style.parts.values() for pattern in part.patterns)
    assert all(set(pattern) <= {*HITS, "."} for groove in style.grooves for pattern in groove.values())
    assert any(part.chance == 1 for part in style.parts.values())
    spans = (style.tempo, style.swing, style.tilt, style.ceiling, style.room, style.wet, style.noise)
    assert all(low <= high for low, high in spans)
    assert style.ceiling[1] <= SAMPLE_RATE / 2


def test_the_styles_overlap_in_tempo_so_that_tempo_alone_does_not_tell() -> None:
    for name, style in STYLES.items():
        low, high = style.tempo
        others = [other.tempo for known, other in STYLES.items() if known != name]
        assert sum(other[0] < high and low < other[1] for other in others) >= 3, name


@every_style
def test_a_score_keeps_to_its_rules(name: str) -> None:
    style = STYLES[name]
    scores = [score_of(name, seed) for seed in range(12)]
    for score in scores:
        assert style.tempo[0] <= score.tempo <= style.tempo[1]
        assert style.swing[0] <= score.swing <= style.swing[1]
        assert score.beats in style.beats
        for part, notes in score.notes.items():
            low = style.parts[part].low
            assert all(low - 12 <= pitch <= low + 36 for note in notes for pitch in note.pitches)
            assert all(0 <= note.start < 13 + score.bar_steps * score.step_seconds for note in notes)
            assert all(note.seconds > 0 and note.velocity > 0 for note in notes)
    assert {score.beats for score in scores} == set(style.beats)
    assert len({round(score.tempo) for score in scores}) > 6
    assert len({score.tonic for score in scores}) > 4


@every_style
def test_a_shorter_song_is_the_beginning_of_a_longer_one(name: str) -> None:
    short, long = score_of(name, 5, 4.0), score_of(name, 5, 20.0)
    assert long.hits[: len(short.hits)] == short.hits
    assert len(long.hits) > len(short.hits) or not long.hits
    for part, notes in short.notes.items():
        assert long.notes[part][: len(notes)] == notes
    assert any(len(long.notes[part]) > len(short.notes[part]) for part in short.notes)


@every_style
def test_all_notes_are_of_the_key(name: str) -> None:
    for seed in range(6):
        score = score_of(name, seed)
        allowed = set(MODES[score.mode]) | ({11} if score.mode == "harmonic" else set())
        played = {
            (pitch - score.tonic) % 12 for notes in score.notes.values() for note in notes for pitch in note.pitches
        }
        assert played <= allowed


def test_the_dominant_of_the_harmonic_minor_has_its_leading_note() -> None:
    score = Score(100, 4, 4, 0.0, 9, "harmonic", "15", "triad")
    assert [score.pitch(4, above) % 12 for above in (0, 2, 4)] == [4, 8, 11]  # E major in A minor
    assert [score.pitch(2, above) % 12 for above in (0, 2, 4)] == [0, 4, 7]  # C major, without it


@pytest.mark.parametrize(
    ("pattern", "bar_steps", "fitted"),
    [
        ("1-5-", 8, "1-5-1-5-"),
        ("1-5-", 6, "1-5-1-"),
        ("c-------", 6, "c-----"),
        ("1-....5-....", 6, "1-....5-...."),
        ("x...x...x...x...", 12, "x...x...x..."),
    ],
)
def test_a_pattern_fits_whole_bars(pattern: str, bar_steps: int, fitted: str) -> None:
    assert fit(pattern, bar_steps) == fitted


def test_waltzes_have_three_beats_and_techno_a_kick_on_each() -> None:
    assert STYLES["waltz"].beats == (3,)
    for seed in range(20):
        assert starts(score_of("techno", seed), "kick") >= {0, 4, 8, 12}


def test_reggae_plays_chords_off_the_beat() -> None:
    for seed in range(10):
        score = score_of("reggae", seed)
        steps = [round(note.start / score.step_seconds) % score.bar_steps for note in score.notes["skank"]]
        assert 0 not in steps


def test_swing_delays_every_second_step() -> None:
    score = Score(120, 4, 2, 1 / 3, 0, "major", "1", "triad")
    assert [score.when(step) for step in range(3)] == pytest.approx([0, 1 / 3, 0.5])  # triplets: two thirds of a beat


def test_songs_of_a_band_share_their_sound_and_songs_of_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    formed = []

    def remember(style: Style, rng: np.random.Generator) -> object:
        formed.append(form(style, rng))
        return formed[-1]

    monkeypatch.setattr(synthesis, "form", remember)
    for index in range(2 * SONGS_PER_BAND):
        song("country", index, seconds=1)
    first, second = formed[:SONGS_PER_BAND], formed[SONGS_PER_BAND:]
    assert all(band == first[0] for band in first)
    assert all(band == second[0] for band in second)
    assert first[0] != second[0]


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_sounds_at_its_pitch_and_ends(name: str, rng: np.random.Generator) -> None:
    instrument = INSTRUMENTS[name]
    note = sound(instrument, [220.0], 0.5, rng)
    assert note.dtype == np.float32
    assert len(note) == round((0.5 + instrument.release) * SAMPLE_RATE)
    assert np.isfinite(note).all()
    assert 0.02 < np.abs(note).max() < 2
    assert abs(note[0]) < 1e-6
    assert abs(note[-1]) < 1e-6
    power = np.abs(np.fft.rfft(note * np.hanning(len(note)), 1 << 16)) ** 2
    frequencies = np.fft.rfftfreq(1 << 16, 1 / SAMPLE_RATE)
    harmonic = np.abs(frequencies / 220 - np.rint(frequencies / 220)) * 220 < np.maximum(12, frequencies * 0.03)
    assert power[harmonic & (frequencies > 200)].sum() > 0.95 * power.sum()


def test_a_bare_wave_is_a_sine_of_its_frequency(rng: np.random.Generator) -> None:
    note = sound(Instrument(slope=40, attack=1e-6, release=0), [441.0], 1.0, rng)
    angle = 2 * np.pi * 441 * np.arange(len(note)) / SAMPLE_RATE
    sine, cosine = 2 * np.mean(note * np.sin(angle)), 2 * np.mean(note * np.cos(angle))
    assert np.hypot(sine, cosine) == pytest.approx(0.25 * np.sqrt(2), rel=1e-3)
    np.testing.assert_allclose(note[1:], (sine * np.sin(angle) + cosine * np.cos(angle))[1:], atol=2e-3)


def test_notes_near_half_the_sample_rate_do_not_alias(rng: np.random.Generator) -> None:
    note = sound(Instrument(slope=0.5), [6000.0], 0.5, rng)
    power = np.abs(np.fft.rfft(note * np.hanning(len(note)))) ** 2
    frequencies = np.fft.rfftfreq(len(note), 1 / SAMPLE_RATE)
    assert power[np.abs(frequencies - 6000) < 60].sum() > 0.999 * power.sum()


@pytest.mark.parametrize(("kit", "name"), [(kit, name) for kit in KITS for name in KITS[kit]])
def test_a_drum_is_short_and_loud_enough(kit: str, name: str, rng: np.random.Generator) -> None:
    stroke = hit(KITS[kit][name], rng)
    assert stroke.dtype == np.float32
    assert 0.02 * SAMPLE_RATE < len(stroke) < 1.5 * SAMPLE_RATE
    assert 0.1 < np.abs(stroke).max() < 2.5
    assert np.abs(stroke[-len(stroke) // 20 :]).max() < 0.05 * np.abs(stroke).max()


def test_a_kick_is_lower_than_a_snare_and_a_snare_lower_than_a_hat(rng: np.random.Generator) -> None:
    for kit in KITS.values():
        centres = []
        for name in ("kick", "snare", "hat"):
            magnitude = np.abs(np.fft.rfft(hit(kit[name], rng)))
            frequencies = np.linspace(0, SAMPLE_RATE / 2, len(magnitude))
            centres.append(float(frequencies @ magnitude**2 / (magnitude @ magnitude)))
        assert centres[0] < 300 < centres[1] < centres[2]


def test_a_record_holds_nothing_above_its_ceiling_but_noise(rng: np.random.Generator) -> None:
    style = STYLES["techno"]
    quiet = {"noise": (-120.0, -120.0), "crackle": 0.0, "ceiling": (3000.0, 3000.0)}
    band = form(msgspec.structs.replace(style, **quiet), rng)
    score = compose(style, band.parts, rng, seconds=4.0)
    made = render(score, band, rng, start=1.0, seconds=3.0)
    power = np.abs(np.fft.rfft(made * np.hanning(len(made)))) ** 2
    frequencies = np.fft.rfftfreq(len(made), 1 / SAMPLE_RATE)
    assert power[frequencies > 8000].sum() < 1e-5 * power.sum()


def test_a_score_without_notes_is_a_record_of_its_noise(rng: np.random.Generator) -> None:
    band = form(STYLES["ambient"], rng)
    score = Score(100, 4, 4, 0.0, 0, "major", "1", "triad")
    made = render(score, band, rng, start=0.5, seconds=2.0)
    assert made.shape == (2 * SAMPLE_RATE,)
    assert np.median(np.abs(made)) == pytest.approx(0.6745 * band.noise, rel=0.05)
