"""The files of CIFAR-100 in its published layout: the archive, the folder it unpacks to, or one pickle of it."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.datasets.plain_pickle import read_plain_pickle
from earmark.errors import DataError

SHAPE = (3, 32, 32)
FOLDER, META, BATCHES = "cifar-100-python", "meta", ("train", "test")
LARGEST = 500_000_000  # bytes of one file; the largest of the published ones has 155 million
FINE = (
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can "
    "castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin "
    "elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster "
    "man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck "
    "pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk "
    "skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger "
    "tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm"
)
COARSE = (
    "aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices "
    "household_furniture insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes "
    "large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles small_mammals trees "
    "vehicles_1 vehicles_2"
)


@dataclass(frozen=True)
class Batch:
    """The pictures of one file.

    pixels        (n, 3, 32, 32) uint8
    fine, coarse  (n,) int: places of the classes' names
    names         what each picture was called
    """

    pixels: NDArray[np.uint8]
    fine: NDArray[np.int64]
    coarse: NDArray[np.int64]
    names: tuple[str, ...]


@dataclass(frozen=True)
class CifarFiles:
    """What lies at a path: the batches by name, train and test, or one file alone by its own; names of the classes."""

    batches: dict[str, Batch]
    fine: tuple[str, ...]
    coarse: tuple[str, ...]


def read_cifar_files(path: Path) -> CifarFiles:
    """Read the archive, its unpacked folder or the folder that holds this, or one of its pickles.

    Where there is no file `meta`, the classes have their published names.
    Raises DataError naming the file where nothing of that layout is there, something is damaged, asks to be run, or
    does not fit together.
    """
    contents = dict(_contents(path))
    fine, coarse = FINE.split(), COARSE.split()
    if META in contents:
        table = read_plain_pickle(contents.pop(META), where=f"{path}: {META}")
        fine, coarse = (_texts(table, f"{kind}_label_names", f"{path}: {META}") for kind in ("fine", "coarse"))
    if not contents:
        raise DataError(f"{path}: no file {' or '.join(BATCHES)} in it; `earmark fetch cifar100` brings the data set")
    batches = {
        name: _batch(content, len(fine), len(coarse), where=f"{path}: {name}" if name != path.name else str(path))
        for name, content in sorted(contents.items())
    }
    return CifarFiles(batches, tuple(fine), tuple(coarse))


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of the files by name."""
    try:
        if path.is_dir():
            folder = path / FOLDER if (path / FOLDER).is_dir() else path
            for name in (META, *BATCHES):
                if (folder / name).is_file():
                    yield name, (folder / name).read_bytes()
        elif tarfile.is_tarfile(path):
            yield from _members(path)
        else:
            if (path.parent / META).is_file():
                yield META, (path.parent / META).read_bytes()
            yield path.name, path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: no such file or folder; `earmark fetch cifar100` brings the data set (169 MB)"
        ) from error
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}; it was cut off or damaged, fetch it again") from error


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name).name
            content = archive.extractfile(member) if member.isfile() else None
            if content is None or name not in (META, *BATCHES):
                continue
            if member.size > LARGEST:
                raise DataError(f"{path}: {name} has {member.size:,} bytes; it is not what it should be")
            yield name, content.read()
        if archive.fileobj:
            archive.fileobj.read(tarfile.BLOCKSIZE)  # past the padding, where gzip keeps its checksum


def _batch(content: bytes, fine: int, coarse: int, *, where: str) -> Batch:
    table = read_plain_pickle(content, where=where)
    pixels = _entry(table, "data", where)
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.shape[1] != np.prod(SHAPE) or not len(pixels):
        found = f"{pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise DataError(f"{where}: data is {found}; it must be uint8 (pictures, {np.prod(SHAPE):,})")
    names = _texts(table, "filenames", where)
    of_fine, of_coarse = _labels(table, "fine_labels", fine, where), _labels(table, "coarse_labels", coarse, where)
    for key, values in (("fine_labels", of_fine), ("coarse_labels", of_coarse), ("filenames", names)):
        if len(values) != len(pixels):
            raise DataError(f"{where}: {len(values):,} {key} for {len(pixels):,} pictures")
    return Batch(pixels.reshape(-1, *SHAPE), of_fine, of_coarse, tuple(names))


def _entry(table: dict[str | bytes, Any], key: str, where: str) -> Any:
    for found in (key, key.encode()):  # text of Python 2, bytes where Python 3 has written the pickle again
        if found in table:
            return table[found]
    raise DataError(f"{where}: no entry {key!r}: not a file of CIFAR-100")


def _texts(table: dict[str | bytes, Any], key: str, where: str) -> list[str]:
    values = _entry(table, key, where)
    if not isinstance(values, list) or not all(isinstance(value, str | bytes) for value in values):
        raise DataError(f"{where}: {key} is no list of names")
    return [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values]


def _labels(table: dict[str | bytes, Any], key: str, classes: int, where: str) -> NDArray[np.int64]:
    values = _entry(table, key, where)
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise DataError(f"{where}: {key} is no list of whole numbers")
    for row, value in enumerate(values):
        if not 0 <= value < classes:
            raise DataError(f"{where}: {key}[{row}] = {value}, but there are {classes} classes, counted from 0")
    return np.array(values, dtype=np.int64)
