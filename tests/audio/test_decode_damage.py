"""What is wrong with a file is said in one line that names it; nothing else ever comes out."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.audio.decode import probe, read_audio
from earmark.errors import AudioError

RATE = 22_050


def cut(path, share=0.5):
    """The first part of a file, in its place."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize("kind", ["wav", "wav24", "wavfloat", "rf64", "au", "aiff", "mp3", "mka", "wma"])
def test_truncated_where_the_header_tells_the_length(song, encode, kind):
    path = cut(encode(np.tile(song, 3), kind))
    ends = r"[56]\.\d of [\d.]+ s read, then the \w+ data end: the file is truncated"
    with pytest.raises(AudioError, match=rf"song\.{kind}: {ends}; `earmark predict --allow-partial` classifies"):
        read_audio(path)
    assert 5 < read_audio(path, allow_partial=True).seconds < 6.1


@pytest.mark.parametrize("kind", ["flac", "m4a", "alac", "aac"])
def test_truncated_where_the_decoder_stumbles(song, encode, kind):
    path = cut(encode(np.tile(song, 3), kind))
    ends = r"[56]\.\d (of 12\.0 )?s read, then the \w+ data cannot be decoded \(.*\)"
    with pytest.raises(
        AudioError, match=rf"song\.{kind}: {ends}: the file is truncated or damaged; `earmark predict --allow-partial`"
    ):
        read_audio(path)
    partial = read_audio(path, allow_partial=True)
    assert 5 < partial.seconds < 6.1
    assert np.abs(partial.samples[-2000:]).max() > 0.01


@pytest.mark.parametrize("kind", ["ogg", "opus"])
def test_truncated_ogg_lacks_its_last_page(song, encode, kind):
    path = cut(encode(np.tile(song, 3), kind, 24_000))
    with pytest.raises(
        AudioError, match=rf"song\.{kind}: \d\.\d s read, then the {kind.upper()} data end: the file is truncated"
    ):
        read_audio(path)
    assert 3 < read_audio(path, allow_partial=True).seconds < 6


@pytest.mark.parametrize("share", [0.1, 0.3, 0.75, 0.95])
@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "au", "aiff"])
def test_truncated_anywhere(song, encode, kind, share):
    path = cut(encode(np.tile(song, 3), kind), share)
    with pytest.raises(AudioError, match=r"truncated|cannot be read as sound"):
        read_audio(path)


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "m4a"])
def test_a_piece_before_the_cut_is_read(song, encode, kind):
    whole = encode(np.tile(song, 3), kind)
    meant = read_audio(whole, start=1, seconds=1).samples
    path = cut(whole)
    np.testing.assert_allclose(read_audio(path, start=1, seconds=1).samples, meant, atol=1e-6)
    with pytest.raises(AudioError, match=r"no sound from 9\.0 s on.*: the file is truncated"):
        read_audio(path, start=9, seconds=1)


def test_m4a_whose_index_is_cut_off(song, encode, tmp_path):
    path = tmp_path / "cut.m4a"
    path.write_bytes(encode(song, "m4a").read_bytes()[:200])
    with pytest.raises(AudioError, match=r"cut\.m4a: cannot be read as sound \(soundfile: .*; PyAV: "):
        read_audio(path)


@pytest.mark.parametrize("reader", [read_audio, probe])
def test_what_is_no_file(tmp_path, reader):
    with pytest.raises(AudioError, match=r"missing\.wav: cannot be opened: No such file"):
        reader(tmp_path / "missing.wav")
    with pytest.raises(AudioError, match=r": a folder, not a sound file"):
        reader(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match=r"pipe\.wav: a device or pipe, not a sound file"):
        reader(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match=r"cannot be opened: .*null"):
        reader("a\0b.wav")


def test_a_file_without_permission(song, encode, monkeypatch):
    path = encode(song, "wav")

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(AudioError, match=r"song\.wav: cannot be opened: Permission denied"):
        read_audio(path)


