"""Log-mel against librosa, over parameters, lengths and real music."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from earmark.audio import log_mel as module
from earmark.audio.decode import read_audio
from earmark.audio.log_mel import frame_count, hz_to_mel, log_mel, mel_filters, mel_power, mel_to_hz, power_to_db
from earmark.errors import AudioError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning", "ignore:Empty filters:UserWarning")

PARAMETERS = [
    {"sample_rate": 22_050, "n_fft": 2048, "hop_length": 512, "n_mels": 128, "fmin": 0.0, "fmax": None},
    {"sample_rate": 22_050, "n_fft": 2048, "hop_length": 552, "n_mels": 80, "fmin": 0.0, "fmax": None},
    {"sample_rate": 16_000, "n_fft": 512, "hop_length": 256, "n_mels": 96, "fmin": 0.0, "fmax": None},
    {"sample_rate": 44_100, "n_fft": 4096, "hop_length": 1024, "n_mels": 128, "fmin": 20.0, "fmax": 16_000.0},
    {"sample_rate": 8000, "n_fft": 1000, "hop_length": 77, "n_mels": 17, "fmin": 300.0, "fmax": 3400.0},
    {"sample_rate": 22_050, "n_fft": 256, "hop_length": 400, "n_mels": 8, "fmin": 0.0, "fmax": None},
]


def reference(y, *, sample_rate, top_db=80.0, ref=np.max, **options):
    power = librosa.feature.melspectrogram(y=y, sr=sample_rate, **options)
    return librosa.power_to_db(power, ref=ref, top_db=top_db)


@pytest.mark.parametrize("options", PARAMETERS)
def test_filters_are_librosas(options):
    chosen = {key: options[key] for key in ("n_fft", "n_mels", "fmin", "fmax")}
    meant = librosa.filters.mel(sr=options["sample_rate"], **chosen)
    np.testing.assert_allclose(mel_filters(sample_rate=options["sample_rate"], **chosen), meant, rtol=1e-6, atol=1e-9)


@given(st.floats(0, 24_000))
def test_the_mel_scale_is_slaneys_and_goes_both_ways(frequency):
    mels = hz_to_mel(np.array([frequency]))
    assert mels[0] == pytest.approx(float(librosa.hz_to_mel(frequency)), rel=1e-12, abs=1e-12)
    assert mel_to_hz(mels)[0] == pytest.approx(frequency, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("options", PARAMETERS)
@pytest.mark.parametrize("length", [1, 100, 1999, 44_100, 70_001])
def test_it_is_librosas(song, options, length):
    y = song[:length]
    ours = log_mel(y, **options)
    assert ours.dtype == np.float32
    assert ours.shape == (options["n_mels"], frame_count(length, options["hop_length"]))
    np.testing.assert_allclose(ours, reference(y, **options), atol=0.01)


@settings(max_examples=25, deadline=None)
@given(
    sample_rate=st.sampled_from([8000, 16_000, 22_050, 44_100]),
    n_fft=st.integers(100, 1100).map(lambda half: 2 * half),
    hop_length=st.integers(1, 3000),
    n_mels=st.integers(1, 40),
    length=st.integers(1, 20_000),
    top_db=st.sampled_from([None, 20.0, 80.0]),
    ref=st.sampled_from([None, 1.0, 0.003]),
    seed=st.integers(0, 9),
)
def test_it_is_librosas_for_any_parameters(sample_rate, n_fft, hop_length, n_mels, length, top_db, ref, seed):
    y = np.random.default_rng(seed).standard_normal(length).astype(np.float32)
    options = {
        "sample_rate": sample_rate,
        "n_fft": n_fft,
        "hop_length": max(hop_length, length // 500),
        "n_mels": n_mels,
    }
    filters = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels)
    assume(filters.any(axis=1).all())  # a band without a bin is refused
    ours = log_mel(y, **options, top_db=top_db, reference=ref)
    np.testing.assert_allclose(ours, reference(y, **options, top_db=top_db, ref=ref or np.max), atol=0.01)


def test_blocks_leave_no_seam(song, monkeypatch):
    whole = mel_power(song, sample_rate=22_050)
    monkeypatch.setattr(module, "BLOCK_FRAMES", 7)
    np.testing.assert_allclose(mel_power(song, sample_rate=22_050), whole, rtol=1e-4)


@pytest.mark.parametrize("genre", ["blues", "classical", "hiphop", "metal"])
def test_it_is_librosas_for_music(shared, genre):
    y = read_audio(sorted((shared / "gtzan" / "audio" / genre).iterdir())[0], seconds=10).samples
    for options in PARAMETERS[:2]:
        np.testing.assert_allclose(log_mel(y, **options), reference(y, **options), atol=0.01)


def test_it_gives_the_published_arrays_of_gtzan(shared):
    """Every clip that is in mel128.npz, at its columns. A level is 1/255 of the range, so that 0.16 dB is rounding."""
    with np.load(shared / "gtzan" / "mel" / "mel128.npz") as table:
        rows = {str(name): row for row, name in enumerate(table["ids"])}
        level, frame, floor, estimate, n_frames = (
            table[key] for key in ("level", "frame", "floor_db", "floor_is_estimate", "n_frames")
        )
    found = 0
    for path in sorted((shared / "gtzan" / "audio").rglob("*.flac")):
        row = rows.get(path.stem)
        if row is None:
            continue
        ours = log_mel(read_audio(path).samples, sample_rate=22_050)
        assert ours.shape == (128, n_frames[row])
        far = np.abs(ours[:, frame[row]] - floor[row] * (1 - level[row] / np.float32(255)))
        assert far.mean() < (0.6 if estimate[row] else 0.1), path.stem
        assert far.max() < (1.2 if estimate[row] else 0.35), path.stem
        found += 1
    assert found >= 39


def test_power_to_db_is_librosas(rng):
    power = rng.exponential(size=(40, 30)).astype(np.float32) ** 8
    for ref, top_db in ((None, 80.0), (1.0, 80.0), (5e-11, None), (0.25, 30.0)):
        meant = librosa.power_to_db(power, ref=np.max if ref is None else ref, top_db=top_db)
        np.testing.assert_allclose(power_to_db(power, reference=ref, top_db=top_db), meant, atol=1e-4)


def test_it_leaves_its_input_alone(song, rng):
    before = song.copy()
    log_mel(song, sample_rate=22_050)
    np.testing.assert_array_equal(song, before)
    power = rng.random((4, 5), np.float32)
    kept = power.copy()
    power_to_db(power)
    np.testing.assert_array_equal(power, kept)


def test_louder_is_the_same_and_silence_is_flat(song):
    options = {"sample_rate": 22_050}
    np.testing.assert_allclose(log_mel(0.25 * song, **options), log_mel(song, **options), atol=0.01)
    assert not log_mel(np.zeros(9000, np.float32), **options).any()


def test_reversed_and_strided_samples_are_taken_as_they_are(song):
    np.testing.assert_array_equal(
        log_mel(song[::-2], sample_rate=11_025), log_mel(song[::-2].copy(), sample_rate=11_025)
    )


@pytest.mark.parametrize("y", [np.zeros(0, np.float32), np.zeros((2, 9), np.float32)])
def test_what_is_no_mono_sound(y):
    with pytest.raises(AudioError, match=r"needs mono sound of shape \(n,\) with n at least 1, not \("):
        log_mel(y, sample_rate=22_050)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_samples_out_of_range(song, value):
    y = song.copy()
    y[5000] = value
    with pytest.raises(AudioError, match=r"needs finite samples"):
        log_mel(y, sample_rate=22_050)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"n_mels": 200, "n_fft": 512},
            r"n_mels=200 is too many for n_fft=512 at sample_rate=22050: \d+ bands hold no frequency bin, first band "
            r"\d+ around \d+ Hz; lower n_mels or raise n_fft",
        ),
        ({"fmax": 12_000.0}, r"fmax=12000 Hz is above 11025 Hz, half of sample_rate=22050; lower it or raise"),
        ({"fmin": -1.0}, r"fmin=-1 Hz must be 0 or more and below fmax=11025 Hz"),
        ({"fmin": 500.0, "fmax": 400.0}, r"fmin=500 Hz must be 0 or more and below fmax=400 Hz"),
        ({"n_fft": 2047}, r"n_fft=2047, n_mels=128: each must be 1 or more, and n_fft even"),
        ({"n_mels": 0}, r"n_mels=0: each must be 1 or more"),
        ({"hop_length": 0}, r"hop_length=0 must be 1 or more"),
        ({"top_db": 0.0}, r"top_db=0\.0 must be above 0"),
        ({"reference": -1.0}, r"reference=-1\.0 and top_db=80\.0 must be above 0"),
    ],
)
def test_values_that_do_not_fit(song, options, words):
    with pytest.raises(UsageError, match=words):
        log_mel(song, sample_rate=22_050, **options)
