"""Classical estimators in the places where networks stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.errors import ModelError
from earmark.text.texts import Texts


class Estimator(Protocol):
    """What learns at once and not by gradients: scikit-learn's contract, with what was learned as plain arrays.

    fit            learn from examples, (n, …) or n `Texts` as `takes` says, and the places of their classes (n,);
                   examples of one of `groups` (n,) are not independent of each other
    predict_proba  probabilities (n, classes) of examples (n, …), which `fit` has calibrated on groups it held out:
                   unlike a network's they are taken as they are
    held_out       after `fit`: log-probabilities (n, classes) of its examples, each by a copy that saw nothing of its
                   group: what the same learning is worth on others
    state          all that was learned
    load_state     take it up again; raises ModelError where it does not fit
    """

    held_out: NDArray[np.float64]

    def fit(self, x: Any, y: NDArray[Any], groups: NDArray[Any] | None = None) -> Self: ...
    def predict_proba(self, x: Any) -> NDArray[np.float64]: ...
    def state(self) -> dict[str, NDArray[Any]]: ...
    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None: ...


class Fitted(nn.Module):
    """An estimator that is saved, loaded and asked like a network.

    Its arrays are its parameters, which no gradient reaches. It computes on the CPU wherever it is sent.

    Input  (batch, …) examples as the estimator takes them.
    Output (batch, classes) logits: the logarithm of its probabilities.
    """

    def __init__(self, estimator: Estimator) -> None:
        super().__init__()
        self.estimator = estimator
        self.__doc__ = estimator.__doc__

    def fit(self, x: NDArray[Any] | Texts, y: NDArray[Any], groups: NDArray[Any]) -> Self:
        """Let the estimator learn, and take its arrays up as parameters."""
        self.estimator.fit(x, y, groups)
        self._take_up()
        return self

    def forward(self, x: Tensor) -> Tensor:
        probabilities = torch.from_numpy(self.estimator.predict_proba(x.cpu().numpy()))
        return probabilities.clamp_min(torch.finfo(torch.float32).tiny).log().float().to(x.device)

    def _take_up(self) -> None:
        for name, array in self.estimator.state().items():
            self.register_parameter(name, nn.Parameter(torch.tensor(array), requires_grad=False))

    def _load_from_state_dict(self, state_dict: Mapping[str, Tensor], prefix: str, *_: Any) -> None:
        """Torch's hook; the shapes of what was learned are not known before, so that nothing can be copied in place."""
        own = {key.removeprefix(prefix): value for key, value in state_dict.items() if key.startswith(prefix)}
        self.estimator.load_state({name: value.cpu().numpy() for name, value in own.items()})
        self._take_up()

    def _apply(self, fn: Any, recurse: bool = True) -> Self:  # noqa: ARG002
        """Torch's hook for moves to a device; some have no float64."""
        return self


def groups_to_learn_from(
    model: str, y: NDArray[np.integer[Any]], *, classes: int, groups: NDArray[np.integer[Any]] | None
) -> NDArray[np.integer[Any]]:
    """Which examples belong together, each to itself where `groups` is None.

    Raises ModelError where a class has fewer than two examples, or all are of one group.
    """
    counts = np.bincount(y, minlength=classes)
    if len(counts) > classes or counts.min() < 2:
        raise ModelError(
            f"{model} takes at least 2 examples of each of {classes} classes to learn from, "
            f"not {', '.join(map(str, counts))}; leave out those of fewer by data.genres, or draw another split"
        )
    groups = np.arange(len(y)) if groups is None else groups
    if len(np.unique(groups)) < 2:
        raise ModelError(f"{model}: all examples are of one group; it takes 2 to tell how sure to be of another")
    return groups


def arrays_of(
    model: str, state: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, NDArray[np.float64]]:
    """The arrays of a saved state. Raises ModelError naming the first that is missing, too many or of another shape."""
    for name in (*shapes, *state):
        there = state[name].shape if name in state else None
        if there != shapes.get(name):
            raise ModelError(f"{model}: the array {name} is {there}, it should be {shapes.get(name)}")
    return {name: state[name].astype(np.float64) for name in shapes}


def array_of(model: str, state: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """One array of a saved state. Raises ModelError naming it where it is missing or of another shape."""
    there = state[name].shape if name in state else None
    if there != shape:
        raise ModelError(f"{model}: the array {name} is {there}, it should be {shape}")
    return state[name].astype(np.float64)


def lines_to_bytes(lines: Sequence[str]) -> NDArray[np.uint8]:
    """Texts without line ends as an array of bytes, which a saved state may hold."""
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def lines_of_bytes(model: str, state: Mapping[str, NDArray[Any]], name: str) -> tuple[str, ...]:
    """The texts of a saved state. Raises ModelError naming the array where it is missing or no such text."""
    try:
        text = state[name].astype(np.uint8).tobytes().decode()
    except (KeyError, UnicodeDecodeError) as error:
        raise ModelError(f"{model}: the array {name} is missing, or no text in UTF-8") from error
    return tuple(text.split("\n")) if text else ()