@pytest.mark.parametrize("reader", [read_audio, probe])
@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a"])
def test_empty_and_foreign_files(tmp_path, reader, suffix):
    path = tmp_path / f"song.{suffix}"
    path.touch()
    with pytest.raises(AudioError, match=rf"song\.{suffix}: empty: the file has 0 bytes"):
        reader(path)
    path.write_text("These are the notes of a song.\n" * 50)
    with pytest.raises(
        AudioError,
        match=rf"song\.{suffix}: cannot be read as sound \(soundfile: Format not recognised; PyAV: Invalid data",
    ):
        reader(path)


def test_a_picture_is_no_sound(shared):
    picture = next((shared / "spectrogram_png").rglob("*.png"))
    with pytest.raises(
        AudioError, match=rf"{re.escape(picture.name)}: cannot be read as sound .*PyAV: no audio stream"
    ):
        read_audio(picture)


def test_a_playlist_opens_no_other_file(song, encode, tmp_path):
    target = encode(song, "aac")
    playlist = tmp_path / "list.mp3"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{target}\n#EXT-X-ENDLIST\n")
    with pytest.raises(AudioError, match=r"list\.mp3: cannot be read as sound"):
        read_audio(playlist)


@pytest.mark.parametrize("kind", ["wav", "au", "aiff"])
def test_files_of_no_samples(encode, kind):
    with pytest.raises(AudioError, match=rf"song\.{kind}: no sound in it: the {kind.upper()} data hold 0 samples"):
        read_audio(encode(np.zeros(0, np.float32), kind))


@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "ogg", "aac"])
def test_a_piece_beyond_the_end(song, encode, kind):
    with pytest.raises(AudioError, match=rf"song\.{kind}: no sound from 10 s on: the file ends (at 4\.0 s|before)"):
        read_audio(encode(song, kind), start=10)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers(song, encode, value):
    broken = np.stack([song, song], 1)
    broken[30_000, 1] = value
    path = encode(broken, "wavfloat")
    with pytest.raises(
        AudioError, match=rf"song\.wavfloat: sample 30000 \(1\.36 s\) is {value}: samples must be finite"
    ):
        read_audio(path)
    assert read_audio(path, seconds=1.0).seconds == 1.0


@pytest.mark.parametrize("rate", [3, 2_000_000_000])
def test_a_sample_rate_that_no_file_has(song, encode, rate):
    path = encode(song, "wav")
    content = bytearray(path.read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(AudioError, match=rf"song\.wav: the header says {rate} Hz"):
        read_audio(path, sample_rate=RATE)


def test_what_libraries_print_stays_off_the_screen(song, encode, capfd):
    path = cut(encode(np.tile(song, 3), "mp3"))
    with soundfile.SoundFile(path) as sound:
        sound.read()
    assert "Xing" in capfd.readouterr().err
    with pytest.raises(AudioError):
        read_audio(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("kind", ["wav", "wavfloat", "flac", "mp3", "ogg", "opus", "au", "aiff", "m4a", "aac", "wma"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6),
    end=st.floats(0.02, 1),
    early=st.booleans(),
)
def test_any_change_gives_samples_or_the_one_error(song, encode, tmp_path, kind, changes, end, early):
    original = tmp_path / f"original.{kind}"
    if not original.exists():
        original.write_bytes(encode(song[: RATE // 2], kind, 24_000 if kind == "opus" else RATE).read_bytes())
    content = bytearray(original.read_bytes())
    for place, put in changes:
        at = int(place * (min(len(content), 200) if early else len(content)))
        content[at : at + len(put)] = put
    path = tmp_path / f"changed.{kind}"
    path.write_bytes(content[: max(1, int(len(content) * end))])
    heard, said = None, ""
    try:
        heard = read_audio(path, allow_partial=True).samples
    except AudioError as error:
        said = str(error)
    if heard is None:
        assert said.startswith(f"{path}: ")
        assert "\n" not in said
    else:
        assert heard.shape == (len(heard),) != (0,)
        assert np.isfinite(heard).all()
