"""What an audit finds: each kind of flaw, repetitions however they were copied, and what a split lets leak."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.audio.decode import read_audio
from earmark.audio.synthesis import song
from earmark.audio.waveform import Waveform
from earmark.batches.mapping import Place
from earmark.batches.work import Lost
from earmark.datasets.faults import Limits
from earmark.errors import DataError
from earmark.library import examination
from earmark.library.audit import KINDS, TO_DO, Audit, audit, open_audited
from earmark.library.collection import collection
from earmark.splits import Split
from earmark.tracks import Dataset, Track

STYLES = ("funk", "metal", "waltz")


def write(path: Path, sound: Waveform, *, artist: str | None = None) -> Path:
    """In the format of its suffix; 16 bit where that is not lossy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subtype = {".flac": "PCM_16", ".wav": "PCM_16"}.get(path.suffix)
    with soundfile.SoundFile(path, "w", sound.sample_rate, 1, subtype) as file:
        if artist:
            file.artist = artist
        file.write(sound.samples)
    return path


def music(style: str, *, seconds: float = 6.0) -> Waveform:
    return song(style, 0, seed=0, seconds=seconds)


def found(result: Audit) -> dict[tuple[str, str | None], str]:
    """Kind by what was named."""
    return {(finding.where, finding.other): finding.kind for finding in result.findings}


def test_a_sound_collection_has_no_findings(library: Path) -> None:
    for style in STYLES:
        write(library / f"{style}.flac", music(style))
    result = audit(collection(library))
    assert (result.findings, result.tracks, result.fingerprinted) == ((), 3, 3)
    assert result.fingerprint_bytes / result.fingerprinted / 6.0 == pytest.approx(52, rel=0.02)


def test_every_kind_of_flaw_is_found_and_nothing_is_changed(library: Path) -> None:
    sound = music("funk")
    good = write(library / "a good.flac", sound)
    shutil.copy(good, library / "copy.flac")
    write(library / "other format.wav", read_audio(good))
    write(library / "other tags.flac", read_audio(good), artist="Someone")
    write(library / "clipped.wav", Waveform(np.clip(music("metal").samples * 20, -1, 1), sound.sample_rate))
    write(library / "silent.wav", Waveform(np.zeros(30_000, np.float32), 10_000))
    write(library / "short.wav", Waveform(music("waltz").samples[2000:10_000], sound.sample_rate))
    (library / "empty.mp3").write_bytes(b"")
    (library / "cut.flac").write_bytes(good.read_bytes()[:20_000])
    (library / "lost.mp3").symlink_to(library / "nowhere.mp3")
    before = {path.name: (path.lstat().st_mtime_ns, _bytes(path)) for path in library.iterdir()}

    result = audit(collection(library))
    assert found(result) == {
        ("cut.flac", None): "unreadable",
        ("empty.mp3", None): "unreadable",
        ("lost.mp3", None): "unreadable",
        ("silent.wav", None): "silent",
        ("clipped.wav", None): "clipped",
        ("short.wav", None): "too_short",
        ("copy.flac", "a good.flac"): "same_file",
        ("other format.wav", "a good.flac"): "same_sound",
        ("other tags.flac", "a good.flac"): "same_sound",
    }
    said = {finding.where: (finding.what, finding.to_do) for finding in result.findings}
    assert said["empty.mp3"] == (
        "empty: the file has 0 bytes",
        "get it again from its source, unless a decoder is missing",
    )
    assert "the file is truncated or damaged" in said["cut.flac"][0]
    assert said["copy.flac"] == ("the same file as a good.flac", "keep one")
    assert result.counts == {
        "unreadable": 3, "silent": 1, "clipped": 1, "too_short": 1, "same_file": 1, "same_sound": 2
    }  # fmt: skip
    assert {path.name: (path.lstat().st_mtime_ns, _bytes(path)) for path in library.iterdir()} == before


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def test_limits_are_the_persons(library: Path) -> None:
    write(library / "a.wav", music("funk", seconds=3.0))
    loud = music("metal")
    write(library / "b.wav", Waveform(np.clip(loud.samples * 20, -1, 1), loud.sample_rate))
    at_scale = audit(collection(library)).findings[0].what
    assert at_scale.startswith("clipped: ")
    strict = audit(collection(library), limits=Limits(min_seconds=5.0, max_clipped=1.0))
    assert [(finding.where, finding.what) for finding in strict.findings] == [("a.wav", "only 3.00 s long")]


