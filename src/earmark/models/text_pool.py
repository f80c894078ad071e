"""Linear machines on words, trees on how a text is built and the artist's name, weighed on artists held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from earmark.errors import UsageError
from earmark.models.artist_name import ArtistName
from earmark.models.estimator import array_of, groups_to_learn_from
from earmark.models.linear_text import ClassWeights
from earmark.models.pooling import fit_pool, pooled
from earmark.models.sharpness import Places, fitting_sharpness, held_out
from earmark.models.text_boosting import TextBoosting
from earmark.models.text_estimator import FOLDS, Learned, TextEstimator
from earmark.models.text_forest import TextForest
from earmark.models.text_numbers import Reading
from earmark.models.tfidf_svm import TfidfSVM
from earmark.text.texts import Texts

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """Voices by name, and the factor (voices,) on the decision values of each: their weighed sum are logits."""

    voices: Mapping[str, Learned]
    factors: Array

    def decide(self, reading: Reading) -> Array:
        """Logits (n, classes)."""
        each = [voice.decide(reading) for voice in self.voices.values()]
        logits: Array = np.tensordot(self.factors, np.stack(each), axes=1)
        return logits

    def state(self) -> dict[str, NDArray[Any]]:
        """All of it as plain arrays, a voice's under its name."""
        state = {f"{name}_{key}": a for name, voice in self.voices.items() for key, a in voice.state().items()}
        return state | {"factors": self.factors}


class TextPool(TextEstimator[Pool]):
    """Linear machines on words, and boosted and random trees on how a text is built, answering together.

    Each of `voices` keeps its defaults where nothing is said:

    words     `tfidf_svm` with `style` and `passages`: it adds up thousands of words
    boosting  `text_boosting`, and
    forest    `text_forest`: they join few numbers, and are wrong about other songs
    name      `artist_name`, of texts with the artist: it tells of artists never heard, too, and nothing of the song

    Their answers are a logarithmic opinion pool, whose exponents make the classes of the training texts likeliest when
    artists are held out on three folds; a voice that adds nothing gets none. They are its calibration too.

    With the artist as an input all voices have it. `seed` draws what the trees draw.

    Input  n texts (features `texts`), of shape (1,), or (2,) with the artist.
    Output (n, classes) probabilities.

    Raises ModelError for another shape, UsageError for options that cannot be.
    Source: Genest & Zidek 1986, "Combining probability distributions: a critique and an annotated bibliography",
    Statistical Science 1; Wolpert 1992, "Stacked generalization", Neural Networks 5.
    """

    name: ClassVar[str] = "text_pool"

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        *,
        voices: Sequence[str] = ("words", "boosting", "forest"),
        style: float = 0.1,
        passages: float = 0.0,
        C: float = 0.1,  # noqa: N803 - as everyone calls it
        components: int = 100,
        rounds: int = 100,
        trees: int = 150,
        class_weights: ClassWeights = "none",
        seed: int = 0,
    ) -> None:
        super().__init__(shape, classes)
        self.passages = passages
        there: dict[str, Callable[[], TextEstimator[Any]]] = {
            "words": lambda: TfidfSVM(shape, classes, style=style, passages=passages, C=C, class_weights=class_weights),
            "boosting": lambda: TextBoosting(shape, classes, components=components, rounds=rounds, seed=seed),
            "forest": lambda: TextForest(shape, classes, components=components, trees=trees, seed=seed),
            "name": lambda: ArtistName(shape, classes),
        }
        if not voices or len(set(voices)) < len(voices) or not there.keys() >= set(voices):
            raise UsageError(f"{self.name}: voices = {list(voices)} must be of {', '.join(there)}, each at most once")
        self.voices = {voice: there[voice]() for voice in voices}

    def fit(self, x: Texts, y: Places, groups: Places | None = None) -> Self:
        """Learn from n texts and the places of their classes (n,); see `TextEstimator.fit`."""
        groups = groups_to_learn_from(self.name, y, classes=self.classes, groups=groups)
        reading = self.read(x)

        def decide(shown: Places, judged: Places) -> Array:
            taught = [voice.learn(reading[shown], y[shown], groups[shown]) for voice in self.voices.values()]
            return np.concatenate([voice.decide(reading[judged]) for voice in taught], axis=1)

        decisions = np.split(held_out(decide, y, groups, folds=FOLDS), len(self.voices), axis=1)
        sharpness = np.array([fitting_sharpness(each, y) for each in decisions])
        said = log_softmax(sharpness[:, None, None] * np.stack(decisions), axis=2)
        exponents = fit_pool(said, y.astype(np.int64))
        self.held_out = pooled(said, exponents)
        self._learned = Pool(self._taught(reading, y, groups), exponents * sharpness)
        return self

    def learn(self, reading: Reading, y: Places, groups: Places) -> Pool:
        """What n texts teach the voices, all of which count the same."""
        return Pool(self._taught(reading, y, groups), np.ones(len(self.voices)))

    def of_state(self, state: Mapping[str, NDArray[Any]]) -> Pool:
        """What `state` gave. Raises ModelError naming the first array that is missing or of another shape."""
        voices = {}
        for name, voice in self.voices.items():
            own = {key.removeprefix(f"{name}_"): array for key, array in state.items() if key.startswith(f"{name}_")}
            voices[name] = voice.of_state(own)
        return Pool(voices, array_of(self.name, state, "factors", (len(voices),)))

    def _taught(self, reading: Reading, y: Places, groups: Places) -> dict[str, Learned]:
        return {name: voice.learn(reading, y, groups) for name, voice in self.voices.items()}
