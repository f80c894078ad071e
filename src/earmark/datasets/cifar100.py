"""CIFAR-100: small pictures of a hundred kinds of things, whole or in two random halves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from earmark.datasets.cifar_files import SHAPE, Batch, CifarFiles, read_cifar_files
from earmark.errors import UsageError
from earmark.images.drawing import Drawing
from earmark.tracks import PARTS, Dataset, Fault, Part, Track
from earmark.wording import PICTURES, worded

SOURCE = "CIFAR-100 (100 classes, 32 × 32 pixels, photographs labelled by people)"
LICENCE = "none is stated; the photographs belong to their owners"
CITATION = "A. Krizhevsky, Learning multiple layers of features from tiny images, technical report, 2009"


@worded(PICTURES)
def cifar100(
    *,
    path: str | Path,
    block: Literal[1, 2] | None = None,
    blocks_seed: int = 1,
    labels: Literal["fine", "coarse"] = "fine",
    images_per_class: int | None = None,
    valid_per_class: int = 20,
    seed: int = 1,
) -> Dataset:
    """The published archive, cifar-100-python.tar.gz, or the folder it unpacks to; a single file of it is a test part.

    Its pickles are read without being run. A picture's id is its file and row, `test/00012`, and its title its name.

    block             1 or 2: half of the classes, drawn by `blocks_seed`, and the other half; None: all
    labels            "fine": 100 classes · "coarse": the 20 groups that they belong to
    valid_per_class   pictures of each fine class in the file `train` that are set apart as validation part
    images_per_class  how many of the others to train on: of a smaller number all are in the larger too; None: all
    seed              of these two draws, which the block does not change

    The part test is the published one. Pictures that are in two parts, to the last bit, are listed as faults.
    Raises DataError where the files are not of that layout, UsageError for more pictures than there are.
    """
    path = Path(path)
    if labels not in ("fine", "coarse"):
        raise UsageError(f"labels = {labels!r} must be 'fine' or 'coarse'")
    files = read_cifar_files(path)
    classes = _block(files, block, blocks_seed)
    names = files.fine if labels == "fine" else files.coarse
    tracks = []
    for name, batch in files.batches.items():
        label = batch.fine if labels == "fine" else batch.coarse
        for row, part in _rows(name, batch, classes, images_per_class, valid_per_class, seed, files.fine):
            tracks.append(
                Track(
                    id=f"{name}/{row:05d}",
                    path=str(path),
                    row=row,
                    genres=(names[label[row]],),
                    title=batch.names[row],
                    part=part,
                )
            )

    def pixels(track: Track) -> NDArray[np.uint8]:
        name = track.id.rpartition("/")[0]
        found: NDArray[np.uint8] = files.batches[name].pixels[track.row]
        return found

    def read_many(tracks: Sequence[Track]) -> NDArray[np.float32]:
        return np.stack([pixels(track) for track in tracks]).astype(np.float32) / np.float32(255)

    return Dataset(
        name="cifar100" if block is None else f"cifar100-block{block}",
        medium="image",
        genres=_named(files, classes, labels),
        tracks=tuple(tracks),
        read=lambda track: read_many([track])[0],
        source=f"{SOURCE} in {path}",
        licence=LICENCE,
        citation=CITATION,
        faults=tuple(_repeated(tracks, pixels)),
        read_many=read_many,
        digest=lambda track: hashlib.sha256(pixels(track).tobytes()).hexdigest(),
        drawing=Drawing(trim=False, height=SHAPE[1], width=SHAPE[2], colour="rgb"),
        wording=PICTURES,
    )


def _block(files: CifarFiles, block: int | None, seed: int) -> frozenset[int]:
    """The fine classes of a block, of all where there is none."""
    if block not in (None, 1, 2):
        raise UsageError(f"block = {block}: CIFAR-100 is cut into two, 1 and 2")
    classes = range(len(files.fine))
    drawn = _drawn(((files.fine[label], label) for label in classes), seed)
    half = len(drawn) // 2
    return frozenset(classes if block is None else drawn[:half] if block == 1 else drawn[half:])


def _drawn(things: Iterable[tuple[str, int]], seed: int) -> list[int]:
    """Numbers in an order that a seed and their names make, the same on every machine."""
    keys = {number: hashlib.sha256(f"{seed} {name}".encode()).digest() for name, number in things}
    return sorted(keys, key=keys.__getitem__)


def _named(files: CifarFiles, classes: frozenset[int], labels: str) -> tuple[str, ...]:
    """Names of the classes in the files' order; of groups those alone that the classes belong to."""
    if labels == "fine":
        return tuple(files.fine[label] for label in sorted(classes))
    groups = {
        int(group)
        for batch in files.batches.values()
        for group in np.unique(batch.coarse[np.isin(batch.fine, list(classes))])
    }
    return tuple(files.coarse[group] for group in sorted(groups))


def _rows(
    name: str,
    batch: Batch,
    classes: frozenset[int],
    images_per_class: int | None,
    valid_per_class: int,
    seed: int,
    names: Sequence[str],
) -> list[tuple[int, Part]]:
    """The rows of one file that are used, in their order, each with its part."""
    if name != "train":
        return [(int(row), "test") for row in np.flatnonzero(np.isin(batch.fine, list(classes)))]
    parts: dict[int, Part] = {}
    for label in sorted(classes):
        rows = _drawn(((f"{name}/{row}", int(row)) for row in np.flatnonzero(batch.fine == label)), seed)
        left = len(rows) - valid_per_class
        wanted = left if images_per_class is None else images_per_class
        if valid_per_class < 0 or not 1 <= wanted <= left:
            raise UsageError(
                f"{names[label]} has {len(rows)} pictures to learn from: valid_per_class = {valid_per_class} and "
                f"images_per_class = {images_per_class} do not fit"
            )
        parts |= dict.fromkeys(rows[:valid_per_class], "valid")
        parts |= dict.fromkeys(rows[valid_per_class:][:wanted], "train")
    return sorted(parts.items())


def _repeated(tracks: Sequence[Track], pixels: Callable[[Track], NDArray[np.uint8]]) -> list[Fault]:
    """Pictures of one part that are in an earlier one too, to the last bit."""
    first: dict[bytes, Track] = {}
    faults = []
    for track in sorted(tracks, key=lambda track: PARTS.index(track.part or "train")):
        earlier = first.setdefault(pixels(track).tobytes(), track)
        if earlier.part != track.part:
            named = "" if earlier.genres == track.genres else f", there called {earlier.genre}"
            faults.append(Fault(track.id, f"the same picture as {earlier.id} of the {earlier.part} part{named}"))
    return faults
