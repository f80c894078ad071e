"""The published weights of MSD_musicnn: brought by pip, verified, converted once, kept with licence and citation.

They lie as a TensorFlow checkpoint in the wheel of the PyPI package `musicnn`, which is downloaded and never installed.
"""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from earmark.models.musicnn import MusicnnNetwork
from earmark.models.musicnn_fast import FastMusicnn
from earmark.pretrained.tensor_bundle import read_tensor_bundle
from earmark.pretrained.wheels import Published

WHEEL = "musicnn-0.1.0-py3-none-any.whl"
CHECKPOINT = "musicnn/MSD_musicnn/"  # whose files have no name but a suffix

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


def _convert(wheel: zipfile.ZipFile, where: str) -> dict[str, Tensor]:
    index, data = (wheel.read(CHECKPOINT + suffix) for suffix in (".index", ".data-00000-of-00001"))
    return _converted(read_tensor_bundle(index, data, where=f"{where}: {CHECKPOINT}"))


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


MUSICNN = Published(
    name="musicnn",
    requirement="musicnn==0.1.0",
    wheel=WHEEL,
    sha256="f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
    licence="musicnn-0.1.0.dist-info/LICENSE.md",
    citation=CITED,
    convert=_convert,
    fingerprint="b265c563895decc52275ddd0d7fd2e231412286cd1165272409b762f8d969e96",
)


@functools.cache
def load_musicnn() -> FastMusicnn:
    """The network with its weights, ready to be asked; loaded once in a process, fetched once on a machine.

    Raises ModelError as `fetch_musicnn` does.
    """
    network = MusicnnNetwork()
    network.load_state_dict(MUSICNN.load())
    return FastMusicnn(network)


def fetch_musicnn(wheel: Path | None = None) -> Path:
    """The folder that holds the weights; see `Published.fetch`."""
    return MUSICNN.fetch(wheel)


def musicnn_folder() -> Path:
    """Where the weights lie, or will."""
    return MUSICNN.folder


def download_wheel(folder: Path) -> Path:
    """The wheel as pip brings it to `folder`; see `Published.download`."""
    return MUSICNN.download(folder)
