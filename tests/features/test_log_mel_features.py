"""Log-mel settings of a recipe, and the clips they make of sound."""

from __future__ import annotations

import librosa
import msgspec
import numpy as np
import pytest
import soundfile
import soxr

from earmark.audio.decode import read_audio
from earmark.audio.log_mel import log_mel
from earmark.audio.waveform import Waveform
from earmark.catalog import FEATURES
from earmark.errors import AudioError, DataError, UsageError
from earmark.features.log_mel import COURSE_CLIP, LogMel, course_clip, log_mel_features

RATE = 22_050


@pytest.fixture(scope="module")
def music() -> Waveform:
    """Seven seconds that swell, so that the clips' maxima differ."""
    time = np.arange(7 * RATE) / RATE
    noise = np.random.default_rng(5).standard_normal(len(time))
    return Waveform((0.03 * (1 + time) * (np.sin(2 * np.pi * 440 * time) + 0.1 * noise)).astype(np.float32), RATE)


def test_the_courses_clip_is_what_librosa_makes_of_two_seconds(music):
    samples = music.samples[:44_100]
    power = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=2048, hop_length=552, n_mels=80)
    meant = librosa.power_to_db(power, ref=np.max)
    assert meant.shape == (80, 80)
    np.testing.assert_allclose(course_clip(samples), meant, atol=0.01)
    settings = log_mel_features(like="course_clip")
    assert settings == COURSE_CLIP
    assert (settings.shape, settings.frames_per_clip) == ((80, 80), 80)
    np.testing.assert_array_equal(settings.clips(music, where="song")[0][0], course_clip(samples))


@pytest.mark.parametrize("shape", [(44_099,), (1, 44_100)])
def test_the_courses_clip_has_its_length(shape):
    with pytest.raises(AudioError, match=r"the course's clip is 44100 mono samples, not \("):
        course_clip(np.ones(shape, np.float32))


def test_explicit_keys_override_like():
    settings = log_mel_features(like="course_clip", n_mels=96, fmax=8000, reference="track")
    changed = {"n_mels": 96, "fmax": 8000.0, "reference": "track"}
    assert settings == msgspec.structs.replace(COURSE_CLIP, **changed)
    assert log_mel_features() == LogMel()
    assert log_mel_features(like="course_clip", clip_seconds=None).shape is None


