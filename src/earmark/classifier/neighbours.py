"""The tracks that a fusion learned from, as one voice heard them: so that those which a new track is like can be named.

A few numbers a track suffice: of musicnn's tags 50, in half precision 100 bytes, since likeness is told in two digits.
The other voice's spectrograms would be a thousand times as much. Of a person's own tracks their paths inside the
library are kept, and no sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from earmark.atomic import write_bytes
from earmark.errors import ModelError
from earmark.models.scale import scale_of

FILE = "neighbours.safetensors"
FORMAT = "1"
NUMBERS = "numbers"


@dataclass(frozen=True)
class Neighbour:
    """A track that was learned from, and how like it another is: 1 the same, 0 no more than any two."""

    name: str
    genres: tuple[str, ...]
    similarity: float


@dataclass(frozen=True)
class Neighbours:
    """Tracks (n,) that a fusion learned from, and the examples (n, numbers) of them that the voice so named heard."""

    voice: str
    names: tuple[str, ...]
    genres: tuple[tuple[str, ...], ...]
    numbers: NDArray[np.float16]

    def nearest(self, example: NDArray[np.floating], count: int) -> tuple[Neighbour, ...]:
        """The tracks most like an example (numbers,), the likest first.

        Likeness is the cosine of the angle between both, each number in deviations from the mean of all. Among GTZAN's
        training tracks and the mean of musicnn's tag logits, 65 % of the five nearest by other artists are of a track's
        own genre; one in ten would be by chance.
        """
        known = self.numbers.astype(np.float64)
        scale = scale_of(known)
        others, own = scale(known), scale(example.astype(np.float64)[None])[0]
        lengths = np.linalg.norm(others, axis=1) * np.linalg.norm(own)
        likeness = others @ own / np.maximum(lengths, np.finfo(np.float64).tiny)
        order = np.argsort(-likeness, kind="stable")[:count]
        return tuple(Neighbour(self.names[i], self.genres[i], float(likeness[i])) for i in order)


def neighbours_of(
    voice: str, names: Sequence[str], genres: Sequence[str], examples: NDArray[np.floating]
) -> Neighbours:
    """Those of rows that stand each for a track and one genre; a track of several genres has several rows.

    Names of files that are not text are spelt with escapes, as in `song \\udcff.mp3`.
    """
    of_track: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        of_track.setdefault(name, []).append(row)
    return Neighbours(
        voice,
        tuple(name.encode("utf-8", "backslashreplace").decode() for name in of_track),
        tuple(tuple(genres[row] for row in rows) for rows in of_track.values()),
        examples[[rows[0] for rows in of_track.values()]].astype(np.float16),
    )


def write_neighbours(folder: Path, neighbours: Neighbours) -> None:
    """Write them as one file into a fusion's folder: the numbers, and what they are of in its header."""
    tracks = msgspec.json.encode(list(zip(neighbours.names, neighbours.genres, strict=True))).decode()
    header = {"format": FORMAT, "voice": neighbours.voice, "tracks": tracks}
    write_bytes(folder / FILE, save({NUMBERS: neighbours.numbers}, metadata=header))


def read_neighbours(folder: Path) -> Neighbours | None:
    """Those in a fusion's folder; None where none were kept. Raises ModelError where they are damaged or newer."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            if header["format"] != FORMAT:
                raise ModelError(
                    f"{path}: format {header['format']} is not the {FORMAT} this earmark reads; update earmark"
                )
            numbers = file.get_tensor(NUMBERS)
        tracks = msgspec.json.decode(header["tracks"], type=list[tuple[str, tuple[str, ...]]])
    except (OSError, SafetensorError, KeyError, msgspec.DecodeError) as error:
        raise ModelError(f"{path}: the tracks that were learned from cannot be read: {error}") from error
    if len(tracks) != len(numbers):
        raise ModelError(
            f"{path}: it names {len(tracks)} tracks and has numbers of {len(numbers)}; fetch or teach it anew"
        )
    return Neighbours(header["voice"], tuple(t[0] for t in tracks), tuple(t[1] for t in tracks), numbers)
