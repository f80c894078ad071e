"""A network that starts from weights trained before: what comes along, what is held, and how fast it moves."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec
from torch import Tensor, nn, optim

from earmark.errors import ModelError, UsageError, nearest

Parts = Literal["all_but_head"] | Sequence[str]


class Inherited(msgspec.Struct, frozen=True, kw_only=True):
    """Tensors by name: what was loaded and what stays at random.

    loaded   as they are in the source
    fresh    of the part that was asked for, those which the source lacks
    unlike   likewise, those which it has in another shape: "name 256 × 512, there 256 × 6144"
    numbers  how many were loaded
    """

    loaded: tuple[str, ...]
    fresh: tuple[str, ...]
    unlike: tuple[str, ...]
    numbers: int


def inherit(model: nn.Module, weights: Mapping[str, Tensor], parts: Parts, *, where: str) -> Inherited:
    """Load into `model` what `weights` have of those parts, by name and shape.

    Raises UsageError for a part that the model does not have, ModelError naming `where` if nothing fits.
    """
    own = model.state_dict()
    if parts == "all_but_head":
        head = head_of(model)
        wanted = [name for name in own if not _below(name, head)]
    else:
        for part in parts:
            _require(model, part)
        wanted = [name for name in own if any(_below(name, part) for part in parts)]
    there = [name for name in wanted if name in weights]
    loaded = [name for name in there if weights[name].shape == own[name].shape]
    if not loaded:
        raise ModelError(
            f"{where}: none of its {len(weights)} tensors fits one that the network has in its place, such as "
            f"{wanted[0] if wanted else next(iter(own))}; start from a run of the same model, or name other init.parts"
        )
    model.load_state_dict({name: weights[name] for name in loaded}, strict=False)
    return Inherited(
        loaded=tuple(loaded),
        fresh=tuple(name for name in wanted if name not in weights),
        unlike=tuple(
            f"{name} {_written(own[name])}, there {_written(weights[name])}" for name in there if name not in loaded
        ),
        numbers=sum(own[name].numel() for name in loaded),
    )


def head_of(model: nn.Module) -> str:
    """The name of the last layer: that which gives one number a class."""
    layers: list[str] = [name for name, module in model.named_modules() if module._parameters]
    return layers[-1]


def hold(model: nn.Module, epochs: Mapping[str, float], *, epoch: int) -> None:
    """Keep those tensors from learning whose last held epoch, by their names, is not over, and let go of the others.

    Modules that hold nothing else stop moving their statistics and dropping out, until `model.train()` is called.
    """
    held = {name for name, last in epochs.items() if epoch <= last}
    for name, parameter in model.named_parameters():
        if name in epochs:
            parameter.requires_grad_(name not in held)
    for path, module in model.named_modules():
        inside = [f"{path}.{name}" if path else name for name in module.state_dict()]
        if inside and all(name in held for name in inside):
            module.eval()


def held_epochs(
    model: nn.Module, factor: float | Mapping[str, float], loaded: Collection[str], *, frozen: float
) -> dict[str, float]:
    """The last epoch in which each tensor is held, by its name: what was loaded for `frozen` ones.

    What has a `factor` of 0 is held for ever: it would not move, and so is spared the work. Raises as `pace` does, and
    UsageError where nothing would be left to learn.
    """
    factors = _factors(model, factor, loaded)
    still = {name: math.inf for name, value in factors.items() if value == 0}
    held = (dict.fromkeys(loaded, frozen) if frozen else {}) | still
    if all(name in held for name, _ in model.named_parameters()):
        raise UsageError("init: all of the network is frozen, so that nothing can learn; leave a part free")
    return held


def pace(
    optimiser: optim.Optimizer, model: nn.Module, factor: float | Mapping[str, float], loaded: Collection[str]
) -> None:
    """Multiply the learning rate of what was loaded by `factor`; or of each part by that under its name.

    Groups with a factor come last, those with 0 behind all, so that the first group's rate is that of the rest. Of
    parts inside each other the longer name counts. Raises UsageError for a part that the model does not have, or a
    factor below 0.
    """
    factors = _factors(model, factor, loaded)
    of_parameter = {parameter: factors[name] for name, parameter in model.named_parameters()}
    groups = []
    for value in sorted(set(of_parameter.values()), key=lambda value: (value == 0.0, value != 1.0, value)):
        for group in optimiser.param_groups:
            chosen = [parameter for parameter in group["params"] if of_parameter[parameter] == value]
            if chosen:
                groups.append({**group, "params": chosen, "lr": group["lr"] * value})
    optimiser.param_groups[:] = groups


def _factors(model: nn.Module, factor: float | Mapping[str, float], loaded: Collection[str]) -> dict[str, float]:
    """The factor of each tensor, by its name."""
    factors = dict(factor) if isinstance(factor, Mapping) else dict.fromkeys(loaded, factor)
    if isinstance(factor, Mapping):
        for part in factor:
            _require(model, part)
    if any(value < 0 for value in factors.values()):
        raise UsageError(f"init.learning_rate_factor = {factor}: a factor must be 0 or more")
    found = {}
    for name in model.state_dict():
        parts = [part for part in factors if _below(name, part)]
        found[name] = factors[max(parts, key=len)] if parts else 1.0
    return found


def _below(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _require(model: nn.Module, part: str) -> None:
    known = [name for name, _ in model.named_modules() if name]
    if not any(_below(name, part) for name in [*known, *model.state_dict()]):
        shown = ", ".join(name for name, _ in model.named_children())
        raise UsageError(f"init: the network has no part {part!r}{nearest(part, known)}; it has: {shown}")


def _written(tensor: Tensor) -> str:
    return " × ".join(map(str, tensor.shape)) or "one number"
