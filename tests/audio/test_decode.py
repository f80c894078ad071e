"""Every format to the same mono samples, whole or in pieces."""

from __future__ import annotations

import contextlib
import sys
import threading
from dataclasses import replace

import librosa
import numpy as np
import pytest
import soundfile
import soxr

from earmark.audio import decoders
from earmark.audio.decode import AUDIO_SUFFIXES, probe, read_audio
from earmark.audio.decode import decoders as listed
from earmark.errors import AudioError, UsageError

LOSSLESS = ["wav24", "wavfloat", "wav", "flac", "au", "aiff", "rf64", "alac"]
LOSSY = ["mp3", "ogg", "m4a", "aac", "wma", "mka", "untagged"]
RATE = 22_050


def difference_db(heard, meant):
    """Error relative to the signal, in dB."""
    return 10 * np.log10(np.square(heard - meant).sum() / np.square(meant).sum())


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_give_the_samples(song, encode, kind):
    waveform = read_audio(encode(song, kind))
    assert (waveform.sample_rate, waveform.samples.dtype, waveform.seconds) == (RATE, np.float32, 4.0)
    np.testing.assert_allclose(waveform.samples, song, atol=2**-15)


@pytest.mark.parametrize("kind", LOSSY)
def test_lossy_formats_give_nearly_the_samples_in_their_place(song, encode, kind):
    heard = read_audio(encode(song, kind)).samples
    delay = np.argmax(np.correlate(heard[:20_000], song[4000:14_000], "valid")) - 4000
    assert delay == 0 or kind in {"aac", "untagged", "wma", "mka"}  # containers that do not tell the encoder's delay
    assert difference_db(heard[4000 + delay : 14_000 + delay], song[4000:14_000]) < -8


def test_opus_keeps_its_own_rates(song, encode):
    meant = soxr.resample(song, RATE, 48_000)
    waveform = read_audio(encode(meant, "opus", 48_000))
    assert waveform.sample_rate == 48_000
    assert waveform.seconds == pytest.approx(4.0)
    assert difference_db(waveform.samples[1000:-1000], meant[1000:-1000]) < -8


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_number_of_channels_become_mono_at_the_rate_asked_for(song, encode, rate, channels):
    at_rate = soxr.resample(song, RATE, rate)
    gains = np.arange(1, channels + 1) / channels
    path = encode(np.outer(at_rate, gains), "wav24", rate)
    waveform = read_audio(path, sample_rate=RATE)
    meant = librosa.resample(at_rate * gains.mean(), orig_sr=rate, target_sr=RATE, res_type="soxr_hq")
    assert waveform.sample_rate == RATE
    np.testing.assert_allclose(waveform.samples, meant[: len(waveform.samples)], atol=3e-6)
    assert abs(len(waveform.samples) - len(meant)) <= 1


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY, "opus"])
@pytest.mark.parametrize("sample_rate", [None, 16_000, 44_100])
def test_a_piece_equals_the_same_part_of_the_whole(song, encode, kind, sample_rate):
    path = encode(song, kind, 24_000 if kind == "opus" else RATE)
    whole = read_audio(path, sample_rate=sample_rate)
    for start, seconds in ((0.0, 0.5), (0.01, 1.0), (1.2345, 1.0), (3.0, 0.7), (2.5, None), (0.0, 60.0)):
        piece = read_audio(path, sample_rate=sample_rate, start=start, seconds=seconds)
        first = round(start * whole.sample_rate)
        end = None if seconds is None else first + round(seconds * whole.sample_rate)
        meant = whole.samples[first:end]
        assert abs(len(piece.samples) - len(meant)) <= (seconds in (None, 60.0))
        shared = min(len(piece.samples), len(meant))
        np.testing.assert_allclose(piece.samples[:shared], meant[:shared], atol=2e-6)


def test_two_seconds_are_the_samples_of_two_seconds_at_any_rate(song, encode):
    for rate in (8000, 22_050, 44_100, 48_000):
        path = encode(soxr.resample(song, RATE, rate), "wav", rate)
        assert len(read_audio(path, sample_rate=22_050, start=0.7, seconds=2.0).samples) == 44_100


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "m4a"])
def test_a_piece_of_a_long_file_leaves_the_rest_undecoded(song, encode, monkeypatch, kind):
    path = encode(np.tile(song, 30), kind)
    decoded = []
    for decoder in listed():

        @contextlib.contextmanager
        def counting(path, opened=decoder.open):
            with opened(path) as source:
                yield replace(source, blocks=lambda first: (decoded.append(len(b)) or b for b in source.blocks(first)))

        monkeypatch.setitem(vars(decoder), "open", counting)
    read_audio(path, start=100, seconds=1)
    assert sum(decoded) < 4 * RATE


