"""Packs: a classifier in one file that can be sent, checked before anything in it is used.

A pack is a zip of the classifier's folder, its members stored as they are, with `pack.json` that names each of them and
its digest. It is unpacked into the cache under its own digest, so that a pack that was used before is there already,
and whatever works with a classifier's folder works with a pack.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from earmark.download import fetch
from earmark.errors import DataError, EarmarkError, ModelError, UsageError
from earmark.folders import cache_folder
from earmark.unpack import unpack

SUFFIX = ".earmark"
MANIFEST = "pack.json"
FORMAT = 1
LARGEST = 4_000_000_000  # bytes of a pack from elsewhere
BESIDE = 2_000_000  # bytes that names and places of members take beside them
BLOCK = 1 << 20
PIN = "#sha256="
NAME = re.compile(r"\w[\w.+=@-]*")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in pack.json.

    name     of the classifier, as its folder was called
    earmark  the release that packed it
    files    members by name, with the SHA-256 of each
    """

    name: str
    earmark: str
    files: dict[str, str]
    format: int = FORMAT


def is_address(model: Path | str) -> bool:
    """Whether that is no path but an address, as in https://host/jazz.earmark or s3://bucket/jazz.earmark."""
    return "://" in str(model)


def is_pack(model: Path | str) -> bool:
    """Whether that is a pack: a file whose name ends in .earmark, or an address."""
    return is_address(model) or str(model).endswith(SUFFIX)


def unpacked(model: Path | str) -> Path:
    """The folder of a pack's classifier, every member checked; it is in the cache, and must not be written into.

    model: a path, or an address. One that ends in `#sha256=` and 64 hex digits is of that very pack, which is then not
    fetched twice; without them an address is fetched each time. Raises ModelError where there is no such pack, it is
    damaged or newer, or another than the digest says; UsageError where what reads such addresses is not installed.
    """
    if not is_address(model):
        return _opened(Path(model))
    address, _, pin = str(model).partition(PIN)
    there = _place(pin) if pin else None
    if there is not None and there.is_dir():
        try:
            return _checked(there)
        except ModelError:
            shutil.rmtree(there, ignore_errors=True)  # and fetch it again
    waiting = cache_folder() / "packs" / f".{secrets.token_hex(8)}{SUFFIX}"
    try:
        _bring(address, waiting)
        return _opened(waiting, pin=pin, where=address)
    finally:
        for left in waiting.parent.glob(f"{waiting.name}*"):
            left.unlink()


def _bring(address: str, target: Path) -> None:
    """Fetch what is at an address. Raises ModelError naming it, UsageError where what reads it is not installed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scheme = urlsplit(address).scheme
    try:
        if scheme in ("http", "https"):
            fetch([address], target, limit=LARGEST)
            return
        import fsspec

        with fsspec.open(address, "rb") as source, target.open("wb") as file:
            while block := source.read(BLOCK):
                file.write(block)
                if file.tell() > LARGEST:
                    raise ModelError(f"{address}: more than {LARGEST:,} bytes; it is no pack")
    except ImportError as error:
        extra = "; pip install 'earmark[s3]'" if scheme == "s3" else ""
        raise UsageError(f"{address}: what reads {scheme} addresses is not installed: {error}{extra}") from error
    except EarmarkError as error:
        raise ModelError(f"{address}: cannot be fetched: {error}") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{address}: cannot be fetched: {error}") from error


def _opened(pack: Path, *, pin: str = "", where: str = "") -> Path:
    """The folder of a pack's classifier, unpacked where that has not been done."""
    where = where or str(pack)
    try:
        with pack.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = pack.stat().st_size
    except OSError as error:
        raise ModelError(f"{where}: the pack cannot be read: {error.strerror}") from error
    if pin and digest != pin.casefold():
        raise ModelError(f"{where}: its sha256 is {digest}, not {pin}; it is another pack, or was changed")
    place = _place(digest)
    if place.is_dir():
        try:
            return _checked(place)
        except ModelError:
            shutil.rmtree(place, ignore_errors=True)  # damaged in the cache; the pack itself is at hand
    fresh = place.with_name(f".{digest[:16]}.{secrets.token_hex(4)}")
    try:
        unpack(pack, fresh, limit_bytes=size + BESIDE)
        name = _checked(fresh, where).name
        try:
            fresh.rename(place)
        except OSError:
            if not place.is_dir():  # unless another process was first
                raise
        return place / name
    except DataError as error:
        raise ModelError(f"{where}: it is no pack: {error}") from error
    except OSError as error:
        raise ModelError(f"{place}: the pack cannot be unpacked into the cache: {error.strerror}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _checked(place: Path, where: str = "") -> Path:
    """The classifier's folder in an unpacked pack, once its members are those that its manifest names.

    Raises ModelError naming the first that is not.
    """
    where = where or str(place)
    try:
        manifest = msgspec.json.decode((place / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f"{where}: it is no pack: {MANIFEST} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise ModelError(
            f"{where}: format {manifest.format} is not the {FORMAT} this earmark reads; update earmark "
            f"(it was packed by {manifest.earmark})"
        )
    folder = place / manifest.name
    if not NAME.fullmatch(manifest.name) or not folder.is_dir():
        raise ModelError(f"{where}: it is no pack: {manifest.name!r} is no folder in it")
    there = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()} - {MANIFEST}
    if odd := sorted(there ^ manifest.files.keys()):
        missing = "missing" if odd[0] in manifest.files else f"not named in {MANIFEST}"
        raise ModelError(f"{where}: {odd[0]} is {missing}; the pack was changed")
    for name, digest in manifest.files.items():
        with (place / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != digest:
            raise ModelError(f"{where}: {name} is damaged: its sha256 is {found}, not {digest}")
    return folder


def _place(digest: str) -> Path:
    """Where a pack of that digest is unpacked. Raises UsageError where that is no digest."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise UsageError(f"{PIN}{digest}: a SHA-256 is 64 hex digits")
    return cache_folder() / "packs" / digest.casefold()
