"""A library in a folder of its own, and a journal that is not the person's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the person's journals."""
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("EARMARK_DATA", str(folder))
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An empty folder for songs."""
    folder = tmp_path / "library"
    folder.mkdir()
    return folder
