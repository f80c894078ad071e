"""What can be fetched by name, whatever it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.download import FETCHABLE
from earmark.errors import DataError, UsageError
from earmark.fetch import bring, known


def test_data_sets_and_weights_stand_in_one_list() -> None:
    assert list(known()) == [*FETCHABLE, "musicnn", "efficientnet_lite0", "minilm", "glove_6b_50d"]
    assert all(known().values())


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"nothing to fetch named 'gtsan'; did you mean 'gtzan'\?; known: gtzan, "):
        bring("gtsan")


def test_data_sets_go_where_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "genres").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert bring("gtzan") == Path("data/genres")
    with pytest.raises(DataError, match=r"by_hand\.tar\.gz: cannot be read"):
        bring("gtzan", to=tmp_path, file=tmp_path / "by_hand.tar.gz")


def test_weights_go_into_the_cache_alone(musicnn_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UsageError, match=r"musicnn goes into the cache, not to elsewhere; leave --to out, or set EARM"):
        bring("musicnn", to=Path("elsewhere"))
    folder = bring("musicnn", file=musicnn_wheel)
    assert folder.is_relative_to(tmp_path / "cache")
    assert (folder / "weights.safetensors").is_file()
