"""Which files of a folder are sound."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from earmark.audio.decode import AUDIO_SUFFIXES
from earmark.tracks import Fault
from earmark.walk import files_of


def audio_files(paths: Iterable[Path]) -> tuple[list[Path], list[Fault]]:
    """The files among `paths` and all audio files below its folders, with what is missing; see `earmark.walk`."""
    return files_of(paths, AUDIO_SUFFIXES, what="audio files")
