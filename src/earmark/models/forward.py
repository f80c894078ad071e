"""Running a network over more examples than fit at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


@torch.inference_mode()
def batched_logits(
    model: nn.Module,
    x: Tensor,
    prepare: Callable[[Tensor], Tensor],
    *,
    batch_size: int = 128,
    bfloat16: bool = False,
) -> Tensor:
    """Logits (n, classes) float32 of examples (n, …), in evaluation mode, on the model's device.

    `prepare` is applied to each batch there: what standardises it.
    """
    device = next(model.parameters()).device
    model.eval()
    out = []
    for start in range(0, len(x), batch_size):
        batch = prepare(x[start : start + batch_size].to(device))
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16):
            out.append(model(batch).float())
    return torch.cat(out)