@dataclass(frozen=True)
class Copy:
    """How a file is copied, and how much of the recording comes before where the copy begins."""

    suffix: str
    change: Callable[[Waveform], Waveform]
    offset: float = 0.0


COPIES = {
    "as MP3": Copy(".mp3", lambda sound: sound),
    "as Ogg Vorbis": Copy(".ogg", lambda sound: sound),
    "2 s off the beginning": Copy(".flac", lambda w: Waveform(w.samples[2 * w.sample_rate :], w.sample_rate), 2.0),
    "2 s off the end": Copy(".flac", lambda w: Waveform(w.samples[: -2 * w.sample_rate], w.sample_rate)),
    "3 dB louder": Copy(".flac", lambda w: Waveform(np.clip(w.samples * 1.413, -1, 1), w.sample_rate)),
    "at 44.1 kHz": Copy(".wav", lambda w: w.at(44_100)),
    "at 8 kHz": Copy(".wav", lambda w: w.at(8_000)),
    "all of it": Copy(
        ".mp3",
        lambda w: Waveform(np.clip(w.samples[7 * w.sample_rate // 5 :] * 1.413, -1, 1), w.sample_rate).at(44_100),
        1.4,
    ),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_copied_recording_is_found_at_its_offset(copy: Copy, library: Path, shared: Path) -> None:
    """Clips of several genres, of three of which there is a copy: these must be named, and nothing else."""
    copied = set()
    for number, genre in enumerate(("classical", "blues", "hiphop", "jazz", "metal", "pop")):
        clip = min((shared / "gtzan" / "audio" / genre).glob("*.flac"))
        (library / clip.name).symlink_to(clip)
        if number % 2:
            name = f"copies/{clip.stem}{copy.suffix}"
            write(library / name, copy.change(read_audio(clip, seconds=12.0)))
            copied.add((name, clip.name))
    result = audit(collection(library))
    repeated = [finding for finding in result.findings if finding.kind != "clipped"]
    assert {(finding.where, finding.other) for finding in repeated} == copied
    assert {finding.kind for finding in repeated} == {"same_recording"}
    assert [finding.offset for finding in repeated] == pytest.approx([copy.offset] * 3, abs=0.16)


def test_repetitions_across_parts_are_said(library: Path) -> None:
    whole = music("funk", seconds=12.0)
    write(library / "train" / "a.flac", whole)
    write(library / "valid" / "b.flac", Waveform(whole.samples[3 * whole.sample_rate :], whole.sample_rate))
    write(library / "valid" / "c.flac", music("metal"))
    shutil.copy(library / "valid" / "c.flac", library / "valid" / "d.flac")
    near, same = sorted(audit(collection(library)).findings, key=lambda finding: finding.where)
    assert (near.kind, near.where, near.other) == ("same_recording", "valid/b.flac", "train/a.flac")
    assert near.parts == ("train", "valid")
    assert near.what.endswith("s later; one stands in train, the other in valid")
    assert near.to_do == "keep one, or put both into the same part"
    assert (same.parts, same.to_do) == (None, TO_DO["same_file"])


def test_artists_on_both_sides_are_named_by_their_tags(library: Path) -> None:
    for name, style, artist in (("a", "funk", "X"), ("b", "metal", "Y"), ("c", "waltz", "X"), ("d", "swing", None)):
        write(library / f"{name}.flac", music(style), artist=artist)
    split = Split(kind="file", parts={"a.flac": "train", "b.flac": "train", "c.flac": "test", "d.flac": "test"})
    result = audit(collection(library), split=split)
    assert [(finding.kind, finding.where) for finding in result.findings] == [("artist_on_both_sides", "X")]
    assert result.leak == "by track: 1 artist stands on both sides; expect a lower score on unseen artists"
    assert result.artists_unknown == 1
    assert audit(collection(library)).findings == ()


def test_a_split_of_something_else_is_refused(library: Path) -> None:
    write(library / "a.flac", music("funk"))
    with pytest.raises(DataError, match=r"library: no track 'a\.flac2'; did you mean 'a\.flac'"):
        audit(collection(library), split=Split(kind="file", parts={"a.flac2": "train"}))


def arrays(rng: np.random.Generator, *, songs: tuple[str, ...] = ("", "", "")) -> Dataset:
    """Three spectrograms; the last is the first from its fifth column on, with another genre."""
    first, second = rng.normal(-40, 10, (2, 40, 300)).astype(np.float32)
    content = {"a": first, "b": second, "c": first[:, 5:]}
    tracks = tuple(
        Track(id=name, song=song, genres=(genre,), part=part)
        for name, song, genre, part in zip(content, songs, "xxy", ("train", "train", "test"), strict=True)
    )
    return Dataset("made up", "log_mel", ("x", "y"), tracks, read=lambda track: content[track.id])


def test_spectrograms_are_compared_too(rng: np.random.Generator) -> None:
    (finding,) = audit(arrays(rng)).findings
    assert (finding.kind, finding.where, finding.other, finding.offset) == ("same_recording", "c", "a", 5)
    assert finding.what == (
        "the same recording as a; begins 5 columns later; its genre is y, there x; "
        "one stands in train, the other in test"
    )


def test_clips_of_one_song_do_not_repeat_it_but_leak(rng: np.random.Generator) -> None:
    (finding,) = audit(arrays(rng, songs=("one", "two", "one"))).findings
    assert (finding.kind, finding.where) == ("song_on_both_sides", "one")


def test_values_that_are_not_finite_are_not_compared() -> None:
    broken = np.full((40, 50), np.nan, np.float32)
    tracks = (Track(id="a", genres=("x",)), Track(id="b", genres=("x",)))
    dataset = Dataset("d", "log_mel", ("x",), tracks, read=lambda track: broken if track.id == "a" else broken * 0 - 80)
    result = audit(Dataset("d", "log_mel", ("x",), tracks[:1], read=dataset.read))
    assert found(result) == {("a", None): "not_finite"}
    assert result.fingerprinted == 0


def test_texts_are_compared_for_equality() -> None:
    texts = {"a": "la la", "b": "la", "c": "la la", "d": ""}
    tracks = tuple(Track(id=name, genres=("x",)) for name in texts)
    result = audit(Dataset("d", "text", ("x",), tracks, read=lambda track: texts[track.id]))
    assert found(result) == {("d", None): "empty", ("c", "a"): "same_sound"}
    assert result.fingerprinted == 0


def test_processes_find_the_same(library: Path) -> None:
    write(library / "a.flac", music("funk"))
    write(library / "b.ogg", music("funk"))
    (library / "c.mp3").write_bytes(b"")
    here = audit(collection(library))
    seen: list[tuple[int, int]] = []
    there = audit(collection(library), place=Place(workers=1), progress=lambda done, of: seen.append((done, of)))
    assert there == here
    assert here.counts == {"unreadable": 1, "same_recording": 1}
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_file_that_no_worker_survives_is_unreadable(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(library / "a.flac", music("funk"))
    monkeypatch.setattr(
        examination, "map_items", lambda _make, items, _place: ((item, Lost("workers died at it")) for item in items)
    )
    (finding,) = audit(collection(library)).findings
    assert (finding.kind, finding.what) == ("unreadable", "workers died at it")


def test_what_lies_at_a_path_is_opened(library: Path, rng: np.random.Generator, tmp_path: Path) -> None:
    write(library / "x" / "a.wav", music("funk"))
    write(library / "y" / "b.wav", music("metal"))
    assert open_audited(str(library), {}).genres == ()
    assert open_audited(str(library), {"genres": ["x", "y"]}).genres == ("x", "y")
    assert open_audited("synthetic", {"songs": 2}).synthetic
    packed = tmp_path / "mels.npz"
    level = rng.integers(0, 255, (2, 40, 20), dtype=np.uint8)
    np.savez(
        packed, ids=["a", "b"], genre=["x", "y"], split=["train", "valid"], level=level, floor_db=np.full(2, -80.0)
    )
    assert audit(open_audited(str(packed), {})).tracks == 2


def test_every_kind_has_something_to_do() -> None:
    assert set(TO_DO) == set(KINDS)


def test_gtzans_clips_repeat_nothing(shared: Path) -> None:
    result = audit(collection(shared / "gtzan" / "audio"))
    assert (result.tracks, result.fingerprinted) == (40, 40)
    assert set(result.counts) <= {"clipped"}
