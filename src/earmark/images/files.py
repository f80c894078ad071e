"""Which files of a folder are pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from earmark.images.decode import IMAGE_SUFFIXES
from earmark.tracks import Fault
from earmark.walk import files_of


def image_files(paths: Iterable[Path]) -> tuple[list[Path], list[Fault]]:
    """The files among `paths` and all pictures below its folders, with what is missing; see `earmark.walk`."""
    return files_of(paths, IMAGE_SUFFIXES, what="pictures")
