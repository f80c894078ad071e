"""Optimisers by name. Weight decay leaves vectors alone: biases and the scales of normalisation are not shrunk."""

from __future__ import annotations

from typing import Any

from torch import nn, optim


def sgd(
    model: nn.Module,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> optim.Optimizer:
    """Stochastic gradient descent, with momentum where asked."""
    return optim.SGD(_groups(model, weight_decay), lr=learning_rate, momentum=momentum, nesterov=nesterov)


def adam(
    model: nn.Module, *, learning_rate: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999)
) -> optim.Optimizer:
    """Adam without weight decay (Kingma & Ba 2015, arXiv:1412.6980)."""
    return optim.Adam(_groups(model, 0.0), lr=learning_rate, betas=betas)


def adamw(
    model: nn.Module,
    *,
    learning_rate: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    weight_decay: float = 0.01,
) -> optim.Optimizer:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101)."""
    return optim.AdamW(_groups(model, weight_decay), lr=learning_rate, betas=betas)


def rmsprop(
    model: nn.Module,
    *,
    learning_rate: float = 1e-3,
    smoothing: float = 0.9,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> optim.Optimizer:
    """RMSprop (Hinton 2012, lecture 6e of "Neural Networks for Machine Learning"), smoothing as Keras has it."""
    groups = _groups(model, weight_decay)
    return optim.RMSprop(groups, lr=learning_rate, alpha=smoothing, momentum=momentum, eps=1e-7)


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
