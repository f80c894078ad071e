"""Pictures drawn from audio: which, where, and that they show the sound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from earmark.audio.decode import read_audio
from earmark.audio.log_mel import log_mel
from earmark.audio.waveform import Waveform
from earmark.datasets.folder import folder
from earmark.datasets.image_folder import image_folder
from earmark.errors import DataError, UsageError
from earmark.images.colour_maps import recognise, to_decibels
from earmark.images.decode import read_image
from earmark.images.trim import content_box
from earmark.publish.render import Style, render
from earmark.splits import draw
from earmark.tracks import Dataset, Track

RATE = 22_050


def write(path: Path, seconds: float, *, seed: int = 1, level: float = 0.3) -> Path:
    """Falling tones in noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(RATE * seconds)) / RATE
    noise = np.random.default_rng(seed).normal(0, 0.02, len(times))
    soundfile.write(path, level * (np.sin(2 * np.pi * 300 * seed * times * (2 - times / seconds)) + noise), RATE)
    return path


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Ten songs a genre of two, 2.0 s each, and one of 5 s."""
    root = tmp_path / "songs"
    for genre in ("jazz", "rock"):
        for number in range(10):
            write(root / genre / f"{genre}.{number:05d}.wav", 5 if number == 3 else 2, seed=1 + number)
    return root


def files(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def test_every_track_becomes_pictures_of_its_pieces(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    heard: list[tuple[int, int]] = []
    pictures, faults = render(
        folder(path=songs), out, Style(seconds=2), progress=lambda done, of: heard.append((done, of))
    )
    assert faults == []
    assert pictures == len(files(out)) == 22
    assert [name for name in files(out) if "00003" in name] == [
        "jazz/jazz.00003_000.png",
        "jazz/jazz.00003_001.png",
        "rock/rock.00003_000.png",
        "rock/rock.00003_001.png",
    ]
    assert heard[0] == (1, 20)
    assert heard[-1] == (20, 20)


def test_a_bare_picture_is_the_log_mel_pixel_by_pixel(songs: Path, tmp_path: Path) -> None:
    render(folder(path=songs), tmp_path / "out", Style(seconds=2))
    second = read_audio(songs / "jazz" / "jazz.00003.wav", start=2, seconds=2)
    expected = log_mel(second.samples, sample_rate=RATE)
    image = read_image(tmp_path / "out" / "jazz" / "jazz.00003_001.png")
    assert image.shape == (*expected.shape, 3)
    assert recognise(image)[0] == "magma"
    assert np.abs(to_decibels(image) - expected).max() <= 1.5 * 80 / 255


def test_a_size_of_ones_own_keeps_the_colours_of_the_map(songs: Path, tmp_path: Path) -> None:
    render(folder(path=songs), tmp_path / "out", Style(seconds=2, size=(50, 30), colour_map="viridis"))
    image = read_image(tmp_path / "out" / "rock" / "rock.00000_000.png")
    assert image.shape == (30, 50, 3)
    name, distance = recognise(image)
    assert name == "viridis"
    assert distance < 0.5


@pytest.mark.parametrize("size", [None, (500, 300)])
def test_axes_can_be_trimmed_off_again(songs: Path, tmp_path: Path, size: tuple[int, int] | None) -> None:
    data = folder(path=songs)
    render(data.only(data.tracks[:2]), tmp_path / "out", Style(seconds=2, axes=True, size=size))
    image = read_image(tmp_path / "out" / "jazz" / "jazz.00000_000.png")
    width, height = size or (640, 480)
    assert image.shape == (height, width, 3)
    left, top, right, bottom = content_box(image)
    assert left == pytest.approx(0.125 * width, abs=2)
    assert right < 0.8 * width  # the colour bar stands beyond
    assert top == pytest.approx(0.12 * height, abs=2)
    assert bottom == pytest.approx(0.89 * height, abs=2)


@pytest.mark.parametrize("axes", [False, True])
def test_the_same_data_give_the_same_bytes(songs: Path, tmp_path: Path, axes: bool) -> None:
    data = folder(path=songs)
    few = data.only(data.tracks[:3])
    digests = []
    for name in ("one", "two"):
        render(few, tmp_path / name, Style(axes=axes))
        pictures = [(tmp_path / name / picture).read_bytes() for picture in files(tmp_path / name)]
        digests.append([hashlib.sha256(picture).hexdigest() for picture in pictures])
    assert digests[0] == digests[1]
    assert len(set(digests[0])) == 3


def test_arrays_are_drawn_whole_below_their_maximum(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = {
        f"{genre}.{i}": rng.uniform(-110, -10, (16, 40)).astype(np.float32) for genre in ("a", "b") for i in range(2)
    }
    arrays["b.1"][:] = -80
    tracks = tuple(Track(id=name, genres=(name[0],)) for name in arrays)
    dataset = Dataset("arrays", "log_mel", ("a", "b"), tracks, lambda track: arrays[track.id])
    pictures, faults = render(dataset, tmp_path / "out", Style(seconds=0.1))
    assert (pictures, files(tmp_path / "out")) == (3, ["a/a.0_000.png", "a/a.1_000.png", "b/b.0_000.png"])
    assert [(fault.where, fault.what) for fault in faults] == [("b.1", "b.1, piece 0: silent: -80 dB throughout")]
    found = to_decibels(read_image(tmp_path / "out" / "a" / "a.0_000.png"), colour_map="magma")
    expected = np.maximum(arrays["a.0"] - arrays["a.0"].max(), -80)
    assert np.abs(found - expected).max() <= 1.5 * 80 / 255


def test_names_do_not_stand_in_the_picture(songs: Path, tmp_path: Path) -> None:
    """They often tell the genre, and a network that sees the whole picture would read it."""
    sound = songs / "jazz" / "jazz.00000.wav"
    (songs / "rock" / "another name.wav").write_bytes(sound.read_bytes())
    data = folder(path=songs)
    pair = [track for track in data.tracks if track.id in ("jazz/jazz.00000.wav", "rock/another name.wav")]
    render(data.only(pair), tmp_path / "out", Style(seconds=2, axes=True))
    one, other = ((tmp_path / "out" / name).read_bytes() for name in files(tmp_path / "out"))
    assert one == other


def test_a_split_by_track_becomes_folders_that_do_not_leak(songs: Path, tmp_path: Path) -> None:
    data = folder(path=songs)
    split = draw(data, kind="by_track", valid=0.1, test=0.1, seed=4)
    render(data, tmp_path / "out", Style(seconds=1), split=split)
    pictures = image_folder(path=tmp_path / "out")
    given = draw(pictures, kind="as_given")
    assert given.leaks(pictures).sentence is None
    songs_of = {part: {track.song for track in given.tracks(pictures, part)} for part in ("train", "valid", "test")}
    assert {part: len(songs) for part, songs in songs_of.items()} == {"train": 16, "valid": 2, "test": 2}
    for part in ("valid", "test"):
        assert {song.partition("/")[0] for song in songs_of[part]} == {"jazz", "rock"}
    assert songs_of["test"] == {
        track.id.removesuffix(".wav") for track in data.tracks if split.parts[track.id] == "test"
    }


@pytest.mark.parametrize(("length", "count"), [(0.5, 1), (1.95, 2), (1.5, 1), (2.0, 2), (3.2, 3)])
def test_an_end_that_is_nearly_a_piece_is_one(tmp_path: Path, length: float, count: int) -> None:
    for genre in ("x", "y"):
        write(tmp_path / "songs" / genre / "a.wav", length)
    assert render(folder(path=tmp_path / "songs"), tmp_path / "out", Style(seconds=1))[0] == 2 * count


def test_what_cannot_be_read_or_is_silent_is_listed(songs: Path, tmp_path: Path) -> None:
    (songs / "jazz" / "jazz.00000.wav").write_bytes(b"RIFF")
    quiet = np.zeros(4 * RATE)
    quiet[: 2 * RATE] = np.random.default_rng(0).normal(0, 0.1, 2 * RATE)
    soundfile.write(songs / "jazz" / "jazz.00001.wav", quiet, RATE)
    pictures, faults = render(folder(path=songs), tmp_path / "out", Style(seconds=2))
    assert pictures == 21
    assert [fault.where for fault in faults] == ["jazz/jazz.00000.wav", "jazz/jazz.00001.wav"]
    assert "cannot be read as sound" in faults[0].what
    assert faults[1].what.startswith("jazz/jazz.00001.wav, piece 1: silent")


def test_names_tell_folders_and_formats_apart(tmp_path: Path) -> None:
    for name in ("x/one/01.wav", "x/two/01.wav", "x/b.wav", "x/b.flac", "y/c.00.wav"):
        write(tmp_path / "songs" / name, 1)
    render(folder(path=tmp_path / "songs"), tmp_path / "out", Style())
    assert files(tmp_path / "out") == [
        "x/b-flac_000.png",
        "x/b-wav_000.png",
        "x/one-01_000.png",
        "x/two-01_000.png",
        "y/c.00_000.png",
    ]


class InMemory:
    """A data set whose sound lies in no file."""

    def __init__(self, *ids: str, genre: str | None = "x") -> None:
        tracks = tuple(Track(id=name, genres=(genre,) if genre else ()) for name in ids)
        self.dataset = Dataset("made", "audio", ("x", "y"), tracks, lambda track: next(self.sound(track)))

    def sound(self, track: Track) -> Iterator[Waveform]:
        rng = np.random.default_rng(len(track.id))
        yield Waveform(rng.normal(0, 0.1, 4 * RATE).astype(np.float32), RATE)


def test_sound_that_is_in_no_file(tmp_path: Path) -> None:
    render(InMemory("a.00000").dataset, tmp_path / "out", Style(seconds=2))
    assert files(tmp_path / "out") == ["x/a.00000_000.png", "x/a.00000_001.png"]


def test_tracks_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="made: 2 tracks would all be drawn as x/a-b; rename them"):
        render(InMemory("a/b", "a-b").dataset, tmp_path / "out", Style())


def test_a_track_without_a_genre_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="made: a has no genre, so that there is no folder for it"):
        render(InMemory("a", genre=None).dataset, tmp_path / "out", Style())


def test_a_folder_that_is_not_empty_is_left_alone(songs: Path) -> None:
    with pytest.raises(UsageError, match="songs: holds something already; name a new folder"):
        render(folder(path=songs), songs, Style())


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    for genre in ("x", "y"):
        write(tmp_path / "songs" / genre / "a.wav", 1, level=0)
    with pytest.raises(DataError, match=r"none of 2 tracks can be drawn; the first: x/a\.wav, piece 0: silent"):
        render(folder(path=tmp_path / "songs"), tmp_path / "out", Style())


def test_only_audio_is_drawn(tmp_path: Path) -> None:
    for genre in ("x", "y"):
        (tmp_path / "pictures" / genre).mkdir(parents=True)
        Image.new("RGB", (30, 30)).save(tmp_path / "pictures" / genre / "a.png")
    with pytest.raises(DataError, match="pictures: holds image data; pictures are drawn from audio"):
        render(image_folder(path=tmp_path / "pictures"), tmp_path / "out", Style())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"seconds": 0}, "seconds = 0: a piece must have a length"),
        ({"size": (0, 5)}, "size 0 × 5: pictures have at least one pixel"),
        ({"colour_map": "magna"}, "no colour map 'magna'; did you mean 'magma'"),
    ],
)
def test_a_style_that_cannot_be(options: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Style(**options)
