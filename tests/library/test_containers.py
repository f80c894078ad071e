"""What is odd in containers other than ID3: damage, offsets that move, pages that are numbered anew, foreign text."""

from __future__ import annotations

import contextlib
import io
import re
import struct
from pathlib import Path

import av
import mutagen
import pytest
import songs
from mutagen.ogg import OggPage

from earmark.errors import TagError
from earmark.library.tags import vorbis
from earmark.library.tags.container import Container
from earmark.library.tags.files import foreign_bytes, read_field, read_genres, second_reading
from earmark.library.tags.splice import Splice, inverse, read_at, spliced, trimmed

MANY = "x" * 900  # longer than any padding that the songs have


def written(content: bytes, *texts: str) -> bytes:
    """The new content, read back by both readers and turned back into the old."""
    file = io.BytesIO(content)
    container, _ = read_field(file)
    splices = container.place(file, container.encode(file, texts, None).raw)
    new = b"".join(spliced(file, splices))
    assert b"".join(spliced(io.BytesIO(new), inverse(file, splices))) == content
    before, after = (second_reading(container, io.BytesIO(whole)) for whole in (content, new))
    assert (read_field(io.BytesIO(new))[1].texts, after.genres) == (texts, texts)
    assert (after.others, after.length) == (before.others, before.length)
    return new


def cleared(content: bytes) -> bytes:
    """The content without a genre."""
    file = io.BytesIO(content)
    container, _ = read_field(file)
    return b"".join(spliced(file, container.place(file, ())))


def packets(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "song"
    path.write_bytes(content)
    return songs.packets(path)


@pytest.mark.parametrize("name", songs.FORMATS)
def test_it_grows_and_shrinks_and_goes(name, tmp_path):
    content = songs.make(tmp_path, name, genres=("Rock",)).read_bytes()
    sound = packets(tmp_path, content)
    longer = written(content, MANY)
    shorter = written(longer, "J")
    gone = cleared(shorter)
    assert read_field(io.BytesIO(gone))[1] == read_field(io.BytesIO(cleared(content)))[1]
    assert read_field(io.BytesIO(gone))[1].raw == ()
    assert {packets(tmp_path, whole) for whole in (longer, shorter, gone, written(gone, "Jazz"))} == {sound}


@pytest.mark.parametrize("name", songs.FORMATS)
@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.6])
def test_a_file_cut_off_is_read_or_refused(name, share, tmp_path):
    content = songs.make(tmp_path, name, genres=("Rock",)).read_bytes()
    with contextlib.suppress(TagError):
        assert read_field(io.BytesIO(content[: int(share * len(content))]))[1].texts in ((), ("Rock",))


@pytest.mark.parametrize("name", songs.FORMATS)
def test_damage_is_read_or_refused(name, tmp_path, rng):
    content = songs.make(tmp_path, name, genres=("Rock",)).read_bytes()
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(0, min(len(content), 1500), size=4):
            damaged[place] = rng.integers(256)
        file = io.BytesIO(bytes(damaged))
        with contextlib.suppress(TagError):
            container, _ = read_field(file)
            with foreign_bytes():
                splices = container.place(file, container.encode(file, ("Jazz",), None).raw)
            new = b"".join(spliced(file, splices))
            assert b"".join(spliced(io.BytesIO(new), inverse(file, splices))) == bytes(damaged)


# FLAC and Ogg


def comments(*entries: bytes) -> bytes:
    body = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
    return b"\4\0\0\0test" + len(entries).to_bytes(4, "little") + body


def test_comments_stay_bytes_and_keys_stay_as_spelt():
    odd = (b"TITLE=\xff\xfe no UTF-8", b"without a sign", b"Artist=A", b"Artist=B")
    data = comments(*odd[:2], b"Genre=Rock", b"GENRE=Pop", *odd[2:])
    raw = vorbis.encode_genre(data, ("Jazz", "Soul", "Funk")).raw
    assert vorbis.with_genre(data, raw) == comments(*odd[:2], b"Genre=Jazz", b"Genre=Soul", b"Genre=Funk", *odd[2:])
    assert vorbis.with_genre(data, ()) == comments(*odd)
    assert vorbis.read_genre(comments(b"genre=")).texts == ()
    with pytest.raises(TagError, match="its comment GENRE is not UTF-8"):
        vorbis.read_genre(comments(b"GENRE=\xff"))


@pytest.mark.parametrize("data", [b"", b"\4\0\0\0tes", comments(b"GENRE=Rock")[:-1], b"\0\0\0\0\1\0\0\0"])
def test_damaged_comments_are_refused(data):
    with pytest.raises(TagError, match="its comments are damaged"):
        vorbis.read_genre(data)


