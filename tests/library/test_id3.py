"""ID3 as found in the wild: each version, and what mutagen would make anew."""

from __future__ import annotations

import io
import re
import zlib

import mutagen.id3
import pytest
import songs

from earmark.errors import TagError
from earmark.library.tags import read_genres
from earmark.library.tags.artist import read_artist
from earmark.library.tags.files import read_field, second_reading
from earmark.library.tags.id3 import LARGEST_UNPACKED, read_tag
from earmark.library.tags.splice import inverse, spliced

SOUND = songs.sound("mp3_v24")


def frame(name: bytes, data: bytes, version: int = 3, flags: int = 0) -> bytes:
    if version == 2:
        return name + len(data).to_bytes(3, "big") + data
    size = sevens(len(data)) if version == 4 else len(data).to_bytes(4, "big")
    return name + size + flags.to_bytes(2, "big") + data


def sevens(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def tag(frames: bytes, version: int = 3, flags: int = 0, padding: int = 0) -> bytes:
    body = frames + bytes(padding)
    header = bytes([version, 0, flags]) + sevens(len(body))
    return b"ID3" + header + body + (b"3DI" + header if flags & 0x10 else b"")


def read(content: bytes) -> tuple[str, ...]:
    return read_field(io.BytesIO(content))[1].texts


def write(content: bytes, *texts: str, separator: str | None = None) -> bytes:
    """The new content, after mutagen has read the genre out of it and undoing has given the old back."""
    file = io.BytesIO(content)
    container, _ = read_field(file)
    wanted = container.encode(file, texts, separator)
    splices = container.place(file, wanted.raw)
    new = b"".join(spliced(file, splices))
    assert b"".join(spliced(io.BytesIO(new), inverse(file, splices))) == content
    assert read(new) == wanted.texts
    before, after = (second_reading(container, io.BytesIO(whole)) for whole in (content, new))
    assert after.genres == wanted.texts
    assert after.others == before.others
    return new


# Text in UTF-16 of the other byte order, zeros behind the text, an unknown frame, one of zero length, two titles: all
# of which mutagen writes otherwise than it found them.
ODD = (
    frame(b"TIT2", b"\1\xfe\xff" + "Übung".encode("utf-16-be"))
    + frame(b"TPE1", b"\0An artist\0\0\0")
    + frame(b"XYZ1", b"\7unknown")
    + frame(b"TIT2", b"\0Another title")
    + frame(b"PRIV", b"owner\0" + bytes(range(256)))
)


@pytest.mark.parametrize("padding", [0, 3, 500])
@pytest.mark.parametrize("old", [b"", frame(b"TCON", b"\0Rock"), frame(b"TCON", b"\0" + b"Long " * 30)])
def test_every_other_byte_of_the_tag_stays(old, padding):
    new = write(tag(ODD + old, padding=padding) + SOUND, "Jazz")
    assert ODD in new
    assert new.endswith(SOUND)
    assert new[3] == 3


@pytest.mark.parametrize("version", [2, 3, 4])
def test_the_version_of_the_tag_is_kept(version):
    name = b"TT2" if version == 2 else b"TIT2"
    title = frame(name, b"\0A title", version)
    new = write(tag(title, version) + SOUND, "Jazz – ü")
    assert new[3] == version
    assert title in new
    assert mutagen.id3.ID3(io.BytesIO(new)).version == (2, version, 0)


@pytest.mark.parametrize("version", [2, 3])
def test_one_genre_or_a_separator_before_version_4(version):
    content = tag(b"", version, padding=20) + SOUND
    with pytest.raises(TagError, match=rf"its tag is ID3v2\.{version}, which holds one genre, and there are 2"):
        write(content, "Jazz", "Soul")
    assert read(write(content, "Jazz", "Soul", separator="/")) == ("Jazz/Soul",)


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"\0(17)", ("Rock",)),
        (b"\x0017", ("Rock",)),
        (b"\0(17)(8)", ("Rock", "Jazz")),
        (b"\0(31)Goa Trance", ("Trance", "Goa Trance")),
        (b"\0(RX)", ("Remix",)),
        (b"\0((odd)", ("(odd)",)),
        (b"\3" + "Ⅷ\0Zwölfton".encode(), ("Ⅷ", "Zwölfton")),
        (b"\1\xff\xfe" + "Jazz\0\ufeffSoul".encode("utf-16-le"), ("Jazz", "Soul")),
        (b"\2" + "Jazz".encode("utf-16-be") + b"\0\0", ("Jazz",)),
        (b"\0", ()),
        (b"", ()),
    ],
)
def test_genres_are_read_as_mutagen_reads_them(data, texts):
    content = tag(frame(b"TCON", data, 4), 4) + SOUND
    assert read(content) == texts
    found = mutagen.id3.ID3(io.BytesIO(content)).get("TCON")
    assert tuple(found.genres if found else ()) == texts


@pytest.mark.parametrize("text", ["(odd)", "1990", "Rock (17)"])
def test_brackets_are_text(text):
    assert read(write(SOUND, text)) == (text,)


@pytest.mark.parametrize("text", ["17", "255", "RX", "CR", "(17)", "((odd"])
def test_what_would_be_read_as_a_number_is_refused(text):
    with pytest.raises(TagError, match=re.escape(f"readers of ID3 would take '{text}' for the number of a genre")):
        write(SOUND, text)