def test_content_decides_not_the_name(song, encode, tmp_path):
    wrong = tmp_path / "song.txt"
    wrong.write_bytes(encode(song, "flac").read_bytes())
    assert probe(wrong).format == "FLAC"
    np.testing.assert_allclose(read_audio(str(wrong)).samples, song, atol=2**-15)


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "au", "aiff", "m4a"])
def test_probe_reads_the_header(song, encode, kind):
    info = probe(encode(np.stack([song, song], 1), kind))
    assert (info.sample_rate, info.channels) == (RATE, 2)
    assert info.seconds == pytest.approx(4.0, abs=1e-6)
    assert info.format == {"m4a": "AAC"}.get(kind, kind.upper())


@pytest.mark.parametrize("kind", ["aac", "untagged"])
def test_probe_does_not_guess_a_length(song, encode, kind):
    assert probe(encode(song, kind)).seconds is None


def test_mp3_without_a_count_of_frames_is_read_to_its_end(song, encode):
    """Loud, then nearly silent: libsndfile takes the first frame's bit rate for all and would stop in the middle."""
    uneven = np.concatenate([np.tile(song, 5), 1e-4 * np.tile(song, 5)])
    path = encode(uneven, "untagged")
    with decoders._muted(), soundfile.SoundFile(path) as sound:
        assert len(sound.read()) < 0.75 * len(uneven)
    assert read_audio(path).seconds == pytest.approx(40, abs=0.1)
    assert read_audio(path, start=38, seconds=1).seconds == 1


def test_without_pyav_such_an_mp3_is_refused(song, encode, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    path = encode(np.concatenate([np.tile(song, 5), 1e-4 * np.tile(song, 5)]), "untagged")
    with pytest.raises(
        AudioError, match=r"soundfile: libsndfile misjudges the length .*; PyAV: not installed.*earmark\[av\]"
    ):
        read_audio(path)
    with pytest.raises(AudioError, match=r"misjudges the length"):
        read_audio(path, start=38, seconds=1)


def test_flac_without_a_length_goes_to_the_second_decoder(song, encode, tmp_path):
    content = bytearray(encode(song, "flac").read_bytes())
    content[21] &= 0xF0  # 36 bits of STREAMINFO: the number of samples, 0 where a stream was written to a pipe
    content[22:26] = bytes(4)
    path = tmp_path / "pipe.flac"
    path.write_bytes(content)
    np.testing.assert_allclose(read_audio(path).samples, song, atol=2**-15)
    assert probe(path).seconds is None


def test_streamed_wav_without_a_length_is_whole(song, encode, tmp_path):
    content = bytearray(encode(song, "wav").read_bytes())
    for place in (4, content.index(b"data") + 4):
        content[place : place + 4] = b"\xff\xff\xff\xff"
    path = tmp_path / "pipe.wav"
    path.write_bytes(content)
    assert read_audio(path).seconds == 4.0


def test_the_order_of_decoders_and_what_they_say(monkeypatch):
    assert [decoder.name for decoder in listed()] == ["soundfile", "PyAV"]
    assert all(decoder.version for decoder in listed())
    monkeypatch.setitem(sys.modules, "av", None)
    assert listed()[1].describe().startswith("not installed; pip install 'earmark[av]' reads M4A, AAC, WMA")
    assert "libsndfile" in listed()[0].describe()


def test_without_pyav_the_error_says_what_to_install(song, encode, monkeypatch):
    path = encode(song, "m4a")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        AudioError,
        match=r"song\.m4a: cannot be read as sound \(soundfile: Format not recognised; PyAV: not installed\); "
        r"pip install 'earmark\[av\]' reads M4A, AAC, WMA",
    ):
        read_audio(path)


@pytest.mark.parametrize("arguments", [{"start": -1}, {"seconds": 0}, {"sample_rate": 0}])
def test_arguments_out_of_range_are_refused(song, encode, arguments):
    with pytest.raises(UsageError, match=r"start must be 0 or more"):
        read_audio(encode(song, "wav"), **arguments)


def test_suffixes_are_lower_case_with_a_dot():
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in AUDIO_SUFFIXES)
    assert {".wav", ".flac", ".mp3", ".ogg", ".opus", ".au", ".aiff", ".m4a", ".aac", ".wma"} <= AUDIO_SUFFIXES


def test_reading_in_several_threads_gives_the_same_and_leaves_standard_error_alone(song, encode, capfd):
    path = encode(song, "mp3")
    content = path.read_bytes()
    path.with_name("cut.mp3").write_bytes(content[: len(content) // 2])
    once = read_audio(path).samples
    found = []

    def read():
        found.append(np.array_equal(read_audio(path).samples, once))
        read_audio(path.with_name("cut.mp3"), allow_partial=True)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8
    sys.stderr.write("still here\n")
    assert capfd.readouterr().err == "still here\n"
