"""Several trained networks that answer as one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from earmark.catalog import MODELS
from earmark.models.estimator import Fitted

ENSEMBLE = "ensemble"  # not in the catalog: it is made of finished runs, and cannot be trained


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network of an ensemble: whose, what it is, the scale it was trained on, and what divides its logits.

    The scale is one mean and spread for each place along `axis`, or one for all.
    """

    run: str
    name: str
    options: dict[str, Any]
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    axis: int = -2
    temperature: float = 1.0


class Ensemble(nn.Module):
    """Networks whose probabilities are averaged, each fed the examples on the scale that it was trained on.

    Input  (batch, …) examples as the features give them, not standardised.
    Output (batch, classes) logits: the logarithm of the mean of the members' probabilities.
    Source: Lakshminarayanan, Pritzel & Blundell 2017, "Simple and scalable predictive uncertainty estimation using
    deep ensembles", arXiv:1612.01474, section 2.4.
    """

    def __init__(self, shape: tuple[int, ...], classes: int, *, members: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.members = nn.ModuleList(_Scaled(msgspec.convert(m, Member), shape, classes) for m in members)

    def forward(self, x: Tensor) -> Tensor:
        each = torch.stack([member(x) for member in self.members])
        return each.log_softmax(2).logsumexp(0) - math.log(len(each))


def has_epochs(model: nn.Module) -> bool:
    """Whether a model, or any member of an ensemble, learned in epochs, of which one may have been chosen."""
    if isinstance(model, Ensemble):
        return any(has_epochs(member.get_submodule("network")) for member in model.members)
    return not isinstance(model, Fitted)


class _Scaled(nn.Module):
    """A member behind its own scale."""

    mean: Tensor
    spread: Tensor

    def __init__(self, member: Member, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.network = build_network(member.name, shape, classes, member.options)
        self.temperature = member.temperature
        along = (-1, *[1] * (-member.axis - 1))
        self.register_buffer("mean", torch.tensor(member.mean).reshape(along), persistent=False)
        self.register_buffer("spread", torch.tensor(member.spread).reshape(along), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.network((x - self.mean) / self.spread)
        return logits.float() / self.temperature


def build_network(name: str, shape: tuple[int, ...], classes: int, options: Mapping[str, Any]) -> nn.Module:
    """The network of the catalog, or the ensemble, of that name and options; an estimator comes as a network.

    Raises UsageError for an unknown name.
    """
    if name == ENSEMBLE:
        return Ensemble(shape, classes, **options)
    model = MODELS.build(name, shape, classes, options=options)
    return model if isinstance(model, nn.Module) else Fitted(model)
