"""Where earmark keeps on a person's machine what it makes or fetches."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """EARMARK_CACHE, or the platform's folder for what can be made again."""
    chosen = os.environ.get("EARMARK_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "earmark"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "earmark" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "earmark"


def data_folder() -> Path:
    """EARMARK_DATA, or the platform's folder for what a person's programs must not lose."""
    chosen = os.environ.get("EARMARK_DATA")
    if chosen:
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "earmark"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "earmark" / "Data"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "earmark"
