"""Small sound files of every kind that is read, with tags of every kind: what the fuzzing begins with."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from functools import cache, partial

import mutagen.apev2
import mutagen.asf
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import numpy as np
import songs
import soundfile

SECONDS = 1.1  # of less no genre is named
RATE = 8_000  # Hz, of what libsndfile writes
NAMES = {mutagen.mp4.MP4: ("\xa9gen", "\xa9ART", "\xa9nam"), mutagen.asf.ASF: ("WM/Genre", "Author", "Title")}
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256))


def _written(format: str, subtype: str | None = None, channels: int = 1) -> bytes:
    """The tone as libsndfile writes it."""
    samples = songs.tone(SECONDS)[:: songs.RATE // RATE]
    whole = io.BytesIO()
    soundfile.write(whole, np.stack([samples] * channels, axis=1), RATE, format=format, subtype=subtype)
    return whole.getvalue()


def _encoded(suffix: str, **options: str) -> bytes:
    return songs.encoded(suffix, options, seconds=SECONDS)


@cache
def _mp3() -> bytes:
    return _encoded("mp3", id3v2_version="0", write_id3v1="0")


def _id3(version: int, *, v1: int = 0) -> bytes:
    """An MP3 with that version's tag, and an ID3v1 tag where `v1` is 2."""
    tag = mutagen.id3.ID3()
    tag.add(mutagen.id3.TIT2(encoding=1, text="Übung"))
    tag.add(mutagen.id3.TPE1(encoding=0, text="An artist"))
    tag.add(mutagen.id3.TCON(encoding=0 if version == 3 else 3, text=["Rock"]))
    tag.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="said", text="words " * 9))
    tag.add(mutagen.id3.APIC(encoding=0, mime="image/jpeg", type=3, desc="", data=PICTURE))
    whole = io.BytesIO(_mp3())
    tag.save(whole, v2_version=version, v1=v1)
    return whole.getvalue()


def _id3_from(version: int, flags: int, frames: bytes) -> bytes:
    """An MP3 with a tag that mutagen would not write."""
    size = bytes(len(frames) >> 7 * place & 0x7F for place in (3, 2, 1, 0))
    return b"ID3" + bytes([version, 0, flags]) + size + frames + _mp3()


def _id3_v22() -> bytes:
    frames = ((b"TT2", b"\0title"), (b"TP1", b"\0artist"), (b"TCO", b"\0(17)"))
    return _id3_from(2, 0, b"".join(name + len(said).to_bytes(3, "big") + said for name, said in frames) + bytes(40))


def compressed_frame(name: bytes, said: bytes, *, announced: int | None = None) -> bytes:
    """A frame of ID3v2.3 whose data are packed; it announces how long they are, rightly or not."""
    data = (len(said) if announced is None else announced).to_bytes(4, "big") + zlib.compress(said, 9)
    return name + len(data).to_bytes(4, "big") + b"\0\x80" + data


def _id3_packed() -> bytes:
    return _id3_from(3, 0, compressed_frame(b"TCON", b"\0Rock") + compressed_frame(b"TXXX", b"\0" + b"x" * 9_999))


def _id3_unsynchronised() -> bytes:
    frame = b"TCON" + (6).to_bytes(4, "big") + b"\0\0\0Ja\xffzz"
    return _id3_from(3, 0x80, (frame * 2).replace(b"\xff", b"\xff\0") + bytes(30))


def _id3_v1() -> bytes:
    said = ((b"title", 30), (b"artist", 30), (b"album", 30), (b"1999", 4), (b"", 30))
    return _mp3() + b"TAG" + b"".join(text.ljust(length, b"\0") for text, length in said) + bytes([17])


def _with_ape(sound: bytes) -> bytes:
    tag = mutagen.apev2.APEv2()
    tag["Genre"], tag["Artist"], tag["Title"] = "Rock", "An artist", "Übung"
    whole = io.BytesIO(sound)
    tag.save(whole)
    return whole.getvalue()


