"""The autoencoder: what goes in comes out in the same shape, by way of the encoder that a classifier can take over."""

from __future__ import annotations

import re
from inspect import getdoc

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import ModelError, UsageError
from earmark.models.autoencoder import Autoencoder
from earmark.models.image_cnn import ImageCNN
from earmark.models.parameters import parameter_count


@given(st.integers(1, 3), st.integers(22, 50), st.integers(22, 50))
@settings(max_examples=20, deadline=None)
def test_any_picture_comes_back_in_its_shape(channels: int, height: int, width: int) -> None:
    shape = (channels, height, width)
    assert Autoencoder(shape, widths=(2, 3))(torch.zeros(2, *shape)).shape == (2, *shape)
    assert Autoencoder(shape[1:], widths=(2, 3))(torch.zeros(2, *shape[1:])).shape == (2, *shape[1:])


def test_its_encoder_is_the_beginning_of_image_cnn() -> None:
    ours = Autoencoder((3, 32, 32), activation="elu").encoder
    theirs = ImageCNN((3, 32, 32), 50, activation="elu").encoder
    third = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert not third.unexpected_keys
    assert {name.partition(".")[0] for name in third.missing_keys} == {"2"}
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    maps = x
    for block in list(theirs.eval())[:2]:
        maps = block(maps)
    assert torch.equal(ours.eval()(x), maps)


def test_the_code_holds_fewer_numbers_than_the_picture() -> None:
    model = Autoencoder((3, 32, 32)).eval()
    assert model.squeeze(model.encoder(torch.zeros(1, 3, 32, 32))).shape == (1, 32, 6, 6)


def test_the_documented_parameter_count_is_the_real_one() -> None:
    told = re.search(r"([\d,]+) parameters at 3 × 32 × 32\.", getdoc(Autoencoder) or "")
    assert told is not None
    assert told[1] == f"{parameter_count(Autoencoder((3, 32, 32))):,}"


def test_every_parameter_learns() -> None:
    torch.manual_seed(1)
    model, x = Autoencoder((3, 32, 32), widths=(4, 4)), torch.randn(4, 3, 32, 32)
    (model(x) - x).square().mean().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_what_it_cannot_take_is_refused() -> None:
    with pytest.raises(ModelError, match=r"at least 22 × 22 \(height × width\), not 3 × 21 × 32"):
        Autoencoder((3, 21, 32))
    with pytest.raises(UsageError, match=r"widths = \[4, 0\] must be one to three numbers, each 1 or more"):
        Autoencoder((3, 32, 32), widths=(4, 0))
    with pytest.raises(UsageError, match="code = 0 must be 1 or more"):
        Autoencoder((3, 32, 32), code=0)
