"""The feature cache: made once, shared between processes, never wrong, never beyond its limit."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import DataError, UsageError
from earmark.features.cache import FOOTER, FeatureCache


class Counted:
    """An array to compute, and how often it was."""

    def __init__(self, array):
        self.array = array
        self.times = 0

    def __call__(self):
        self.times += 1
        return self.array


@pytest.fixture
def clips(rng):
    return Counted(rng.standard_normal((3, 80, 80)).astype(np.float32))


def only_file(folder: Path) -> Path:
    (path,) = folder.rglob("*.npy")
    return path


def test_an_array_is_made_once_and_mapped(tmp_path, clips):
    for _ in range(2):
        cache = FeatureCache(tmp_path)
        for _ in range(2):
            found = cache.array("song n_mels=80", clips)
            np.testing.assert_array_equal(found, clips.array)
            assert isinstance(found, np.memmap)
            assert not found.flags.writeable
    assert clips.times == 1


def test_another_key_is_another_array(tmp_path, clips):
    cache = FeatureCache(tmp_path)
    for key in ("song n_mels=80", "song n_mels=128", "../../song", "ß"):
        cache.array(key, clips)
    assert clips.times == 4
    assert {path.parent.parent for path in tmp_path.rglob("*.npy")} == {tmp_path}


@pytest.mark.parametrize("array", [np.float32(3.5), np.zeros((0, 80, 80), np.float32), np.arange(6).reshape(2, 3).T])
def test_any_shape_and_type_comes_back(tmp_path, array):
    found = FeatureCache(tmp_path).array("key", lambda: np.asarray(array))
    assert (found.shape, found.dtype) == (array.shape, array.dtype)
    np.testing.assert_array_equal(found, array)


def test_objects_are_not_kept(tmp_path):
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        FeatureCache(tmp_path).array("key", lambda: np.array([{}]))
    assert list(tmp_path.rglob("*.*")) == []


def test_a_failing_computation_leaves_nothing(tmp_path, clips):
    cache = FeatureCache(tmp_path)
    with pytest.raises(ZeroDivisionError):
        cache.array("key", lambda: 1 / 0)
    cache.array("key", clips)
    assert clips.times == 1


@pytest.mark.parametrize("fresh", [True, False], ids=["another process", "the same cache"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda _: b"",
        lambda _: b"not an array",
        lambda content: content[:30_000] + bytes([content[30_000] ^ 1]) + content[30_001:],
        lambda content: content[:40] + b"9" + content[41:],
        lambda content: content[: -FOOTER.size] + b"emf0" + content[4 - FOOTER.size :],
    ],
    ids=["half", "a byte short", "a byte more", "empty", "foreign", "one bit", "header", "older mark"],
)
def test_a_damaged_file_is_made_anew(tmp_path, clips, damage, fresh):
    cache = FeatureCache(tmp_path)
    cache.array("key", clips)
    path = only_file(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    if fresh:
        cache = FeatureCache(tmp_path)
    np.testing.assert_array_equal(cache.array("key", clips), clips.array)
    assert clips.times == 2
    FeatureCache(tmp_path).array("key", clips)
    assert clips.times == 2


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), put=st.binary(min_size=1, max_size=12), end=st.floats(0, 1))
def test_no_change_to_a_file_changes_the_array(tmp_path_factory, place, put, end):
    folder = tmp_path_factory.mktemp("cache")
    array = np.arange(60, dtype=np.float32).reshape(3, 20)
    FeatureCache(folder).array("key", lambda: array)
    path = only_file(folder)
    content = bytearray(path.read_bytes())
    at = int(place * len(content))
    content[at : at + len(put)] = put
    path.write_bytes(content[: int(end * (len(content) + 1))])
    np.testing.assert_array_equal(FeatureCache(folder).array("key", lambda: array), array)


def _write_often(folder: Path, seed: int, failures) -> None:
    """Make, read and damage the same keys; each array says which key it belongs to."""
    rng = np.random.default_rng(seed)
    for _ in range(150):
        key = int(rng.integers(3))
        found = FeatureCache(folder).array(f"key {key}", lambda value=key: np.full(5000, value))
        if not np.array_equal(found, np.full(5000, key)):
            failures.put(f"{key}: {found[:3]}")
        if rng.random() < 0.3:
            FeatureCache(folder).clear()


def test_two_processes_may_write_the_same_key_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    failures = context.Queue()
    writers = [context.Process(target=_write_often, args=(tmp_path, seed, failures)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert failures.empty()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".npy"] == []


def test_a_stopped_writer_leaves_no_half_array(tmp_path):
    """It is killed between writing and renaming."""
    code = (
        "import os, sys, pathlib, numpy as np; from earmark.features.cache import FeatureCache\n"
        "pathlib.Path.replace = lambda *_: os._exit(9)\n"
        "FeatureCache(pathlib.Path(sys.argv[1])).array('key', lambda: np.arange(9))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    (left,) = (path for path in tmp_path.rglob("*") if path.is_file())
    cache = FeatureCache(tmp_path)
    np.testing.assert_array_equal(cache.array("key", lambda: np.arange(5)), np.arange(5))
    cache.clear()
    assert left.exists()  # for all that others know, its writer is still at it
    os.utime(left, (0, 0))
    cache.clear()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_longest_unused_leave_first(tmp_path):
    cache = FeatureCache(tmp_path, limit_bytes=10_000)
    times = Counted(np.zeros(2000, np.uint8))
    paths = {}
    for name in "abcd":
        before = set(tmp_path.rglob("*.npy"))
        cache.array(name, times)
        (paths[name],) = set(tmp_path.rglob("*.npy")) - before
    assert cache.size() == 4 * (2000 + 128 + FOOTER.size) <= 10_000
    for age, name in enumerate("cabd"):
        os.utime(paths[name], (1000 + age, 1000 + age))
    cache.array("a", times)  # using it makes it the newest
    assert times.times == 4
    for name in "ef":
        FeatureCache(tmp_path, limit_bytes=10_000).array(name, times)
    assert cache.size() <= 10_000
    assert {name for name, path in paths.items() if path.exists()} == {"a", "d"}


def test_more_than_the_limit_is_given_but_not_kept(tmp_path):
    cache = FeatureCache(tmp_path, limit_bytes=1000)
    assert cache.array("key", lambda: np.ones(5000)).sum() == 5000
    assert cache.size() == 0


def test_clear_removes_all(tmp_path, clips):
    cache = FeatureCache(tmp_path)
    cache.array("key", clips)
    assert cache.size() == clips.array.nbytes + 128 + FOOTER.size
    cache.clear()
    assert cache.size() == 0
    cache.array("key", clips)
    assert clips.times == 2


def test_an_empty_or_missing_folder_has_no_size(tmp_path):
    assert FeatureCache(tmp_path / "nowhere").size() == 0
    FeatureCache(tmp_path / "nowhere").clear()


def test_a_folder_that_cannot_be_written(tmp_path, clips):
    (tmp_path / "file").touch()
    with pytest.raises(
        DataError, match=r"file: the feature cache cannot be written: .*; set EARMARK_CACHE to a folder"
    ):
        FeatureCache(tmp_path / "file").array("key", clips)


def test_a_limit_that_holds_nothing(tmp_path):
    with pytest.raises(UsageError, match="limit_bytes=0 holds nothing"):
        FeatureCache(tmp_path, limit_bytes=0)


def test_where_it_lies(monkeypatch, tmp_path):
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path))
    assert FeatureCache().folder == tmp_path / "features"