def test_packed_frames_are_read():
    packed = zlib.compress(b"\0Jazz")
    assert read(tag(frame(b"TCON", b"\0\0\0\5" + packed, flags=0x80)) + SOUND) == ("Jazz",)
    assert read(tag(frame(b"TCON", sevens(5) + packed, 4, flags=9), 4) + SOUND) == ("Jazz",)
    assert read(tag(frame(b"TCON", b"\1\xff\x00\xfe" + "Jazz".encode("utf-16-le"), 4, flags=2), 4) + SOUND) == ("Jazz",)
    with pytest.raises(TagError, match="its genre is encrypted"):
        read(tag(frame(b"TCON", b"\1?", flags=0x40)) + SOUND)
    with pytest.raises(TagError, match="its frame TCON cannot be read as text"):
        read(tag(frame(b"TCON", b"\0\0\0\5" + b"garbage", flags=0x80)) + SOUND)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("text", ["Jazz", "Ωmega", "endsÿ"])
def test_unsynchronised_tags_stay_so(version, text):
    name, picture = (b"TT2", b"PIC") if version == 2 else (b"TIT2", b"APIC")
    title = frame(name, b"\1\xff\xfe" + "Übung".encode("utf-16-le"), version)
    cover = frame(picture, b"\0JPG\3\0" + songs.COVER if version == 2 else b"\0image/jpeg\0\3\0" + songs.COVER, version)
    frames = re.sub(rb"\xff(?=[\x00\xe0-\xff])", b"\xff\x00", title + cover)
    new = write(tag(frames, version, flags=0x80, padding=9) + SOUND, text)
    assert frames in new
    assert new[5] == 0x80
    (found,) = mutagen.id3.ID3(io.BytesIO(new)).getall("APIC")
    assert found.data == songs.COVER


def test_sizes_of_an_old_itunes():
    long = frame(b"TIT2", b"\0" + b"x" * 300)  # a plain number in a tag of version 4
    new = write(tag(long + frame(b"TPE1", b"\0y"), 4) + SOUND, "Jazz" * 40)
    assert long in new


def test_a_footer_is_kept_in_step():
    new = write(tag(frame(b"TIT2", b"\0A title", 4), 4, flags=0x10) + SOUND, "Jazz")
    found = read_tag(io.BytesIO(new), 0)
    assert new[found.stop - 10 : found.stop] == b"3DI" + new[3:10]
    assert new[found.stop :] == SOUND


def test_extended_headers_are_kept_and_checksums_refused():
    title = frame(b"TIT2", b"\0A title")
    plain = b"\0\0\0\6" + bytes(6)
    assert plain + title in write(tag(plain + title, flags=0x40) + SOUND, "Jazz")
    with pytest.raises(TagError, match="its ID3 tag carries a checksum"):
        read(tag(b"\0\0\0\12\x80\0" + bytes(8) + title, flags=0x40) + SOUND)


def version_1(genre: int = 17) -> bytes:
    return b"TAG" + b"A title".ljust(30, b"\0") + b"An artist".ljust(30, b"\0") + bytes(64) + bytes([genre])


def test_version_1_is_read_taken_over_and_left_as_it_is():
    content = SOUND + version_1()
    assert read(content) == ("Rock",)
    new = write(content, "Jazz")
    assert new.endswith(content)
    assert str(mutagen.id3.ID3(io.BytesIO(new), load_v1=False)["TIT2"]) == "A title"
    assert read(SOUND + version_1(255)) == ()
    both = tag(frame(b"TIT2", b"\0B")) + content
    assert read(both) == ("Rock",)
    assert write(both, "Jazz").endswith(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"ID3\5\0\0\0\0\0\0", "version ID3v2.5; known are 2.2, 2.3 and 2.4"),
        (b"ID3\3\0\0\0\0\0\xff", "the header does not say how long it is"),
        (b"ID3\2\0\x40\0\0\0\0", "the header does not say how long it is"),
        (b"ID3\3\0\0\0\0\x10\0", "its tags are damaged: 1 bytes at 2057 are announced and not there"),
    ],
)
def test_damaged_tags_are_refused_by_name(content, why):
    with pytest.raises(TagError, match=re.escape(why)):
        read(content + SOUND[:100])


def test_what_is_no_frame_ends_the_frames_and_stays():
    junk = b"\xde\xad\xbe\xef junk"
    new = write(tag(frame(b"TIT2", b"\0A title") + junk) + SOUND, "Jazz")
    assert junk in new


@pytest.mark.parametrize("version", [3, 4])
def test_frames_that_would_fill_the_memory_are_not_unpacked(version, tmp_path):
    """Of a few kilobytes mutagen would make as many gigabytes as they say, whoever asks for whatever tag."""
    packed = zlib.compress(b"\0x\0" + bytes(LARGEST_UNPACKED), 9)
    bomb = frame(b"TXXX", bytes(4) + packed, version, flags=0x80 if version == 3 else 9)
    path = tmp_path / "bomb.mp3"
    path.write_bytes(b"ID3" + bytes([version, 0, 0]) + sevens(len(bomb)) + bomb + SOUND)
    for read in (read_genres, read_artist):
        with pytest.raises(TagError, match=r"bomb\.mp3: its frame TXXX is packed and would unpack to more than 16 MiB"):
            read(path)
    path.write_bytes(path.read_bytes().replace(packed, bytes(len(packed))))
    assert read_genres(path) == ()  # nobody can unpack it