def test_a_recipe_builds_them_by_name():
    assert FEATURES.build("log_mel", options={"like": "course_clip"}) == COURSE_CLIP
    with pytest.raises(UsageError, match=r"no option 'n_mel'; did you mean 'n_mels'\?"):
        FEATURES.build("log_mel", options={"n_mel": 80})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"like": "course_clips"},
            r"no features like 'course_clips'; did you mean 'course_clip'\?; known: course_clip",
        ),
        ({"n_mels": "80"}, r"features: Expected `int`, got `str` - at `\$\.n_mels`"),
        ({"reference": "song"}, r"features: Invalid enum value 'song'"),
        ({"n_mels": 400, "n_fft": 1024}, r"n_mels=400 is too many for n_fft=1024 at sample_rate=22050"),
        ({"fmax": 16_000}, r"fmax=16000 Hz is above 11025 Hz"),
        ({"clip_seconds": 0}, r"features\.clip_seconds=0\.0 must be above 0"),
        ({"hop_length": -5}, r"features\.hop_length=-5 must be above 0"),
        ({"clip_hop_seconds": 1}, r"features\.clip_hop_seconds=1 needs features\.clip_seconds"),
        ({"clip_seconds": 0.05}, r"clip_seconds=0\.05 is 1102 samples at sample_rate=22050, shorter than one window"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        log_mel_features(**options)


def test_they_survive_json():
    settings = log_mel_features(like="course_clip", fmin=20)
    assert msgspec.json.decode(msgspec.json.encode(settings), type=LogMel) == settings


def test_whole_clips_are_cut_and_the_rest_is_dropped(music):
    x, starts = COURSE_CLIP.clips(music, where="song")
    assert (x.shape, x.dtype) == ((3, 80, 80), np.float32)
    np.testing.assert_array_equal(starts, [0, 2, 4])
    for clip, start in zip(x, starts, strict=True):
        samples = music.samples[int(start * RATE) :][:44_100]
        np.testing.assert_array_equal(clip, log_mel(samples, sample_rate=RATE, hop_length=552, n_mels=80))
        assert clip.max() == 0


def test_clips_may_overlap(music):
    x, starts = log_mel_features(like="course_clip", clip_hop_seconds=0.5).clips(music, where="song")
    np.testing.assert_allclose(starts, np.arange(11) / 2)
    np.testing.assert_array_equal(x[4], COURSE_CLIP.clips(music, where="song")[0][1])


def test_another_rate_is_resampled(music):
    faster = Waveform(soxr.resample(music.samples, RATE, 44_100), 44_100)
    ours, meant = (COURSE_CLIP.clips(sound, where="song")[0] for sound in (faster, music))
    assert ours.shape == meant.shape
    assert np.abs(ours - meant)[:, :75].max() < 0.1  # the bands below the resampler's edge


def test_a_whole_track_is_one_example(music):
    x, starts = LogMel(n_mels=64).clips(music, where="song")
    np.testing.assert_array_equal(x[0], log_mel(music.samples, sample_rate=RATE, n_mels=64))
    assert (LogMel().shape, LogMel().frames_per_clip, starts.tolist()) == (None, None, [0.0])


@pytest.mark.parametrize("hop_length", [525, 512])
def test_the_track_as_reference_keeps_what_is_quiet_quiet(music, hop_length):
    """525 divides a clip of 44,100 samples, so that clips are the track's own frames; 512 does not."""
    settings = LogMel(hop_length=hop_length, clip_seconds=2.0, reference="track", top_db=60)
    x, _ = settings.clips(music, where="song")
    whole = log_mel(music.samples, sample_rate=RATE, hop_length=hop_length, top_db=60)
    assert x.shape == (3, *settings.shape)
    assert -60 == x.min() <= x.max() < 0
    if hop_length == 525:
        for i in range(3):
            np.testing.assert_allclose(x[i], whole[:, 84 * i : 84 * i + 85], atol=1e-4)
    else:
        first = log_mel(music.samples[:44_100], sample_rate=RATE)
        louder = x[0] > -59
        shift = (x[0] - first)[louder]
        assert shift.std() < 0.01
        assert shift.mean() < -3
        np.testing.assert_allclose(x[0][:, 4:-4], whole[:, 4 : settings.shape[1] - 4], atol=0.01)


def test_too_short_and_silent_sound_is_refused(music):
    with pytest.raises(AudioError, match=r"^a\.wav: too short: 1\.50 s of sound, one clip takes 2\.00 s"):
        COURSE_CLIP.clips(Waveform(music.samples[: 3 * RATE // 2], RATE), where="a.wav")
    with pytest.raises(AudioError, match=r"^a\.wav: too short: 0\.05 s of sound, one window takes 0\.09 s"):
        LogMel().clips(Waveform(music.samples[:1000], RATE), where="a.wav")
    with pytest.raises(AudioError, match=r"^a\.wav: silent"):
        COURSE_CLIP.clips(Waveform(np.zeros(90_000, np.float32), RATE), where="a.wav")


def test_ready_made_arrays_that_fit_pass(music):
    x, _ = COURSE_CLIP.clips(music, where="song")
    for array in (x, x[0], x.astype(np.float64), x + 40, np.zeros_like(x)):
        COURSE_CLIP.check(array, where="mel.npz")
    LogMel(n_mels=80).check(x[:, :, :55], where="mel.npz")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((3, 128, 80), -9.0), r"made with n_mels=128, these features have n_mels=80"),
        (np.full((3, 80, 87), -9.0), r"made with frames=87, these features have frames=80"),
        (np.zeros((80, 80), np.uint8), r"are floating point of shape \(bands, frames\), not uint8 \(80, 80\)"),
        (np.zeros(80), r"not float64 \(80,\)"),
        (np.zeros((0, 80, 80)), r"not float64 \(0, 80, 80\)"),
        (np.full((80, 80), np.nan), r"must be finite; this one holds NaN or infinity"),
        (np.full((80, 80), -np.inf), r"must be finite"),
        (np.linspace(0, 1, 6400).reshape(80, 80), r"values from 0 to 1 are not decibels"),
        (np.linspace(0, 255, 6400).reshape(80, 80), r"values from 0 to 255 are not decibels"),
    ],
)
def test_ready_made_arrays_that_do_not_are_refused(array, words):
    with pytest.raises(DataError, match=rf"^mel\.npz: .*{words}"):
        COURSE_CLIP.check(array, where="mel.npz")


def test_differences_name_both_values():
    assert COURSE_CLIP.differences(LogMel()) == [
        "hop_length=512 instead of 552",
        "n_mels=128 instead of 80",
        "clip_seconds=None instead of 2.0",
        "clip_hop_seconds=None instead of 2.0",
    ]


def test_what_is_written_out_is_no_difference():
    written = log_mel_features(like="course_clip", fmax=11_025, clip_hop_seconds=2)
    assert written.differences(COURSE_CLIP) == COURSE_CLIP.differences(written) == []


@pytest.mark.parametrize(
    ("container", "encoding", "rate", "channels", "bound"),
    [
        ("MP3", "MPEG_LAYER_III", 22_050, 1, 0.9),
        ("OGG", "VORBIS", 22_050, 1, 0.8),
        ("OGG", "OPUS", 48_000, 1, 0.6),
        ("WAV", "PCM_16", 44_100, 2, 0.1),
    ],
)
def test_the_same_song_in_another_file_is_nearly_the_same(shared, tmp_path, container, encoding, rate, channels, bound):
    """The documented bound: mean difference in dB over four songs, at libsndfile's default qualities."""
    far = []
    for name in ("blues.00001", "country.00001", "hiphop.00003", "metal.00004"):
        song = read_audio(shared / "gtzan" / "audio" / name.partition(".")[0] / f"{name}.flac", seconds=6)
        path = tmp_path / "song"
        with soundfile.SoundFile(path, "w", rate, channels, encoding, format=container) as file:
            again = song.at(rate).samples
            for first in range(0, len(again), rate):
                file.write(np.repeat(again[first : first + rate, None], channels, axis=1))
        ours, meant = (COURSE_CLIP.clips(sound, where=name)[0] for sound in (read_audio(path), song))
        far.append(np.abs(ours - meant).mean())
    assert np.mean(far) < bound
