"""Statistics of the whole track, and a support-vector machine: what every network must beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import SVC

from earmark.audio.track_statistics import BANDS, FRAMES, SLOWEST_RATE, track_statistics
from earmark.errors import ModelError, UsageError
from earmark.models.shapes import bands_and_frames, written

Array = NDArray[np.float64]
OUTLYING = 4.0  # deviations; a stranger recording is held there
MOST = 12_000  # examples and halves, whose kernel takes 1.2 GB, and as much again while folds are held out
FOLDS = 5  # to learn how far decision values are to be trusted


class FeatureSVM:
    """Statistics of a whole track's timbre, dynamics and rhythm, and a support-vector machine with an RBF kernel.

    `earmark.audio.track_statistics` gives some thousand numbers in groups. Each number is standardised, each group
    weighs the same however many numbers it has; one machine a class separates it from all others. `gamma` is counted
    in units of 1 / variance: 1 is scikit-learn's "scale". `halves` shows the machines each training track's two halves
    beside the whole, as other excerpts of it would be.

    Probabilities are the softmax of the decision values times one factor, which is fitted on five folds of the
    training tracks held out in turn (temperature scaling: Guo et al. 2017, arXiv:1706.04599). Nothing is random.

    Input  (n, bands, frames) log-mel in dB, so features.standardise = "none"; at least 32 × 32, `frames_per_second`
    of them a second.
    Output (n, classes) probabilities.

    Raises ModelError for a shape that is smaller or not bands × frames, UsageError for options that cannot be.
    Source: Cortes & Vapnik 1995, "Support-vector networks", Machine Learning 20; statistics and kernel as in Mandel &
    Ellis 2005, "Song-level features and support vector machines for music classification", ISMIR, among others.
    """

    example_shape: ClassVar[tuple[int, ...]] = (128, 387)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        C: float = 3.0,  # noqa: N803 - as everyone calls it
        gamma: float = 1.0,
        frames_per_second: float = 12.9,
        halves: bool = True,
    ) -> None:
        self.shape = bands_and_frames("feature_svm", shape, least=(BANDS, FRAMES))
        if C <= 0 or gamma <= 0:
            raise UsageError(f"feature_svm: C = {C:g} and gamma = {gamma:g} must be above 0")
        if frames_per_second < SLOWEST_RATE:
            raise UsageError(
                f"feature_svm: frames_per_second = {frames_per_second:g}; rhythm takes at least {SLOWEST_RATE:g}"
            )
        self.classes = classes
        self.C = C
        self.gamma = gamma
        self.frames_per_second = frames_per_second
        self.halves = halves and self.shape[1] >= 2 * FRAMES
        self._learned: _Learned | None = None

    def fit(
        self,
        x: NDArray[np.floating[Any]],
        y: NDArray[np.integer[Any]],
        groups: NDArray[np.integer[Any]] | None = None,
    ) -> Self:
        """Learn from examples (n, bands, frames) and the places of their classes (n,).

        `groups` (n,) tells which examples belong together, such as an artist's: the probabilities are then those for
        an example of another group. Without it they are too sure where test tracks share nothing with the training's.

        Raises ModelError where a class has fewer than two examples, or they are of another shape than was built for.
        """
        counts = np.bincount(y, minlength=self.classes)
        if len(counts) > self.classes or counts.min() < 2:
            raise ModelError(
                f"feature_svm takes at least 2 examples of each of {self.classes} classes to learn from, "
                f"not {', '.join(map(str, counts))}"
            )
        if groups is None:
            groups = np.arange(len(y))
        if len(np.unique(groups)) < 2:
            raise ModelError("feature_svm: all examples are of one group; it takes 2 to tell how sure to be of another")
        pieces = [x]
        if self.halves:
            middle = self.shape[1] // 2
            pieces += [x[:, :, :middle], x[:, :, -middle:]]
        numbers = np.concatenate([self._numbers(piece) for piece in pieces])
        labels = np.tile(y, len(pieces))
        mean, spread = numbers.mean(0), numbers.std(0)
        spread[spread < 1e-9] = 1.0
        scaled = _scaled(numbers, mean, spread) * self._weight
        if len(scaled) > MOST:
            raise ModelError(
                f"feature_svm compares each of {len(scaled):,} examples and halves with each, at most {MOST:,}; "
                "give whole tracks and not clips of them, or set halves = false"
            )
        kernel = rbf_kernel(scaled, gamma=self.gamma)
        dual, bias = self._separate(kernel, labels)
        decisions = self._held_out(kernel, y, groups)
        supports = dual.any(axis=1)
        self._learned = _Learned(
            mean, spread, scaled[supports], dual[supports], bias, np.array(_fitting_sharpness(decisions, y))
        )
        return self

    def decision_function(self, x: NDArray[np.floating[Any]]) -> Array:
        """On which side of each class's border examples (n, bands, frames) lie, and how far: (n, classes), margins ±1.

        Raises ModelError before anything was learned, or where the examples have another shape than was built for.
        """
        learned = self._after_learning()
        scaled = _scaled(self._numbers(x), learned.mean, learned.spread) * self._weight
        decisions: Array = rbf_kernel(scaled, learned.support, gamma=self.gamma) @ learned.dual + learned.bias
        return decisions

    def predict_proba(self, x: NDArray[np.floating[Any]]) -> Array:
        """Probabilities (n, classes) of examples (n, bands, frames). Raises as `decision_function` does."""
        probabilities: Array = softmax(self._after_learning().sharpness * self.decision_function(x), axis=1)
        return probabilities

    def state(self) -> dict[str, Array]:
        """All that was learned, as plain arrays."""
        return asdict(self._after_learning())

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what another one of the same shape, classes and options has learned.

        Raises ModelError naming the first array that is missing, too many or of another shape.
        """
        numbers = len(self._weight)
        supports = len(state["support"]) if "support" in state else 0
        shapes = {
            "mean": (numbers,),
            "spread": (numbers,),
            "support": (supports, numbers),
            "dual": (supports, self.classes),
            "bias": (self.classes,),
            "sharpness": (),
        }
        for name in (*shapes, *state):
            there = state[name].shape if name in state else None
            if there != shapes.get(name):
                raise ModelError(f"feature_svm: the array {name} is {there}, it should be {shapes.get(name)}")
        self._learned = _Learned(**{name: state[name].astype(np.float64) for name in shapes})

    def _after_learning(self) -> _Learned:
        if self._learned is None:
            raise ModelError("this feature_svm has learned nothing yet; fit it, or load its state")
        return self._learned

    def _numbers(self, x: NDArray[np.floating[Any]]) -> Array:
        """All statistics side by side, (n, numbers); of halves too, which are shorter than `shape`."""
        if x.ndim != 3 or x.shape[1:] not in (self.shape, (self.shape[0], self.shape[1] // 2)):
            raise ModelError(
                f"this feature_svm was built for examples of {written(self.shape)}, these are of "
                f"{written(x.shape[1:])}; use the features it was trained with"
            )
        groups = track_statistics(x.astype(np.float32), frames_per_second=self.frames_per_second)
        return np.concatenate(list(groups.values()), axis=1).astype(np.float64)

    @cached_property
    def _weight(self) -> Array:
        """Of each number: all groups vary the same, and all together by 1."""
        nothing = np.zeros((1, *self.shape), dtype=np.float32)
        sizes = [
            group.shape[1] for group in track_statistics(nothing, frames_per_second=self.frames_per_second).values()
        ]
        return np.concatenate([np.full(size, (size * len(sizes)) ** -0.5) for size in sizes])

    def _separate(self, kernel: Array, y: NDArray[np.integer[Any]]) -> tuple[Array, Array]:
        """Dual coefficients (n, classes) and biases (classes,) of the machines that each know one class from the rest.

        A class of which there is no example is on the far side of its border everywhere.
        """
        dual, bias = np.zeros((len(y), self.classes)), np.full(self.classes, -1.0)
        for label in np.unique(y):
            machine = SVC(C=self.C, kernel="precomputed").fit(kernel, y == label)
            dual[machine.support_, label] = machine.dual_coef_[0]
            bias[label] = machine.intercept_[0]
        return dual, bias

    def _held_out(self, kernel: Array, y: NDArray[np.integer[Any]], groups: NDArray[np.integer[Any]]) -> Array:
        """Decision values (n, classes) of whole examples by machines that saw nothing of their group."""
        decisions = np.empty((len(y), self.classes))
        folds = min(FOLDS, len(np.unique(groups)), int(np.bincount(y).min()))
        pieces = np.arange(len(kernel)).reshape(-1, len(y))
        for shown, judged in StratifiedGroupKFold(folds).split(y, y, groups):
            seen = pieces[:, shown].ravel()
            dual, bias = self._separate(kernel[np.ix_(seen, seen)], np.tile(y[shown], len(pieces)))
            decisions[judged] = kernel[np.ix_(judged, seen)] @ dual + bias
        return decisions


@dataclass(frozen=True)
class _Learned:
    """What a fit leaves: the scale (numbers,), the support vectors (supports, numbers) on that scale, their weight in
    each class's machine (supports, classes), biases (classes,), and the factor from decision values to logits ()."""

    mean: Array
    spread: Array
    support: Array
    dual: Array
    bias: Array
    sharpness: Array


def _scaled(numbers: Array, mean: Array, spread: Array) -> Array:
    return np.clip((numbers - mean) / spread, -OUTLYING, OUTLYING)


def _fitting_sharpness(decisions: Array, y: NDArray[np.integer[Any]]) -> float:
    """The factor from 1/20 to 20 whose softmax makes `y` likeliest."""

    def surprise(log_factor: float) -> float:
        return -float(log_softmax(np.exp(log_factor) * decisions, axis=1)[np.arange(len(y)), y].mean())

    found = minimize_scalar(surprise, bounds=(-np.log(20), np.log(20)), method="bounded")
    return float(np.exp(found.x))
