"""The small CNN against Keras' counts, its layers one by one, and what its keywords change."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from earmark.errors import ModelError, UsageError
from earmark.models.image_cnn import ACTIVATIONS, ImageCNN
from earmark.models.parameters import parameter_count

SHAPE = (3, 32, 32)


@pytest.mark.parametrize(("skip", "count"), [(False, 1_054_436), (True, 2_496_228)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_has_as_many_parameters_as_in_keras(skip: bool, count: int, activation: str) -> None:
    assert parameter_count(ImageCNN(SHAPE, 100, skip=skip, activation=activation)) == count


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", [SHAPE, (1, 24, 30), (25, 22)])
def test_equals_the_layers_one_by_one(skip: bool, training: bool, shape: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    model = ImageCNN(shape, 4, skip=skip, widths=(2, 3, 5), dropout=0.0, activation="tanh").double().train(training)
    x = torch.randn(6, *shape, dtype=torch.float64)
    values, flat = x.reshape(6, -1, *shape[-2:]), []
    for convolution, _, normalisation, _ in model.encoder:
        values = F.conv2d(values, convolution.weight, convolution.bias).tanh()
        values = F.max_pool2d(normalisation(values), 2)
        flat.append(values.flatten(1))
    wide = model.wide[0](flat[2]).tanh()
    joined = torch.cat([wide, flat[1], flat[2]], dim=1) if skip else wide
    torch.testing.assert_close(model(x), model.head(model.narrow[0](joined).tanh()))


def test_the_skip_sees_the_second_pool_and_the_third() -> None:
    model = ImageCNN(SHAPE, 100, skip=True)
    assert model.narrow[0].in_features == 512 + 4_608 + 1_024


def test_variants_of_one_width_have_encoders_of_one_kind() -> None:
    plain = ImageCNN(SHAPE, 50).encoder.state_dict()
    for options in ({"skip": True}, {"activation": "gelu"}, {"dropout": 0.0}):
        other = ImageCNN(SHAPE, 10, **options).encoder.state_dict()
        assert {k: v.shape for k, v in other.items()} == {k: v.shape for k, v in plain.items()}


@pytest.mark.parametrize("widths", [(64, 128), (64, 128, 0), ()])
def test_other_than_three_widths_are_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"image_cnn: widths = \[.*\] must be three numbers, each 1 or more"):
        ImageCNN(SHAPE, 10, widths=widths)


def test_a_picture_too_small_is_refused() -> None:
    assert ImageCNN((1, 22, 22), 2, widths=(1, 1, 1)).eval()(torch.zeros(1, 1, 22, 22)).shape == (1, 2)
    with pytest.raises(ModelError, match=r"at least 22 × 22 \(height × width\), not 3 × 22 × 21"):
        ImageCNN((3, 22, 21), 10)
