"""Several augmentations in their order, from labels to shares."""

import torch
from torch import Tensor

from earmark.augment.chain import chain
from earmark.augment.gain import gain
from earmark.augment.shift import shift


def test_labels_become_shares_and_order_is_kept() -> None:
    def double(x: Tensor, target: Tensor, _: torch.Generator) -> tuple[Tensor, Tensor]:
        return x * 2, target

    def add(x: Tensor, target: Tensor, _: torch.Generator) -> tuple[Tensor, Tensor]:
        return x + 1, target.flip(1)

    x, target = chain([double, add], classes=3)(torch.ones(2, 4, 5), torch.tensor([0, 1]), torch.Generator())
    assert (x == 3).all()
    assert target.tolist() == [[0, 0, 1], [0, 1, 0]]


def test_all_draw_from_one_generator_in_turn() -> None:
    x, labels = torch.randn(4, 3, 8, generator=torch.Generator().manual_seed(3)), torch.tensor([0, 1, 1, 0])
    both, _ = chain([gain(), shift()], classes=2)(x.clone(), labels, torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(1)
    one_by_one, target = gain()(x.clone(), torch.zeros(4, 2), generator)
    one_by_one, _ = shift()(one_by_one, target, generator)
    assert torch.equal(both, one_by_one)


def test_an_empty_chain_only_spreads_the_labels() -> None:
    x, target = chain([], classes=2)(torch.ones(1, 1, 1), torch.tensor([1]), torch.Generator())
    assert x.tolist() == [[[1]]]
    assert target.tolist() == [[0, 1]]
