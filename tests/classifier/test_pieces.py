"""Pieces of a track: of one length at every rate, sharing all of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from earmark.audio.waveform import Waveform
from earmark.classifier import pieces as module
from earmark.classifier.pieces import cut, read_excerpt, read_pieces
from earmark.errors import AudioError

RATE = 4000


def tone(seconds: float) -> Waveform:
    samples = np.sin(np.arange(round(seconds * RATE)) * 0.3) * np.linspace(0.2, 0.9, round(seconds * RATE))
    return Waveform(samples.astype(np.float32), RATE)


@given(seconds=st.floats(1.0, 40.0), rate=st.sampled_from([4000, 3001, 8000]))
def test_every_piece_is_as_long_and_all_is_heard(seconds: float, rate: int) -> None:
    pieces = cut(tone(seconds), 5.0, where="song")
    cutouts = pieces.at(rate)
    assert {len(piece.samples) for piece in cutouts} == {5 * rate}
    assert len(cutouts) == len(pieces.starts) == max(1, round(seconds / 5))
    length = tone(seconds).seconds
    expected = 0.0 if len(cutouts) > 1 else max(0.0, length - 5) / 2
    assert pieces.starts[0] == pytest.approx(expected)
    assert max(length, 5.0) - pieces.starts[-1] - 5 == pytest.approx(expected)
    assert (np.diff(pieces.starts) <= 7.5).all()  # nothing longer than half a piece is passed over


def test_what_is_shorter_is_repeated() -> None:
    (piece,) = cut(tone(2.0), 5.0, where="song").at(RATE)
    np.testing.assert_array_equal(piece.samples[: 2 * RATE], piece.samples[2 * RATE : 4 * RATE])


def test_silent_pieces_are_left_out() -> None:
    sound = tone(20.0)
    sound.samples[: 6 * RATE] = 0
    assert cut(sound, 5.0, where="song").starts.tolist() == [5.0, 10.0, 15.0]


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (tone(0.5), r"song: too short: 0.50 s of sound; a genre takes at least 1 s"),
        (Waveform(np.zeros(3 * RATE, np.float32), RATE), "song: silent"),
    ],
)
def test_too_little_is_refused(sound: Waveform, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        cut(sound, 5.0, where="song")


def test_an_excerpt_is_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    sound = tone(21.0)
    soundfile.write(path, sound.samples, RATE, subtype="FLOAT")
    found, start = read_excerpt(path, 5.0)
    assert start == 8.0
    np.testing.assert_array_equal(found.samples, sound.samples[8 * RATE : 13 * RATE])
    assert cut(found, 5.0, where="song", offset=start).starts.tolist() == [8.0]
    assert read_excerpt(path, 30.0)[1] == 0.0


def test_denser_pieces_have_the_others_among_them() -> None:
    for seconds in (3.0, 12.0, 17.0, 40.0):
        sparse, dense = (cut(tone(seconds), 5.0, where="song", dense=dense).starts for dense in (1, 3))
        assert len(dense) == 3 * (len(sparse) - 1) + 1
        np.testing.assert_array_equal(dense[::3], sparse)
        steps = np.diff(dense)
        np.testing.assert_allclose(steps, steps[0] if len(steps) else [])


def test_sound_between_the_pieces_is_heard() -> None:
    sound = tone(7.0)
    sound.samples[RATE:] = 0  # all but the first second: the one piece is the middle
    (start,) = cut(sound, 5.0, where="song").starts
    assert start == 0.0


@pytest.fixture
def sections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections of two pieces of 5 s."""
    monkeypatch.setattr(module, "SECTION_SECONDS", 10.0)


@pytest.mark.usefixtures("sections")
@pytest.mark.parametrize("seconds", [9.0, 27.0, 32.4, 33.0])
def test_a_long_file_gives_the_same_pieces_in_sections(tmp_path: Path, seconds: float) -> None:
    sound = tone(seconds)
    soundfile.write(tmp_path / "song.wav", sound.samples, RATE, subtype="FLOAT")
    parts = list(read_pieces(tmp_path / "song.wav", 5.0))
    assert max(part.waveform.seconds for part in parts) <= 13
    whole = cut(sound, 5.0, where="song")
    np.testing.assert_allclose(np.concatenate([part.starts for part in parts]), whole.starts)
    there = [piece.samples for part in parts for piece in part.at(3000)]
    for piece, expected in zip(there, whole.at(3000), strict=True):
        assert len(piece) == 15_000
        np.testing.assert_allclose(piece[100:-100], expected.samples[100:-100], atol=0.12)  # half a sample


@pytest.mark.usefixtures("sections")
def test_damage_is_found_wherever_in_a_long_file_it_is(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, tone(32.4).samples, RATE)
    whole = path.read_bytes()
    for seconds in (1, 14, 31):
        path.write_bytes(whole[: 44 + 2 * RATE * seconds])
        with pytest.raises(AudioError, match=rf"song\.wav: {seconds}\.0 of 32\.4 s read, then the WAV data end"):
            list(read_pieces(path, 5.0))
    (partial,) = read_pieces(path, 5.0, allow_partial=True)
    assert partial.waveform.seconds == pytest.approx(31)


@pytest.mark.usefixtures("sections")
def test_silent_sections_are_left_out_and_silence_is_refused(tmp_path: Path) -> None:
    sound = tone(40.0)
    sound.samples[10 * RATE : 30 * RATE] = 0
    soundfile.write(tmp_path / "song.wav", sound.samples, RATE)
    parts = list(read_pieces(tmp_path / "song.wav", 5.0))
    assert [part.starts.tolist() for part in parts] == [[0.0, 5.0], [30.0, 35.0]]
    soundfile.write(tmp_path / "song.wav", np.zeros(40 * RATE), RATE)
    with pytest.raises(AudioError, match=r"song\.wav: silent"):
        list(read_pieces(tmp_path / "song.wav", 5.0))
