"""Arrays in .npz files, read whole and without trust."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError, nearest


def read_arrays(path: Path, names: Sequence[str], *, rows: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read the arrays called `names`; those in `rows` must be equally long. No pickled objects are read.

    Raises DataError naming the file where it is damaged, or the array that is not there or not as long.
    """
    try:
        with path.open("rb") as content:
            file = np.load(content, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise DataError(f"{path}: a single array, not an .npz file of several")
            for name in names:
                if name not in file.files:
                    raise DataError(
                        f"{path}: no array {name!r}{nearest(name, file.files)}; it has: {', '.join(file.files)}"
                    )
            arrays = {name: file[name] for name in names}
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; give the path of an .npz file of log-mel arrays") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: cannot be read as an .npz file: {error}") from error
    lengths = {name: arrays[name].shape[:1] for name in rows}
    for name, length in lengths.items():
        if length != lengths[rows[0]] or not length:
            raise DataError(f"{path}: {name} has the shape {arrays[name].shape}, {rows[0]} {arrays[rows[0]].shape}")
    return arrays
