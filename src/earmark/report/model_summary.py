"""What a model is made of, for its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Layer:
    """One innermost module: its name in the model, its class, the shape it gives without the batch, its parameters."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class ModelSummary:
    """A model's catalog name, the first line of its docstring, and its layers in the order they run."""

    name: str
    says: str
    parameters: int
    layers: tuple[Layer, ...] = ()


def summarise(name: str, model: nn.Module, shape: tuple[int, ...] | None) -> ModelSummary:
    """Run one example of zeros with this `shape` through the model, and note what each layer gives.

    Without a shape, as of a model that reads texts, nothing is run and no layers are listed. Parameters shared by
    several layers are counted once. The model's mode, weights and statistics stay as they were.
    """
    layers: list[Layer] = []
    counted: set[Tensor] = set()

    def note(path: str) -> Any:
        def hook(module: nn.Module, _: Any, output: Any) -> None:
            given = output[0] if isinstance(output, tuple) else output
            new = set(module.parameters()) - counted
            counted.update(new)
            layers.append(Layer(path, type(module).__name__, tuple(given.shape[1:]), sum(p.numel() for p in new)))

        return hook

    hooks = [
        module.register_forward_hook(note(path)) for path, module in model.named_modules() if not [*module.children()]
    ]
    modes = {module: module.training for module in model.modules()}
    try:
        with torch.no_grad():
            device = next((p.device for p in model.parameters()), torch.device("cpu"))
            if shape is not None:
                model.eval()(torch.zeros(1, *shape, device=device))
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes.items():
            module.training = mode
    says = (model.__doc__ or "").strip().partition("\n")[0]
    return ModelSummary(name, says, sum(p.numel() for p in model.parameters()), tuple(layers))
