"""What every listed augmentation must hold."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import Tensor

from earmark.catalog import AUGMENTATIONS

CLASSES = 4
PICTURES = (4, 3, 16, 20)
SHAPES = [(6, 16, 20), (1, 16, 20), (3, 1, 1), (2, 2, 1), (2, 1, 3), PICTURES]
OF_EACH_VALUE = {"noise"}  # what is drawn for each value differs between the channels of a picture
MIXING = {"cutmix", "mixup"}  # a batch of one has nobody to be blended with
every_augmentation = pytest.mark.parametrize("name", AUGMENTATIONS.names())


def batch(shape: tuple[int, ...], seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator)
    return x, torch.nn.functional.one_hot(torch.arange(shape[0]) % CLASSES, CLASSES).float()


def augmented(name: str, shape: tuple[int, ...], seed: int = 1) -> tuple[Tensor, Tensor]:
    augmentation = AUGMENTATIONS.build(name, options={})
    out: tuple[Tensor, Tensor] = augmentation(*batch(shape), torch.Generator().manual_seed(seed))
    return out


@every_augmentation
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_keeps_shape_and_kind_and_stays_finite(name: str, shape: tuple[int, ...]) -> None:
    for before, after in zip(batch(shape), augmented(name, shape), strict=True):
        assert after.shape == before.shape
        assert after.dtype == before.dtype
        assert after.isfinite().all()


@every_augmentation
def test_its_targets_remain_shares_of_the_classes(name: str) -> None:
    _, target = augmented(name, (64, 4, 5))
    assert (target >= 0).all()
    torch.testing.assert_close(target.sum(1), torch.ones(64))


@every_augmentation
def test_it_draws_from_the_generator_alone(name: str) -> None:
    torch.manual_seed(1)
    first = augmented(name, SHAPES[0])
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second = augmented(name, SHAPES[0])
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@every_augmentation
def test_another_draw_gives_another_batch(name: str) -> None:
    assert not torch.equal(augmented(name, (32, 16, 20), seed=1)[0], augmented(name, (32, 16, 20), seed=2)[0])


@every_augmentation
def test_a_picture_is_changed_as_log_mel_is_and_all_its_channels_alike(name: str) -> None:
    x, target = batch((32, 16, 20))
    grey = x[:, None].repeat(1, 3, 1, 1)
    augmentation = AUGMENTATIONS.build(name, options={})
    expected, shares = augmentation(x, target, torch.Generator().manual_seed(1))
    pictures, same_shares = augmentation(grey, target, torch.Generator().manual_seed(1))
    assert torch.equal(same_shares, shares)
    for channel in pictures.unbind(1):
        assert torch.equal(channel, expected) is (name not in OF_EACH_VALUE)


@every_augmentation
def test_each_example_is_changed_by_itself(name: str) -> None:
    """A batch of one example over and over does not stay one."""
    x, target = batch((1, 16, 20))
    many, _ = AUGMENTATIONS.build(name, options={})(
        x.repeat(32, 1, 1), target.repeat(32, 1), torch.Generator().manual_seed(1)
    )
    assert (len(many.unique(dim=0)) > 1) is (name not in MIXING)


@every_augmentation
def test_only_mixing_changes_whose_example_it_is(name: str) -> None:
    changed = not torch.equal(augmented(name, (32, 4, 5))[1], batch((32, 4, 5))[1])
    assert changed is (name in MIXING)


@every_augmentation
def test_its_options_are_keywords_with_defaults(name: str) -> None:
    parameters = inspect.signature(AUGMENTATIONS.find(name)).parameters.values()
    assert [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY or p.default is p.empty] == []


@every_augmentation
def test_its_docstring_names_every_option_and_gives_a_source_or_a_reason(name: str) -> None:
    said = inspect.getdoc(AUGMENTATIONS.find(name)) or ""
    assert [option for option in AUGMENTATIONS.options(name) if option not in said] == []
    paragraphs = said.split("\n\n")
    assert "Source:" in said or len(paragraphs) > 1
