"""EfficientNet-Lite0: its published size, TensorFlow's padding, and pictures made larger."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from earmark.errors import UsageError
from earmark.models.efficientnet_lite0 import EfficientNetLite0, _Convolution


def test_it_has_as_many_parameters_as_published() -> None:
    learned = sum(parameter.numel() for parameter in EfficientNetLite0((3, 64, 64), 1000).parameters())
    assert f"{learned / 1e6:.3f}" == "4.652"


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [7, 8])
def test_padding_is_tensorflows(kernel: int, stride: int, size: int) -> None:
    layer = _Convolution(2, 3, kernel, stride=stride, active=False).eval()
    x = torch.randn(1, 2, size, size + 1, generator=torch.Generator().manual_seed(1))
    out = layer(x)
    assert out.shape[2:] == (-(-size // stride), -(-(size + 1) // stride))
    before = [max((n - 1) // stride * stride + kernel - n, 0) // 2 for n in (size, size + 1)]
    padded = F.pad(x, (before[1], kernel, before[0], kernel))
    expected = F.conv2d(padded, layer.convolution.weight, stride=stride)[:, :, : out.shape[2], : out.shape[3]]
    torch.testing.assert_close(out, layer.normalisation(expected))


def test_small_pictures_are_made_as_large_as_asked() -> None:
    torch.manual_seed(1)
    small, large = EfficientNetLite0((3, 32, 32), 4, size=64).eval(), EfficientNetLite0((3, 64, 64), 4).eval()
    large.load_state_dict(small.state_dict())
    x = torch.rand(2, 3, 32, 32)
    resized = F.interpolate(x, (64, 64), mode="bicubic", antialias=True)
    with torch.no_grad():
        torch.testing.assert_close(small(x), large(resized))
    with pytest.raises(UsageError, match="efficientnet_lite0: size = 31 must be 32 or more"):
        EfficientNetLite0((3, 32, 32), 4, size=31)
