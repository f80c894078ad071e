"""Classical estimators as networks that say the same, so that they can be written as a graph."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.errors import ModelError
from earmark.models.estimator import Fitted
from earmark.models.feature_discriminant import FeatureDiscriminant
from earmark.models.feature_svm import FeatureSVM
from earmark.models.probe import Probe
from earmark.models.scale import OUTLYING
from earmark.models.track_numbers import TrackNumbers
from earmark.publish.statistics import TrackStatistics

LEAST = float(np.finfo(np.float32).tiny)


def as_network(model: nn.Module) -> nn.Module:
    """A model, or a member of an ensemble, without code that no graph can hold; a network stays what it is.

    Raises ModelError for an estimator that cannot be written so.
    """
    if isinstance(model, Fitted):
        return _of(model)
    copied = copy.deepcopy(model)
    for name, part in [*copied.named_modules()]:
        if isinstance(part, Fitted):
            copied.set_submodule(name, _of(part))
    return copied


def _of(fitted: Fitted) -> nn.Module:
    estimator = fitted.estimator
    if isinstance(estimator, Probe):
        if estimator.kind == "svm":
            return _Kernel(estimator.state(), gamma=1 / estimator.shape[0])
        return _Linear(estimator.state())
    if isinstance(estimator, FeatureDiscriminant):
        return nn.Sequential(_statistics(estimator.numbers), _Linear(estimator.state()))
    if isinstance(estimator, FeatureSVM):
        kernel = _Kernel(estimator.state(), gamma=estimator.gamma, weight=estimator.numbers.weight)
        return nn.Sequential(_statistics(estimator.numbers), kernel)
    raise ModelError(
        f"{type(estimator).__name__} cannot be written as a graph; earmark pack sends it to where earmark is installed"
    )


def _statistics(numbers: TrackNumbers) -> TrackStatistics:
    bands, frames = numbers.shape
    return TrackStatistics((bands, frames), frames_per_second=numbers.frames_per_second)


class _Scaled(nn.Module):
    """Numbers on the scale of what was learned from."""

    mean: Tensor
    spread: Tensor
    bias: Tensor
    sharpness: Tensor

    def __init__(self, state: Mapping[str, NDArray[np.float64]], *names: str) -> None:
        super().__init__()
        for name in ("mean", "spread", "bias", "sharpness", *names):
            self.register_buffer(name, torch.from_numpy(np.array(state[name])))

    def scaled(self, numbers: Tensor) -> Tensor:
        """Deviations from the mean, at most `OUTLYING`."""
        return ((numbers.double() - self.mean) / self.spread).clamp(-OUTLYING, OUTLYING)

    def logits(self, heard: Tensor) -> Tensor:
        """Log-probabilities (n, classes) float32 of decisions but for the bias."""
        probabilities = ((heard + self.bias) * self.sharpness).softmax(1)
        return probabilities.clamp_min(LEAST).log().float()


class _Linear(_Scaled):
    """Input (n, numbers), output (n, classes) logits."""

    weight: Tensor

    def __init__(self, state: Mapping[str, NDArray[np.float64]]) -> None:
        super().__init__(state, "weight")

    def forward(self, numbers: Tensor) -> Tensor:
        return self.logits(self.scaled(numbers) @ self.weight)


class _Kernel(_Scaled):
    """Machines with an RBF kernel. Input (n, numbers), output (n, classes) logits."""

    support: Tensor
    dual: Tensor
    weight: Tensor

    def __init__(
        self, state: Mapping[str, NDArray[np.float64]], *, gamma: float, weight: NDArray[np.float64] | None = None
    ) -> None:
        super().__init__(state, "support", "dual")
        self.gamma = gamma
        self.register_buffer("weight", torch.from_numpy(np.ones(len(self.mean)) if weight is None else weight))

    def forward(self, numbers: Tensor) -> Tensor:
        scaled = self.scaled(numbers) * self.weight
        both = scaled.square().sum(1, keepdim=True) + self.support.square().sum(1)
        distances = (both - 2 * scaled @ self.support.T).clamp_min(0)
        return self.logits((-self.gamma * distances).exp() @ self.dual)
