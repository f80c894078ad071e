"""Losses by hand."""

import math

import pytest
import torch

from earmark.catalog import LOSSES
from earmark.errors import UsageError
from earmark.training.losses import Loss, binary_cross_entropy, cross_entropy, focal

LOGITS = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_cross_entropy_by_hand() -> None:
    first = math.log(math.exp(2) + 2) - 2
    second = math.log(math.exp(1) + 2) - 1
    loss = cross_entropy()(LOGITS, torch.tensor([0, 1]))
    assert float(loss) == pytest.approx((first + second) / 2, rel=1e-6)


def test_label_smoothing_shares_the_target_among_all_classes() -> None:
    soft = torch.full((2, 3), 0.1 / 3)
    soft[0, 0] += 0.9
    soft[1, 1] += 0.9
    smoothed = cross_entropy(label_smoothing=0.1)(LOGITS, torch.tensor([0, 1]))
    assert float(smoothed) == pytest.approx(float(cross_entropy()(LOGITS, soft)), rel=1e-6)


LABELS = torch.tensor([0, 1])
SHARES = torch.tensor([[0.25, 0.0, 0.75], [0.0, 1.0, 0.0]])
ALL = {
    "cross_entropy": cross_entropy(),
    "smoothed": cross_entropy(label_smoothing=0.2),
    "binary_cross_entropy": binary_cross_entropy(),
    "focal": focal(),
    "less focal": focal(gamma=0.5),
}
every_loss = pytest.mark.parametrize("loss", ALL.values(), ids=ALL)


def test_binary_cross_entropy_by_hand() -> None:
    def no(logit: float) -> float:
        return math.log(1 + math.exp(logit))

    def yes(logit: float) -> float:
        return math.log(1 + math.exp(-logit))

    expected = (yes(2) + no(0) + no(0) + no(0) + yes(1) + no(0)) / 2
    assert float(binary_cross_entropy()(LOGITS, LABELS)) == pytest.approx(expected, rel=1e-6)


def test_softmax_is_what_yeses_and_noes_say_once_one_alone_is_known_to_be_true() -> None:
    yes = torch.randn(6, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).sigmoid()
    alone = torch.stack([torch.where(torch.arange(6) == k, yes, 1 - yes).prod() for k in range(6)])
    torch.testing.assert_close(yes.logit().softmax(0), alone / alone.sum())


def test_a_network_that_binary_cross_entropy_has_fitted_answers_with_the_shares_it_was_shown() -> None:
    shares = torch.tensor([[0.7, 0.2, 0.1]])
    logits = torch.zeros(1, 3, requires_grad=True)
    optimiser = torch.optim.SGD([logits], lr=1.0)
    for _ in range(500):
        optimiser.zero_grad()
        binary_cross_entropy()(logits, shares).backward()
        optimiser.step()
    torch.testing.assert_close(logits.detach().sigmoid(), shares, atol=1e-3, rtol=0)
    assert logits.argsort(descending=True).tolist() == [[0, 1, 2]]
    odds = shares / (1 - shares)
    torch.testing.assert_close(logits.detach().softmax(1), odds / odds.sum(), atol=1e-3, rtol=0)


def test_focal_by_hand_and_without_focus() -> None:
    first, second = math.exp(2) / (math.exp(2) + 2), math.exp(1) / (math.exp(1) + 2)
    expected = -((1 - first) ** 2 * math.log(first) + (1 - second) ** 2 * math.log(second)) / 2
    assert float(focal()(LOGITS, LABELS)) == pytest.approx(expected, rel=1e-6)
    assert float(focal(gamma=0)(LOGITS, LABELS)) == pytest.approx(float(cross_entropy()(LOGITS, LABELS)), rel=1e-6)
    with pytest.raises(UsageError, match=r"focal: gamma = -1 must be 0 or more"):
        focal(gamma=-1)


@every_loss
def test_shares_of_one_class_are_its_label(loss: Loss) -> None:
    assert float(loss(LOGITS, torch.eye(3)[LABELS])) == pytest.approx(float(loss(LOGITS, LABELS)), rel=1e-6)


@every_loss
def test_what_mixing_shares_out_lies_between_the_labels(loss: Loss) -> None:
    mixed = float(loss(LOGITS[:1], SHARES[:1]))
    alone = [float(loss(LOGITS[:1], torch.tensor([label]))) for label in (0, 2)]
    assert mixed == pytest.approx(0.25 * alone[0] + 0.75 * alone[1], rel=1e-6)


@every_loss
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_extreme_logits_give_finite_gradients(loss: Loss, kind: torch.dtype) -> None:
    logits = torch.tensor([[200.0, -200.0, 0.0], [0.0, 200.0, 0.0]], dtype=kind, requires_grad=True)
    value = loss(logits, torch.tensor([1, 1]))
    value.backward()
    assert value.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[0, 1] < 0 < logits.grad[0, 0]


def test_the_catalog_lists_them_all() -> None:
    assert LOSSES.names() == ["binary_cross_entropy", "cross_entropy", "focal"]
