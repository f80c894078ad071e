"""In which precision a device calculates where a recipe asks for half of it."""

from __future__ import annotations

import torch

from earmark.recipe import Precision


def precision_on(device: torch.device, wanted: Precision) -> Precision:
    """`wanted`, or float32 on a CPU that has nothing for bfloat16.

    torch calculates in bfloat16 on every CPU, but in good time with AVX-512 alone: without it, a layer of BERT and
    convolutions took ten times as long as in float32 and more, and an LSTM failed.
    """
    slow = device.type == "cpu" and torch.backends.cpu.get_cpu_capability() != "AVX512"
    return "float32" if slow else wanted
