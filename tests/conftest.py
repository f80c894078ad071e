"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data that stays out of the repository: EARMARK_SHARED, default ../shared."""
    folder = Path(os.environ.get("EARMARK_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data are not at {folder}; set EARMARK_SHARED")
    return folder / "data"


@pytest.fixture
def rng() -> np.random.Generator:
    """The one source of randomness of a test."""
    return np.random.default_rng(20261121)
