"""Short sounds in every format whose genre can be written, with tags that must survive."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import mutagen
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import numpy as np
import soundfile

RATE = 48_000  # Hz, which Opus insists on
SECONDS = 0.4
COVER = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 12  # unsynchronised or not, it must come back

# Name: suffix, what mutagen calls the genre, and whether one tag holds several genres.
FORMATS = {
    "mp3_v24": ("mp3", "TCON", True),
    "mp3_v23": ("mp3", "TCON", False),
    "wav": ("wav", "TCON", True),
    "aiff": ("aiff", "TCON", True),
    "flac": ("flac", "genre", True),
    "vorbis": ("ogg", "genre", True),
    "opus": ("opus", "genre", True),
    "oggflac": ("oga", "genre", True),
    "m4a": ("m4a", "\xa9gen", True),
    "m4a_faststart": ("m4a", "\xa9gen", True),
    "wma": ("wma", "WM/Genre", True),
    "wavpack": ("wv", "Genre", True),
}
CODECS = {"mp3": "libmp3lame", "m4a": "aac", "opus": "libopus", "wma": "wmav2", "wv": "wavpack", "oga": "flac"}
CODECS |= {"alac": "alac", "aac": "aac", "mka": "aac", "weba": "libopus", "ac3": "ac3"}
CONTAINERS = {
    "m4a": "ipod",
    "wma": "asf",
    "oga": "ogg",
    "alac": "ipod",
    "aac": "adts",
    "mka": "matroska",
    "weba": "webm",
}


def tone(seconds: float = SECONDS) -> np.ndarray:
    """A gliding tone with a little noise, float32 in [-1, 1]."""
    time = np.arange(int(RATE * seconds)) / RATE
    noise = np.random.default_rng(0).normal(0, 0.01, time.size)
    return (0.3 * np.sin(2 * np.pi * (300 + 200 * time) * time) + noise).astype(np.float32)


def _soundfile(suffix: str) -> bytes:
    whole = io.BytesIO()
    soundfile.write(whole, tone(), RATE, format={"ogg": "OGG"}.get(suffix, suffix.upper()), subtype=None)
    return whole.getvalue()


def encoded(suffix: str, options: dict[str, str], *, seconds: float = SECONDS) -> bytes:
    """That tone as FFmpeg writes it into this kind of file."""
    whole = Path(tempfile.mkdtemp()) / "song"  # a file, since MP4 with its index in front is read again
    with av.open(str(whole), "w", format=CONTAINERS.get(suffix, suffix), options=options) as container:
        stream = container.add_stream(CODECS[suffix], rate=RATE)
        stream.layout, stream.bit_rate = "mono", 64_000
        wanted = stream.codec_context.codec.audio_formats[0].name
        samples = tone(seconds)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        fifo = av.AudioFifo()
        for piece in av.AudioResampler(wanted, "mono", RATE).resample(frame):
            fifo.write(piece)
        size = stream.codec_context.frame_size or 1024
        while fifo.samples:
            container.mux(stream.encode(fifo.read(min(size, fifo.samples))))
        container.mux(stream.encode(None))
    try:
        return whole.read_bytes()
    finally:
        shutil.rmtree(whole.parent)


@cache
def sound(name: str) -> bytes:
    """The file without any tag of ours."""
    suffix = FORMATS[name][0]
    if suffix in ("wav", "aiff", "flac", "ogg"):
        return _soundfile(suffix)
    options = {"movflags": "faststart"} if name.endswith("faststart") else {}
    return encoded(suffix, {**options, "id3v2_version": "0", "write_id3v1": "0"} if suffix == "mp3" else options)


def make(folder: Path, name: str, *, genres: tuple[str, ...] = (), tags: bool = True) -> Path:
    """A song of that format in `folder`, with title, artist, cover and the like, and these genres."""
    suffix, key, _ = FORMATS[name]
    path = folder / f"{name}.{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound(name))
    if not tags and not genres:
        return path
    song = mutagen.File(path)
    if song.tags is None:
        song.add_tags()
    if tags:
        _dress(song, suffix)
    if genres and key == "TCON":
        song.tags.add(mutagen.id3.TCON(encoding=1 if name == "mp3_v23" else 3, text=list(genres)))
    elif genres:
        song.tags[key] = list(genres)
    song.save(**({"v2_version": 3, "v23_sep": None} if name == "mp3_v23" else {}))
    return path


def _dress(song: Any, suffix: str) -> None:
    if isinstance(song.tags, mutagen.id3.ID3):
        song.tags.add(mutagen.id3.TIT2(encoding=1, text="Übung"))
        song.tags.add(mutagen.id3.TPE1(encoding=0, text="An artist"))
        song.tags.add(mutagen.id3.TXXX(encoding=0, desc="mood", text="calm"))
        song.tags.add(mutagen.id3.APIC(encoding=0, mime="image/jpeg", type=3, desc="", data=COVER))
    elif suffix == "m4a":
        song["\xa9nam"], song["\xa9ART"], song["trkn"] = "Übung", "An artist", [(3, 9)]
        song["covr"] = [mutagen.mp4.MP4Cover(COVER)]
        song["----:com.apple.iTunes:mood"] = b"calm"
    elif suffix == "wma":
        song["Title"], song["Author"], song["WM/Mood"], song["WM/Year"] = "Übung", "An artist", "calm", "1999"
    else:
        song["title"], song["artist"], song["mood"] = "Übung", "An artist", "calm"
    if suffix == "flac":
        cover = mutagen.flac.Picture()
        cover.data, cover.type, cover.mime = COVER, 3, "image/jpeg"
        song.add_picture(cover)


def genres_of(path: Path) -> tuple[str, ...]:
    """The genres as mutagen reads them."""
    tags = mutagen.File(path).tags
    for key in ("TCON", "genre", "\xa9gen", "WM/Genre"):
        if tags is not None and key in tags:
            found = tags[key]
            return tuple(str(genre) for genre in getattr(found, "genres", found))
    return ()


def other_tags(path: Path) -> dict[str, str]:
    """All other tags as mutagen reads them, pictures too."""
    song = mutagen.File(path)
    keys = {"tcon", "genre", "\xa9gen", "wm/genre"}
    found = {key: repr(value) for key, value in (song.tags or {}).items() if key.lower() not in keys}
    return found | {str(place): repr(cover.data) for place, cover in enumerate(getattr(song, "pictures", []))}


def packets(path: Path) -> str:
    """The digest of the compressed sound, packet by packet with its times, as FFmpeg takes it out of the container."""
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            digest.update(f"{packet.pts} {packet.duration} ".encode() + bytes(packet))
    return digest.hexdigest()


def samples(path: Path) -> str:
    """The digest of the sound as decoded."""
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            digest.update(frame.to_ndarray().tobytes())
    return digest.hexdigest()
