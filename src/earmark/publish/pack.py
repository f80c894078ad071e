"""A classifier in one file that can be sent: a zip of what it needs, with its card, its licence and checksums."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec

from earmark.atomic import replacing
from earmark.classifier import locate
from earmark.classifier.loading import load
from earmark.classifier.packs import MANIFEST, SUFFIX, Manifest, is_pack
from earmark.errors import DataError, UsageError
from earmark.publish.card import LICENCE, NO_LICENCE, model_card

# What answers, and what a reader needs to know where it comes from; not what a training goes on with, nor its answers.
CARRIED = frozenset(
    {
        "classifier.json",
        "environment.json",
        "fusion.json",
        "inheritance.json",
        "metrics.json",
        "neighbours.safetensors",
        "recipe.toml",
        "split.csv",
        "weights.safetensors",
    }
)
CARD = "README.md"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first date a zip knows: the same classifier gives the same bytes


@dataclass(frozen=True)
class Packed:
    """A pack: where it is, its SHA-256, and how many bytes it has."""

    path: Path
    sha256: str
    size: int


def pack(model: Path | str, out: Path | None = None, *, licence: str | None = None) -> Packed:
    """Write a classifier of any kind, by path or name, into one file; the same one always gives the same bytes.

    out      the file; None: NAME.earmark in the working directory
    licence  under which its weights are given, such as an SPDX identifier; it goes into the card and LICENSE.txt

    Raises ModelError where there is no such classifier or it is damaged, UsageError for a name without .earmark and for
    what is packed already.
    """
    if is_pack(model):
        raise UsageError(f"{model}: it is packed already; copy it")
    folder = locate(model)
    classifier = load(model)  # what cannot be read is not sent
    name = re.sub(r"[^\w.+=@-]+", "_", folder.resolve().name).lstrip(".+=@-") or "classifier"
    out = out or Path(f"{name}{SUFFIX}")
    if out.suffix != SUFFIX:
        raise UsageError(f"{out}: a pack's name ends in {SUFFIX}, by which it is known")
    members = {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.name in CARRIED and path.is_file() and len(path.relative_to(folder).parts) <= 2
    }
    members[f"{name}/{CARD}"] = model_card(folder, classifier, licence=licence).encode()
    members[f"{name}/{LICENCE}"] = f"{licence or NO_LICENCE}\n".encode()
    manifest = Manifest(
        name=name,
        earmark=version("earmark"),
        files={member: hashlib.sha256(content).hexdigest() for member, content in sorted(members.items())},
    )
    listed = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    try:
        with replacing(out) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as file:
            for member, content in ((MANIFEST, listed), *sorted(members.items())):
                entry = zipfile.ZipInfo(member, LONG_AGO)
                entry.create_system = 3  # Unix, on whatever this runs
                entry.external_attr = 0o644 << 16
                file.writestr(entry, content)
    except OSError as error:
        raise DataError(f"{out}: the pack cannot be written: {error.strerror}") from error
    content = out.read_bytes()
    return Packed(out, hashlib.sha256(content).hexdigest(), len(content))
