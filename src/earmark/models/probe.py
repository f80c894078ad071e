"""A small classifier on what a pretrained network gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from earmark.errors import ModelError, UsageError
from earmark.models.discriminant import fit_discriminant
from earmark.models.estimator import arrays_of, groups_to_learn_from
from earmark.models.regression import fit_regression
from earmark.models.scale import Scale, scale_of
from earmark.models.shapes import written
from earmark.models.shares import Shares, shares_of
from earmark.models.sharpness import Places, fitting_sharpness, held_out

Array = NDArray[np.float64]
MOST = 20_000  # examples whose kernel a machine takes, 3.2 GB


class Probe:
    """A small classifier of examples of some numbers each, such as the features `musicnn`.

    Each number is standardised. `kind` "discriminant" is Fisher's linear discriminant with a covariance that goes
    `shrinkage` of the way towards the same variance everywhere, "logistic" multinomial logistic regression, "svm" one
    support-vector machine with an RBF kernel of gamma = 1 / numbers for each class. `C` of these two is scikit-learn's:
    smaller is simpler.

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
        kind: Literal["discriminant", "logistic", "svm"] = "discriminant",
        C: float = 0.1,  # noqa: N803 - as everyone calls it
        shrinkage: float = 0.1,
    ) -> None:
        if len(shape) != 1 or shape[0] < 1:
            raise ModelError(
                f"probe takes examples of some numbers each, such as the features musicnn, not {written(shape)}"
            )
        if not C > 0:
            raise UsageError(f"probe: C = {C:g} must be above 0")
        if not 0 < shrinkage <= 1:
            raise UsageError(f"probe: shrinkage = {shrinkage:g} must be above 0 and at most 1")
        self.shape = shape
        self.classes = classes
        self.kind = kind
        self.C = C
        self.shrinkage = shrinkage
        self.held_out: Array = np.empty((0, classes))
        self._learned: dict[str, Array] = {}

    def fit(self, x: NDArray[np.floating[Any]], y: Places, groups: Places | None = None) -> Self:
        """Learn from examples (n, numbers) and the places of their classes (n,).

        `groups` (n,) tells which examples belong together, such as an artist's: the probabilities are then those for
        an example of another group. Raises ModelError where a class has fewer than two examples, all are of one group,
        there are too many for a machine's kernel, or they are of another shape than was built for.
        """
        groups = groups_to_learn_from("probe", y, classes=self.classes, groups=groups)
        if self.kind == "svm" and len(y) > MOST:
            raise ModelError(
                f"probe: a machine compares each of {len(y):,} examples with each, at most {MOST:,}; "
                "set kind = 'discriminant'"
            )
        numbers = self._checked(x)

        def decide(shown: Places, judged: Places) -> Array:
            return self._decide(self._fitted(numbers[shown], y[shown]), numbers[judged])

        decisions = held_out(decide, y, groups)
        sharpness = fitting_sharpness(decisions, y)
        self.held_out = log_softmax(sharpness * decisions, axis=1)
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

    def shares(self, x: NDArray[np.floating[Any]]) -> Shares | None:
        """What each number adds to the logits of examples (n, numbers): log-probabilities but for a common term.

        None of machines, whose answers are no such sums. Raises as `decision_function` does.
        """
        learned, numbers = self._after_learning(), self._checked(x)
        if self.kind == "svm":
            return None
        scaled = Scale(learned["mean"], learned["spread"])(numbers)
        return shares_of(scaled, learned["weight"], learned["bias"], factor=float(learned["sharpness"]))

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
        self._learned = arrays_of("probe", state, shapes)

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
        scale = scale_of(numbers)
        learn = {"discriminant": self._discriminant, "logistic": self._regression, "svm": self._machines}[self.kind]
        return {"mean": scale.mean, "spread": scale.spread} | learn(scale(numbers), y)

    def _discriminant(self, scaled: Array, y: Places) -> dict[str, Array]:
        found = fit_discriminant(scaled, y, classes=self.classes, shrinkage=self.shrinkage)
        return {"bias": found.bias, "weight": found.weight}

    def _regression(self, scaled: Array, y: Places) -> dict[str, Array]:
        weight, bias = fit_regression(scaled, y, classes=self.classes, C=self.C)
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
        scaled = Scale(learned["mean"], learned["spread"])(numbers)
        heard = (
            rbf_kernel(scaled, learned["support"]) @ learned["dual"]
            if self.kind == "svm"
            else scaled @ learned["weight"]
        )
        decisions: Array = heard + learned["bias"]
        return decisions
