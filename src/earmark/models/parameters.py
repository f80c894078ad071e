"""The size of a network, counted as Keras counts it."""

from __future__ import annotations

from torch import nn


def parameter_count(model: nn.Module) -> int:
    """Numbers the network consists of: its parameters, and the moving mean and variance of its batch normalisations.

    That is what Keras' `count_params()` gives for the same layers; frozen ones count too, shared ones once.
    """
    learned = sum(parameter.numel() for parameter in model.parameters())
    moving = sum(
        buffer.numel() for name, buffer in model.named_buffers() if name.endswith(("running_mean", "running_var"))
    )
    return learned + moving
