"""A small classifier on what a pretrained network gives: logistic regression, or a support-vector machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from earmark.errors import ModelError, UsageError
from earmark.models.shapes import written
from earmark.models.sharpness import Places, fitting_sharpness, held_out

Array = NDArray[np.float64]
OUTLYING = 4.0  # deviations; a stranger recording is held there
MOST = 20_000  # examples whose kernel a machine takes, 3.2 GB
MOST_STEPS = 10_000  # of the regression, which takes some dozens


class Probe:
    """A small classifier of examples of some numbers each, such as the features `musicnn`.

    Each number is standardised. `kind` "logistic" is multinomial logistic regression, "svm" one support-vector machine
    with an RBF kernel of gamma = 1 / numbers for each class. `C` is scikit-learn's: smaller is simpler.

    Probabilities are the softmax of the decision values times one factor, which is fitted on five folds of the
    training examples held out in turn. Nothing is random.

    Input  (n, numbers).
    Output (n, classes) probabilities.

    Raises ModelError for another shape, UsageError for a C that is not above 0.
    Source: Alain & Bengio 2017, "Understanding intermediate layers using linear classifier probes", arXiv:1610.01644;
    Cortes & Vapnik 1995, "Support-vector networks", Machine Learning 20.
    """

    example_shape: ClassVar[tuple[int, ...]] = (50,)

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        kind: Literal["logistic", "svm"] = "logistic",
        C: float = 0.1,  # noqa: N803 - as everyone calls it
    ) -> None:
        if len(shape) != 1 or shape[0] < 1:
            raise ModelError(
                f"probe takes examples of some numbers each, such as the features musicnn, not {written(shape)}"
            )
        if not C > 0:
            raise UsageError(f"probe: C = {C:g} must be above 0")
        self.shape = shape
        self.classes = classes
        self.kind = kind
        self.C = C
        self._learned: dict[str, Array] = {}

    def fit(self, x: NDArray[np.floating[Any]], y: Places, groups: Places | None = None) -> Self:
        """Learn from examples (n, numbers) and the places of their classes (n,).

        `groups` (n,) tells which examples belong together, such as an artist's: the probabilities are then those for
        an example of another group. Raises ModelError where a class has fewer than two examples, all are of one group,
        there are too many for a machine's kernel, or they are of another shape than was built for.
        """
        counts = np.bincount(y, minlength=self.classes)
        if len(counts) > self.classes or counts.min() < 2:
            raise ModelError(
                f"probe takes at least 2 examples of each of {self.classes} classes to learn from, "
                f"not {', '.join(map(str, counts))}"
            )
        groups = np.arange(len(y)) if groups is None else groups
        if len(np.unique(groups)) < 2:
            raise ModelError("probe: all examples are of one group; it takes 2 to tell how sure to be of another")
        if self.kind == "svm" and len(y) > MOST:
            raise ModelError(
                f"probe: a machine compares each of {len(y):,} examples with each, at most {MOST:,}; "
                "set kind = 'logistic'"
            )
        numbers = self._checked(x)

        def decide(shown: Places, judged: Places) -> Array:
            return self._decide(self._fitted(numbers[shown], y[shown]), numbers[judged])

        sharpness = fitting_sharpness(held_out(decide, y, groups), y)
        self._learned = self._fitted(numbers, y) | {"sharpness": np.array(sharpness)}
        return self

    def decision_function(self, x: NDArray[np.floating[Any]]) -> Array:
        """Decision values (n, classes) of examples (n, numbers): logits, or the machines' distances.

        Raises ModelError before anything was learned, or where the examples have another shape than was built for.
        """
        return self._decide(self._after_learning(), self._checked(x))

    def predict_proba(self, x: NDArray[np.floating[Any]]) -> Array:
        """Probabilities (n, classes) of examples (n, numbers). Raises as `decision_function` does."""
        probabilities: Array = softmax(self._after_learning()["sharpness"] * self.decision_function(x), axis=1)
        return probabilities

    def state(self) -> dict[str, Array]:
        """All that was learned, as plain arrays."""
        return dict(self._after_learning())

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what another one of the same shape, classes and kind has learned.

        Raises ModelError naming the first array that is missing, too many or of another shape.
        """
        numbers = self.shape[0]
        supports = len(state["support"]) if "support" in state else 0
        shapes: dict[str, tuple[int, ...]] = {"mean": (numbers,), "spread": (numbers,), "bias": (self.classes,)}
        if self.kind == "svm":
            shapes |= {"support": (supports, numbers), "dual": (supports, self.classes)}
        else:
            shapes |= {"weight": (numbers, self.classes)}
        shapes |= {"sharpness": ()}
        for name in (*shapes, *state):
            there = state[name].shape if name in state else None
            if there != shapes.get(name):
                raise ModelError(f"probe: the array {name} is {there}, it should be {shapes.get(name)}")
        self._learned = {name: state[name].astype(np.float64) for name in shapes}

    def _after_learning(self) -> dict[str, Array]:
        if not self._learned:
            raise ModelError("this probe has learned nothing yet; fit it, or load its state")
        return self._learned

    def _checked(self, x: NDArray[np.floating[Any]]) -> Array:
        if x.shape[1:] != self.shape:
            raise ModelError(
                f"this probe was built for examples of {written(self.shape)}, these are of {written(x.shape[1:])}; "
                "use the features it was trained with"
            )
        return x.astype(np.float64)

    def _fitted(self, numbers: Array, y: Places) -> dict[str, Array]:
        """What examples teach, but for the sharpness."""
        mean, spread = numbers.mean(0), numbers.std(0)
        spread[spread < 1e-9] = 1.0
        scale = {"mean": mean, "spread": spread}
        separate = self._machines if self.kind == "svm" else self._regression
        return scale | separate(_scaled(numbers, scale), y)

    def _regression(self, scaled: Array, y: Places) -> dict[str, Array]:
        """A class without examples is as likely everywhere as if there were half a one."""
        found = LogisticRegression(C=self.C, max_iter=MOST_STEPS).fit(scaled, y)
        slopes, offsets = found.coef_, found.intercept_
        if len(found.classes_) == 2:  # of which scikit-learn gives the second's log-odds
            slopes, offsets = np.concatenate([-slopes, slopes]) / 2, np.concatenate([-offsets, offsets]) / 2
        weight = np.zeros((scaled.shape[1], self.classes))
        bias = np.full(self.classes, np.log(0.5 * len(found.classes_) / len(y)))
        weight[:, found.classes_], bias[found.classes_] = slopes.T, offsets
        return {"bias": bias, "weight": weight}

    def _machines(self, scaled: Array, y: Places) -> dict[str, Array]:
        """A class without examples is on the far side of its border everywhere."""
        kernel = rbf_kernel(scaled)
        dual, bias = np.zeros((len(y), self.classes)), np.full(self.classes, -1.0)
        for label in np.unique(y):
            machine = SVC(C=self.C, kernel="precomputed").fit(kernel, y == label)
            dual[machine.support_, label] = machine.dual_coef_[0]
            bias[label] = machine.intercept_[0]
        supports = dual.any(axis=1)
        return {"bias": bias, "support": scaled[supports], "dual": dual[supports]}

    def _decide(self, learned: Mapping[str, Array], numbers: Array) -> Array:
        scaled = _scaled(numbers, learned)
        heard = (
            rbf_kernel(scaled, learned["support"]) @ learned["dual"]
            if self.kind == "svm"
            else scaled @ learned["weight"]
        )
        decisions: Array = heard + learned["bias"]
        return decisions


def _scaled(numbers: Array, scale: Mapping[str, Array]) -> Array:
    return np.clip((numbers - scale["mean"]) / scale["spread"], -OUTLYING, OUTLYING)