def test_flac_without_a_block_of_comments(tmp_path):
    content = songs.sound("flac")
    song = mutagen.File(io.BytesIO(content))
    info = song.info.write()
    frames = content[content.index(b"\xff\xf8") :]
    for name, bare in {
        "last": b"fLaC\x80" + len(info).to_bytes(3, "big") + info + frames,
        "followed": b"fLaC\x00" + len(info).to_bytes(3, "big") + info + b"\x81\0\0\x64" + bytes(100) + frames,
    }.items():
        new = written(bare, "Jazz")
        assert packets(tmp_path, new) == packets(tmp_path, bare), name
        assert read_field(io.BytesIO(cleared(bare)))[1].texts == ()
        assert cleared(bare) == bare


def test_flac_behind_id3():
    behind = b"ID3\4\0\0\0\0\0\x0a" + bytes(10) + songs.sound("flac")
    new = written(behind, "Jazz")
    assert new.startswith(behind[:20])


@pytest.mark.parametrize("name", ["vorbis", "opus", "oggflac"])
def test_pages_behind_are_numbered_anew(name, tmp_path):
    path = songs.make(tmp_path, name)
    song = mutagen.File(path)
    song["lyrics"] = ["la " * 30_000]  # over several pages
    song.save()
    content = path.read_bytes()
    assert packets(tmp_path, content) == packets(tmp_path, songs.sound(name))
    few = OggPage.from_packets([b"x" * 1000])
    assert len(few) == 1
    for whole in (content, written(content, MANY), written(content, *[MANY + str(n) for n in range(20)])):
        file, numbers = io.BytesIO(whole), []
        while file.tell() < len(whole):
            start = file.tell()
            page = OggPage(file)
            assert page.write() == whole[start : file.tell()]  # its checksum with it
            numbers.append(page.sequence)
        assert numbers == list(range(len(numbers)))
        assert packets(tmp_path, whole) == packets(tmp_path, songs.sound(name))


def test_speex():
    header = b"Speex   " + b"1.2".ljust(20, b"\0") + struct.pack("<13i", 1, 80, 16000, 1, 4, 1, -1, 320, 0, 1, 0, 0, 0)
    pages = []
    for number, packet in enumerate([header, comments(b"TITLE=T"), b"sound" * 10]):
        page = OggPage()
        page.packets, page.serial, page.sequence, page.position = [packet], 7, number, 320 * max(0, number - 1)
        page.first, page.last = number == 0, number == 2
        pages.append(page.write())
    assert b"sound" * 10 in written(b"".join(pages), "Jazz", "Soul")


def test_ogg_of_other_kinds_is_refused():
    page = OggPage()
    page.packets, page.first, page.last = [b"\x80theora"], True, True
    with pytest.raises(TagError, match="its Ogg pages are damaged: they end too early"):
        read_field(io.BytesIO(page.write()))


# MP4


def atom(name: bytes, *content: bytes) -> bytes:
    return (8 + sum(map(len, content))).to_bytes(4, "big") + name + b"".join(content)


def test_a_numbered_genre_of_mp4(tmp_path):
    path = songs.make(tmp_path, "m4a", genres=("Rock",))
    data = atom(b"data", bytes(8) + b"\0\x09")
    content = path.read_bytes()
    old = atom(b"\xa9gen", atom(b"data", b"\0\0\0\1\0\0\0\0Rock"))
    room = len(old) - len(atom(b"gnre", data))
    assert room == 2
    numbered = bytearray(content.replace(old, atom(b"gnre", data)))
    for name in (b"ilst", b"meta", b"udta", b"moov"):  # all around it are two bytes shorter
        at = numbered.index(name) - 4
        numbered[at : at + 4] = (int.from_bytes(numbered[at : at + 4], "big") - room).to_bytes(4, "big")
    assert read_field(io.BytesIO(bytes(numbered)))[1].texts == ("Jazz",)
    new = written(bytes(numbered), "Soul")
    assert b"gnre" not in new


@pytest.mark.parametrize(
    "fragmented", ["frag_keyframe+empty_moov+default_base_moof", "frag_keyframe", "frag_every_frame"]
)
def test_fragments_of_mp4_are_found_where_they_moved(fragmented, tmp_path):
    path = tmp_path / "fragments.mp4"
    whole = songs.encoded("m4a", {"movflags": fragmented})
    path.write_bytes(whole)
    sound, heard = songs.packets(path), songs.samples(path)
    path.write_bytes(written(whole, MANY))
    assert (songs.packets(path), songs.samples(path)) == (sound, heard)
    with av.open(str(path)) as container:
        container.seek(300_000)  # by the table of fragments, where there is one
        assert next(container.decode(audio=0)).pts is not None


def test_mp4_without_an_index_is_refused():
    with pytest.raises(TagError, match="it has no atom 'moov'"):
        read_field(io.BytesIO(atom(b"ftyp", b"M4A \0\0\0\0") + atom(b"mdat", bytes(50))))


# WAV and AIFF


