"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

# Read by numpy and torch when they are loaded. Tests run side by side, a process for each processor; and with another
# number of threads sums differ in their last bit.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pytest
from filelock import FileLock

from earmark.errors import ModelError

if TYPE_CHECKING:
    from earmark.models.musicnn_fast import FastMusicnn

# What a shell starts in the background ignores Ctrl-C, and so would the programs that tests begin, and stop by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data that stays out of the repository: EARMARK_SHARED, default ../shared."""
    folder = Path(os.environ.get("EARMARK_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data are not at {folder}; set EARMARK_SHARED")
    return folder / "data"


@pytest.fixture(scope="session")
def musicnn_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel with musicnn's weights, downloaded once for all processes of a session."""
    from earmark.pretrained.musicnn import WHEEL, download_wheel

    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with FileLock(folder / "musicnn.lock"):
        try:
            return folder / WHEEL if (folder / WHEEL).is_file() else download_wheel(folder)
        except ModelError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def musicnn(musicnn_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> FastMusicnn:
    """The published network; features ask it too, once it has been loaded here."""
    from earmark.pretrained.musicnn import fetch_musicnn, load_musicnn

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_CACHE", str(tmp_path_factory.mktemp("weights")))
        fetch_musicnn(musicnn_wheel)
        return load_musicnn()


@pytest.fixture
def rng() -> np.random.Generator:
    """The one source of randomness of a test."""
    return np.random.default_rng(20261121)