def _with_id3_chunk(sound: bytes) -> bytes:
    whole = io.BytesIO(sound)
    song = mutagen.File(whole)
    song.add_tags()
    song.tags.add(mutagen.id3.TCON(encoding=3, text=["Rock"]))
    song.tags.add(mutagen.id3.TPE1(encoding=3, text=["An artist"]))
    whole.seek(0)
    song.save(whole)
    return whole.getvalue()


def _with_comments(sound: bytes) -> bytes:
    whole = io.BytesIO(sound)
    song = mutagen.File(whole)
    if song.tags is None:
        song.add_tags()
    for name, said in zip(
        NAMES.get(type(song), ("genre", "artist", "title")), ("Rock", "An artist", "Übung"), strict=True
    ):
        song[name] = [said]
    if isinstance(song, mutagen.flac.FLAC):
        cover = mutagen.flac.Picture()
        cover.data, cover.mime = PICTURE, "image/jpeg"
        song.add_picture(cover)
    whole.seek(0)
    song.save(whole)
    return whole.getvalue()


def _tagged(dress: Callable[[bytes], bytes], make: Callable[[], bytes]) -> bytes:
    return dress(make())


# Name: the suffix that belongs to it, and what makes it.
MAKERS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "WAV": ("wav", partial(_tagged, _with_id3_chunk, partial(_written, "WAV"))),
    "WAV float": ("wav", partial(_written, "WAV", "FLOAT", 2)),
    "WAV 24": ("wav", partial(_written, "WAVEX", "PCM_24")),
    "WAV ADPCM": ("wav", partial(_written, "WAV", "MS_ADPCM")),
    "RF64": ("wav", partial(_written, "RF64")),
    "W64": ("wav", partial(_written, "W64")),
    "AIFF": ("aiff", partial(_tagged, _with_id3_chunk, partial(_written, "AIFF"))),
    "AU": ("au", partial(_written, "AU")),
    "CAF": ("caf", partial(_written, "CAF")),
    "FLAC": ("flac", partial(_tagged, _with_comments, partial(_written, "FLAC"))),
    "Ogg Vorbis": ("ogg", partial(_tagged, _with_comments, partial(_written, "OGG", "VORBIS"))),
    "Opus": ("opus", partial(_tagged, _with_comments, partial(_encoded, "opus"))),
    "Ogg FLAC": ("oga", partial(_tagged, _with_comments, partial(_encoded, "oga"))),
    "MP3": ("mp3", _mp3),
    "MP3 ID3v1": ("mp3", _id3_v1),
    "MP3 ID3v2.2": ("mp3", _id3_v22),
    "MP3 ID3v2.3": ("mp3", partial(_id3, 3, v1=2)),
    "MP3 ID3v2.3 packed": ("mp3", _id3_packed),
    "MP3 ID3v2.3 unsynchronised": ("mp3", _id3_unsynchronised),
    "MP3 ID3v2.4": ("mp3", partial(_id3, 4)),
    "MP3 APE": ("mp3", partial(_tagged, _with_ape, _mp3)),
    "M4A": ("m4a", partial(_tagged, _with_comments, partial(_encoded, "m4a"))),
    "M4A index first": ("m4a", partial(_tagged, _with_comments, partial(_encoded, "m4a", movflags="faststart"))),
    "M4A fragments": ("m4a", partial(_encoded, "m4a", movflags="frag_keyframe+empty_moov")),
    "ALAC": ("m4a", partial(_encoded, "alac")),
    "AAC": ("aac", partial(_encoded, "aac")),
    "AC-3": ("ac3", partial(_encoded, "ac3")),
    "WMA": ("wma", partial(_tagged, _with_comments, partial(_encoded, "wma"))),
    "WavPack": ("wv", partial(_tagged, _with_ape, partial(_encoded, "wv"))),
    "Matroska": ("mka", partial(_encoded, "mka")),
    "WebM": ("weba", partial(_encoded, "weba")),
}


@cache
def seed(name: str) -> bytes:
    """The whole file of that name."""
    return MAKERS[name][1]()
