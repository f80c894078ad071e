"""The LSTM that Keras has."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class LSTM(nn.LSTM):
    """`nn.LSTM` with one bias a gate, as in Keras: 4 · units · (inputs + units + 1) parameters a layer and direction.

    Torch adds two biases where one suffices. Trained together they move at twice the learning rate, and they count as
    twice the parameters. Here the second is a constant 0 that is neither trained nor saved.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, bias in [*self.named_parameters()]:
            if name.startswith("bias_hh"):
                delattr(self, name)
                self.register_buffer(name, torch.zeros_like(bias, requires_grad=False), persistent=False)
                setattr(self, name, getattr(self, name))  # assignment is what makes nn.LSTM use it
