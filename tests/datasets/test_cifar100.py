"""CIFAR-100 as archive, folder and single file: which pictures, in which part, and what is refused."""

from __future__ import annotations

import pickle
import re
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cifar_pickles import META, batch, python_2_pickle, write_archive, write_folder
from PIL import Image

from earmark.datasets.cifar100 import cifar100
from earmark.datasets.cifar_files import COARSE, FINE, read_cifar_files
from earmark.datasets.image_folder import image_folder
from earmark.errors import DataError, UsageError
from earmark.tracks import Dataset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)


def small(path: Path, **options: Any) -> Dataset:
    return cifar100(**{"path": path, "valid_per_class": 2, **options})


def ids(dataset: Dataset, part: str) -> set[str]:
    return {track.id for track in dataset.tracks if track.part == part}


def test_the_written_pickles_are_those_that_pickle_reads(folder: Path) -> None:
    with (folder / "test").open("rb") as file:
        table = pickle.load(file, encoding="latin1")
    expected = batch(2, seed=2)
    np.testing.assert_array_equal(table.pop("data"), expected.pop("data"))
    assert table == expected


def test_archive_folder_and_the_folder_above_hold_the_same(folder: Path, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "cifar.tar.gz", folder)
    one, *others = (small(path) for path in (folder, tmp_path, archive))
    assert one.genres == ("ant", "bee", "cat", "dog")
    assert Counter((track.part, track.genre) for track in one.tracks) == {
        (part, genre): count
        for part, count in {"train": 4, "valid": 2, "test": 2}.items()
        for genre in META["fine_label_names"]
    }
    for other in others:
        assert [t.id for t in other.tracks] == [t.id for t in one.tracks]
        assert [other.digest(t) for t in other.tracks] == [one.digest(t) for t in one.tracks]


def test_a_picture_is_its_row_in_three_planes(folder: Path) -> None:
    dataset = small(folder)
    track = dataset.track("test/00003")
    row = batch(2, seed=2)["data"][3]
    assert (track.genre, track.title, track.part) == ("dog", "thing_2_000003.png", "test")
    red, green, blue = row.reshape(3, 32, 32) / np.float32(255)
    np.testing.assert_array_equal(dataset.read(track), [red, green, blue])


def test_of_fewer_pictures_all_are_among_the_more_and_the_rest_stays(folder: Path) -> None:
    everything, three, two, one = (small(folder, images_per_class=count) for count in (None, 3, 2, 1))
    assert ids(one, "train") < ids(two, "train") < ids(three, "train") < ids(everything, "train")
    assert [Counter(t.genre for t in d.tracks if t.part == "train")["cat"] for d in (one, two, three)] == [1, 2, 3]
    for part in ("valid", "test"):
        assert ids(one, part) == ids(everything, part)
    assert ids(small(folder, seed=2), "valid") != ids(everything, "valid")


@pytest.mark.parametrize("labels", ["fine", "coarse"])
def test_the_blocks_share_all_classes_out(folder: Path, labels: str) -> None:
    first, second, whole = (small(folder, block=block, labels=labels) for block in (1, 2, None))
    assert len(first) == len(second) == len(whole) / 2
    assert {t.id for t in first.tracks} | {t.id for t in second.tracks} == {t.id for t in whole.tracks}
    assert set(first.genres) | set(second.genres) == set(whole.genres)
    assert all(set(d.genres) == {t.genre for t in d.tracks} for d in (first, second, whole))
    assert {t.id: t.part for t in whole.tracks}.items() >= {t.id: t.part for t in first.tracks}.items()
    assert (first.name, second.name, whole.name) == ("cifar100-block1", "cifar100-block2", "cifar100")


def test_the_blocks_are_drawn_by_their_seed_alone(folder: Path) -> None:
    drawn = {seed: small(folder, block=1, blocks_seed=seed, seed=7).genres for seed in range(60)}
    assert len(set(drawn.values())) == 6  # of four classes, as many pairs
    assert drawn[1] == small(folder, block=1).genres


def test_one_file_alone_is_judged_by_its_own_and_published_names(folder: Path, tmp_path: Path) -> None:
    beside = small(folder / "test")
    assert (beside.genres, {t.part for t in beside.tracks}) == (tuple(META["fine_label_names"]), {"test"})
    (tmp_path / "kept").write_bytes(python_2_pickle(batch(1, fine=3)))
    alone = small(tmp_path / "kept", block=1)
    assert len(alone.genres) == 50
    assert {t.genre for t in alone.tracks} == {"apple", "aquarium_fish", "baby"} & set(alone.genres)
    assert small(tmp_path / "kept").tracks[2].genre == "baby"


def test_python_3_may_have_written_it_again(folder: Path, tmp_path: Path) -> None:
    table = batch(2, seed=2)
    (tmp_path / "text").write_bytes(pickle.dumps(table, 4))
    (tmp_path / "bytes").write_bytes(pickle.dumps({key.encode(): value for key, value in table.items()}, 2))
    digests = [small(folder).digest(track) for track in small(folder).tracks if track.part == "test"]
    for name in ("text", "bytes"):
        dataset = small(tmp_path / name)
        assert [dataset.digest(track) for track in dataset.tracks] == digests


def test_pictures_that_are_in_two_parts_are_faults(tmp_path: Path) -> None:
    train, test = batch(6, seed=1), batch(2, seed=2)
    test["data"][0] = train["data"][0]  # an ant in both
    test["data"][1] = train["data"][4]  # another ant, here called bee
    test["data"][3] = test["data"][2]  # twice in one part
    faults = small(write_folder(tmp_path, train=train, test=test)).faults
    assert [fault.where for fault in faults] == ["test/00000", "test/00001"]
    assert re.fullmatch(r"the same picture as train/00000 of the (train|valid) part", faults[0].what)
    assert re.fullmatch(r"the same picture as train/00004 of the (train|valid) part, there called ant", faults[1].what)


