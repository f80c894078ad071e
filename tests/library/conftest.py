"""A library in a folder of its own, a journal and a memory that are not the person's, and a classifier."""

from __future__ import annotations

from pathlib import Path

import pytest

from listeners import write_classifier


@pytest.fixture(autouse=True)
def own_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the person's journals, or what was seen of the person's files."""
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("EARMARK_DATA", str(folder))
    monkeypatch.setenv("EARMARK_CACHE", str(folder / "cache"))
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An empty folder for songs."""
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small classifier; tests do not change it."""
    return write_classifier(tmp_path_factory.mktemp("model") / "small")