def test_the_info_of_a_wav_counts_and_stays():
    content = songs.sound("wav")
    info = b"LIST" + (4 + 8 + 6).to_bytes(4, "little") + b"INFOIGNR" + (5).to_bytes(4, "little") + b"Rock\0\0"
    size = len(content) + len(info) - 8
    whole = content[:4] + size.to_bytes(4, "little") + content[8:] + info
    file = io.BytesIO(whole)
    assert read_field(file)[1].texts == ("Rock",)
    new = written(whole, "Jazz")
    assert whole[8:] in new


@pytest.mark.parametrize(("name", "order"), [("wav", "little"), ("aiff", "big")])
def test_chunks_stay_at_even_bytes(name, order, tmp_path):
    content = songs.make(tmp_path, name, genres=("Rock",)).read_bytes()
    for genre in ("A", "AB", "ABC", "ABCD" * 500, "ABCDE" * 501):
        new = written(content, genre)
        at = 12
        while at < len(new):
            at += 8 + int.from_bytes(new[at + 4 : at + 8], order)
            at += at & 1
        assert at == len(new) == 8 + int.from_bytes(new[4:8], order)


@pytest.mark.parametrize("size", [0, 1 << 31, 0xFFFFFFFF])
def test_a_length_that_is_not_the_files_is_refused(size):
    content = songs.sound("wav")
    with pytest.raises(TagError, match="its header announces another length than the file has"):
        read_field(io.BytesIO(content[:4] + size.to_bytes(4, "little") + content[8:]))


# ASF


def test_a_genre_in_the_library_of_asf_comes_back_there(tmp_path):
    path = songs.make(tmp_path, "wma")
    song = mutagen.File(path)
    song["WM/Genre"] = [mutagen.asf.ASFUnicodeAttribute("Rock", language=0)]
    song.save()
    content = path.read_bytes()
    file = io.BytesIO(content)
    container, genre = read_field(file)
    assert [piece[:1] for piece in genre.raw] == [b"L"]
    new = written(content, "Jazz")
    again = io.BytesIO(new)
    assert b"".join(spliced(again, container.place(again, genre.raw))) == content


def test_the_length_of_an_asf_file_is_kept_in_step(tmp_path):
    content = songs.make(tmp_path, "wma").read_bytes()
    length = content.index(b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65") + 40
    for before in (content, content[:length] + bytes(8) + content[length + 8 :]):
        known = int.from_bytes(before[length : length + 8], "little")
        new = written(before, MANY)
        assert int.from_bytes(new[length : length + 8], "little") == (len(new) if known == len(before) else known)


# APEv2


def test_ape_before_version_1(tmp_path):
    content = songs.make(tmp_path, "wavpack").read_bytes()
    version_1 = b"TAG".ljust(127, b"\0") + b"\xff"
    assert written(content + version_1, "Jazz").endswith(version_1)
    assert written(songs.sound("wavpack") + version_1, "Jazz").endswith(version_1)


def test_monkeys_audio_and_musepack():
    """As short as mutagen reads them: a header, and nothing behind it."""
    monkeys = b"MAC " + struct.pack("<H", 3990) + bytes(50) + struct.pack("<IIIHHI", 9, 9, 1, 16, 2, 44100)
    musepack = b"MP+\7" + struct.pack("<I", 1) + bytes(24)
    for content in (monkeys, musepack):
        assert written(content, "Jazz", "Soul").startswith(content)


# All


def test_what_is_no_sound_is_refused_by_its_content(tmp_path):
    for name, content in {"text.mp3": b"words " * 1000, "empty.flac": b"", "cover.m4a": songs.COVER}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TagError, match=f"{re.escape(str(tmp_path / name))}: it is (empty|no kind of file whose)"):
            read_genres(tmp_path / name)


def test_a_parser_that_trips_names_the_file_as_the_fault(monkeypatch):
    def trip(_file: io.BytesIO) -> None:
        raise ZeroDivisionError("division by zero")

    broken = Container("broken", trip, trip, trip, trip, "")
    monkeypatch.setattr("earmark.library.tags.files.container_of", lambda _file: broken)
    with pytest.raises(TagError, match="its tags cannot be read: ZeroDivisionError: division by zero"):
        read_field(io.BytesIO(b""))


def test_splices():
    file = io.BytesIO(b"0123456789")
    splices = [Splice(8, 9, b""), Splice(2, 4, b"abc"), Splice(4, 4, b"-"), Splice(4, 6, b"")]
    assert b"".join(spliced(file, splices)) == b"01abc-679"
    assert trimmed(5, b"same old same", b"same new one same") == Splice(10, 13, b"new one")
    assert trimmed(0, b"aaa", b"aaaa") == Splice(3, 3, b"a")
    with pytest.raises(TagError, match="3 bytes at 8 are announced and not there"):
        read_at(file, 8, 3)
