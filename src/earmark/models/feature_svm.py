"""Statistics of the whole track, and a support-vector machine: what every network must beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from earmark.errors import ModelError, UsageError
from earmark.models.estimator import arrays_of, groups_to_learn_from
from earmark.models.scale import Scale, scale_of
from earmark.models.sharpness import Places, fitting_sharpness, held_out
from earmark.models.track_numbers import TrackNumbers

Array = NDArray[np.float64]
MOST = 12_000  # examples and halves, whose kernel takes 1.2 GB, and as much again while folds are held out


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
        if C <= 0 or gamma <= 0:
            raise UsageError(f"feature_svm: C = {C:g} and gamma = {gamma:g} must be above 0")
        self.numbers = TrackNumbers("feature_svm", shape, frames_per_second, halves)
        self.classes = classes
        self.C = C
        self.gamma = gamma
        self.held_out: Array = np.empty((0, classes))
        self._learned: _Learned | None = None

    def fit(self, x: NDArray[np.floating[Any]], y: Places, groups: Places | None = None) -> Self:
        """Learn from examples (n, bands, frames) and the places of their classes (n,).

        `groups` (n,) tells which examples belong together, such as an artist's: the probabilities are then those for
        an example of another group. Without it they are too sure where test tracks share nothing with the training's.

        Raises ModelError where a class has fewer than two examples, or they are of another shape than was built for.
        """
        groups = groups_to_learn_from("feature_svm", y, classes=self.classes, groups=groups)
        numbers = self.numbers.of_pieces(x)
        scale = scale_of(numbers)
        scaled = scale(numbers) * self.numbers.weight
        if len(scaled) > MOST:
            raise ModelError(
                f"feature_svm compares each of {len(scaled):,} examples and halves with each, at most {MOST:,}; "
                "give whole tracks and not clips of them, or set halves = false"
            )
        kernel = rbf_kernel(scaled, gamma=self.gamma)
        dual, bias = self._separate(kernel, np.tile(y, len(kernel) // len(y)))
        decisions = self._held_out(kernel, y, groups)
        sharpness = fitting_sharpness(decisions, y)
        self.held_out = log_softmax(sharpness * decisions, axis=1)
        supports = dual.any(axis=1)
        self._learned = _Learned(scale.mean, scale.spread, scaled[supports], dual[supports], bias, np.array(sharpness))
        return self

    def decision_function(self, x: NDArray[np.floating[Any]]) -> Array:
        """On which side of each class's border examples (n, bands, frames) lie, and how far: (n, classes), margins ±1.

        Raises ModelError before anything was learned, or where the examples have another shape than was built for.
        """
        learned = self._after_learning()
        scaled = Scale(learned.mean, learned.spread)(self.numbers.of(x)) * self.numbers.weight
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
        numbers = len(self.numbers.weight)
        supports = len(state["support"]) if "support" in state else 0
        shapes = {
            "mean": (numbers,),
            "spread": (numbers,),
            "support": (supports, numbers),
            "dual": (supports, self.classes),
            "bias": (self.classes,),
            "sharpness": (),
        }
        self._learned = _Learned(**arrays_of("feature_svm", state, shapes))

    def _after_learning(self) -> _Learned:
        if self._learned is None:
            raise ModelError("this feature_svm has learned nothing yet; fit it, or load its state")
        return self._learned

    def _separate(self, kernel: Array, y: Places) -> tuple[Array, Array]:
        """Dual coefficients (n, classes) and biases (classes,) of the machines that each know one class from the rest.

        A class of which there is no example is on the far side of its border everywhere.
        """
        dual, bias = np.zeros((len(y), self.classes)), np.full(self.classes, -1.0)
        for label in np.unique(y):
            machine = SVC(C=self.C, kernel="precomputed").fit(kernel, y == label)
            dual[machine.support_, label] = machine.dual_coef_[0]
            bias[label] = machine.intercept_[0]
        return dual, bias

    def _held_out(self, kernel: Array, y: Places, groups: Places) -> Array:
        """Decision values (n, classes) of whole examples by machines that saw nothing of their group."""
        pieces = np.arange(len(kernel)).reshape(-1, len(y))

        def decide(shown: Places, judged: Places) -> Array:
            seen = pieces[:, shown].ravel()
            dual, bias = self._separate(kernel[np.ix_(seen, seen)], np.tile(y[shown], len(pieces)))
            decisions: Array = kernel[np.ix_(judged, seen)] @ dual + bias
            return decisions

        return held_out(decide, y, groups)


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