def test_pictures_in_folders_of_their_class_are_the_same_examples(folder: Path, tmp_path: Path) -> None:
    dataset = small(folder)
    for track in dataset.tracks:
        file = tmp_path / "pictures" / str(track.part) / str(track.genre) / f"{track.id.replace('/', '_')}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((dataset.read(track) * 255).astype(np.uint8).transpose(1, 2, 0)).save(file)
    found = image_folder(path=tmp_path / "pictures", trim=False, height=32, width=32)
    assert found.genres == dataset.genres
    assert found.drawing == dataset.drawing
    assert len(found) == len(dataset) == len({track.song for track in found.tracks})
    for track in found.tracks:
        same = dataset.track(Path(track.id).stem.replace("_", "/"))
        assert (same.part, same.genre) == (track.part, track.genre)
        np.testing.assert_array_equal(found.read(track), dataset.read(same))


MISMATCHED = {
    "a picture too few": ({"data": np.zeros((23, 3072), np.uint8)}, "24 fine_labels for 23 pictures"),
    "a group too few": ({"coarse_labels": [0] * 23}, "23 coarse_labels for 24 pictures"),
    "a name too many": ({"filenames": ["a"] * 25}, "25 filenames for 24 pictures"),
    "an unknown class": ({"fine_labels": [0] * 23 + [4]}, r"fine_labels\[23\] = 4, but there are 4 classes"),
    "a class below 0": ({"coarse_labels": [-1] + [0] * 23}, r"coarse_labels\[0\] = -1, but there are 2 classes"),
    "labels that are text": ({"fine_labels": ["ant"] * 24}, "fine_labels is no list of whole numbers"),
    "names that are numbers": ({"filenames": [1] * 24}, "filenames is no list of names"),
    "grey pictures": ({"data": np.zeros((24, 1024), np.uint8)}, r"data is \(24, 1024\); it must be uint8"),
    "no pictures": ({"data": np.zeros((0, 3072), np.uint8)}, r"data is \(0, 3072\); it must be uint8"),
    "data that are text": ({"data": "abc"}, "data is str; it must be uint8"),
}


@pytest.mark.parametrize("what", MISMATCHED)
def test_a_file_that_does_not_fit_together_is_refused(tmp_path: Path, what: str) -> None:
    instead, message = MISMATCHED[what]
    folder = write_folder(tmp_path, train=batch(6, **instead))
    with pytest.raises(DataError, match=f"cifar-100-python: train: {message}"):
        small(folder)


def test_a_file_of_another_data_set_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, train={"labels": [1], "data": np.zeros((1, 3072), np.uint8)})
    with pytest.raises(DataError, match=r"train: no entry 'filenames': not a file of CIFAR-100"):
        small(folder)
    (folder / "train").unlink()
    (folder / "test").unlink()
    with pytest.raises(DataError, match="no file train or test in it; `earmark fetch cifar100` brings"):
        small(folder)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
def test_a_truncated_archive_is_refused(folder: Path, tmp_path: Path, share: float) -> None:
    whole = write_archive(tmp_path / "whole.tar.gz", folder).read_bytes()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole[: round(share * len(whole))])
    with pytest.raises(DataError, match=r"cut\.tar\.gz: "):
        small(cut)


def test_a_truncated_file_and_one_that_would_be_run_are_refused(folder: Path) -> None:
    content = (folder / "train").read_bytes()
    (folder / "train").write_bytes(content[:-3000])
    with pytest.raises(DataError, match=r"train: byte .*: not a whole pickle: .*; it was cut off or damaged"):
        small(folder)
    (folder / "train").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(DataError, match=r"train: byte 0: it asks for os\.system, .*; nothing of it was run"):
        small(folder)


def test_a_member_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("earmark.datasets.cifar_files.LARGEST", 1000)
    with pytest.raises(DataError, match=r"t has [0-9,]+ bytes; it is not what it should be"):
        small(write_archive(tmp_path / "a.tar.gz", folder))


def test_links_and_folders_of_an_archive_are_passed_over(tmp_path: Path, folder: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in ("meta", "test"):
            archive.add(folder / name, f"cifar-100-python/{name}")
        link = tarfile.TarInfo("cifar-100-python/train")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert list(read_cifar_files(tmp_path / "a.tar").batches) == ["test"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block": 3}, "block = 3: CIFAR-100 is cut into two, 1 and 2"),
        ({"labels": "middle"}, "labels = 'middle'"),
        ({"valid_per_class": 6}, "ant has 6 pictures to learn from: valid_per_class = 6 and"),
        ({"valid_per_class": -1}, "valid_per_class = -1 and"),
        ({"images_per_class": 5}, "images_per_class = 5 do not fit"),
        ({"images_per_class": 0}, "images_per_class = 0 do not fit"),
    ],
)
def test_options_out_of_range_are_refused(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        small(folder, **options)


def test_the_archive_here_is_read_as_what_its_readme_says(shared: Path) -> None:
    archive = shared / "cifar100" / "cifar-100-python.tar.gz"
    files = read_cifar_files(archive)
    assert (list(files.fine), list(files.coarse)) == (FINE.split(), COARSE.split())
    first = cifar100(path=archive, block=1, images_per_class=30)
    assert Counter(track.part for track in first.tracks) == {"train": 1500, "valid": 1000, "test": 1250}
    assert set(first.counts().values()) == {75}
    assert first.faults == ()
    named = {track.title.rpartition("_")[0] for track in first.tracks}
    assert named == set(first.genres)
    assert all(track.title.startswith(str(track.genre)) for track in first.tracks)
