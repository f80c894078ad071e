"""Which words decided what a classifier says of a text: each is covered in turn, and it is asked again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.classifier.answer import Answer
from earmark.classifier.trained import Classifier
from earmark.errors import ModelError
from earmark.features.settings import OF_TEXT
from earmark.models.estimator import Fitted
from earmark.models.telling import Telling
from earmark.text.texts import Texts
from earmark.text.words import words

TOKEN = re.compile(r"\S+")
MOST_TOKENS = 3000  # what is longer would take too long
BATCH = 64  # texts that are asked about at once
TELLING = 15  # words of a genre

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TextExplanation:
    """What is behind a classifier's answer to a text.

    answer   the probabilities that `predict` gives
    second   the second likeliest genre, against which words speak
    log_odds logarithm of the odds of the likeliest genre against the second
    text     as the classifier reads it
    words    how much of `log_odds` goes with each different word, wherever it stands; below 0 it speaks for the second.
             They are no sum: what two words say together is counted for each
    artist   who sings, and how much of `log_odds` goes where nobody is named; None where nobody was, or it is no input
    telling  of the two genres, the terms that speak most for them in any text; empty where the model is not linear
    lacks    what cannot be told, and why
    """

    classifier: str
    answer: Answer
    second: str
    log_odds: float
    text: str
    words: dict[str, float]
    artist: tuple[str, float] | None
    telling: dict[str, tuple[str, ...]]
    trained_on: str
    lacks: tuple[str, ...]


def explain_text(
    classifier: Classifier,
    text: str,
    *,
    artist: str | None = None,
    source: str = "text",
    min_confidence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> TextExplanation:
    """What is behind the answer to a song's text; who sings it counts where the artist was an input in training.

    `progress` hears how many of how many different words were covered.

    Raises DataError naming `source` for a text without words, ModelError where the classifier reads no texts.
    """
    features = classifier.card.features
    if not isinstance(features, OF_TEXT):
        raise ModelError(f"{classifier.name}: it was not trained on song texts")
    cleaned = features.of(text, where=source)
    answer = classifier.read(text, artist=artist, source=source)
    first, second = (answer.genres.index(genre) for genre, _ in answer.ranked()[:2])

    def log_odds(texts: Texts) -> Array:
        likely = np.log(np.maximum(classifier.probabilities(texts), 1e-300))
        gap: Array = likely[:, first] - likely[:, second]
        return gap

    asked = features.texts([cleaned], [artist])
    as_read, whole = _rows(features.encoded(asked))[0], float(log_odds(asked)[0])

    def odds(texts: Sequence[str]) -> Array:
        # Where no word that is read was covered, the answer stays; asking a network again would take the time.
        asked = features.texts(texts, [artist] * len(texts))
        changed = np.flatnonzero([not np.array_equal(row, as_read) for row in _rows(features.encoded(asked))])
        gap = np.full(len(texts), whole)
        if len(changed):
            gap[changed] = log_odds(asked[changed])
        return gap

    lacks = [said] if (said := features.unread(cleaned)) is not None else []
    sung_by = None
    if artist and features.artist:
        sung_by = artist, whole - float(log_odds(features.texts([cleaned], [None]))[0])
    elif artist:
        lacks.append("who sings is no input of this classifier")
    told: dict[str, float] = {}
    if len(TOKEN.findall(cleaned)) > MOST_TOKENS:
        lacks.append(f"which words decided is told of texts of up to {MOST_TOKENS} words")
    else:
        told = occlusion(cleaned, odds, progress)
    genres = (answer.genres[first], answer.genres[second])
    telling = telling_terms(classifier)
    if not telling:
        lacks.append("this classifier is not linear: which words tell its genres in any text cannot be read from it")
    return TextExplanation(
        classifier=classifier.name,
        answer=replace(answer, min_confidence=min_confidence),
        second=genres[1],
        log_odds=whole,
        text=cleaned,
        words=told,
        artist=sung_by,
        telling={genre: telling[genre] for genre in genres if genre in telling},
        trained_on=classifier.card.trained_on,
        lacks=tuple(lacks),
    )


def occlusion(
    text: str, odds: Callable[[Sequence[str]], Array], progress: Callable[[int, int], None] | None = None
) -> dict[str, float]:
    """How much lower the log odds of a text are without each of its words, the weightiest first.

    A word is what stands between blanks, without its punctuation and in lower case (`word_of`), and all places where it
    stands are covered at once. `odds` gives the log odds (n,) of n texts. A text of one word has nothing to compare.

    Source: Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks", ECCV, section 4.2, of patches
    of pictures.
    """
    different = list(dict.fromkeys(filter(None, map(word_of, TOKEN.findall(text)))))
    if len(different) < 2:
        return {}
    whole = float(odds([text])[0])
    without: list[float] = []
    for start in range(0, len(different), BATCH):
        without += odds([_covered(text, word) for word in different[start : start + BATCH]]).tolist()
        if progress is not None:
            progress(len(without), len(different))
    told = {word: whole - rest for word, rest in zip(different, without, strict=True)}
    return dict(sorted(told.items(), key=lambda entry: -abs(entry[1])))


def word_of(token: str) -> str:
    """What stands between blanks as the word that it is: `Amor!` is `amor`, `bem-te-vi` is `bem te vi`."""
    return " ".join(words(token))


def telling_terms(classifier: Classifier, *, most: int = TELLING) -> dict[str, tuple[str, ...]]:
    """The terms that speak most for each genre and against the mean of all, the strongest first.

    Of a model that is linear in its terms; of another one empty. A term's strength is what it adds to the decision
    value of a text that holds nothing else.
    """
    estimator = classifier.model.estimator if isinstance(classifier.model, Fitted) else None
    if not isinstance(estimator, Telling):
        return {}
    terms, strength = estimator.telling()
    apart = strength - strength.mean(1, keepdims=True)
    found = {}
    for genre, column in zip(classifier.genres, apart.T, strict=True):
        order = np.argsort(-column, kind="stable")[:most]
        found[genre] = tuple(terms[place] for place in order if column[place] > 0)
    return found


def _rows(encoded: NDArray[Any] | Texts) -> NDArray[Any]:
    return encoded.words if isinstance(encoded, Texts) else encoded


def _covered(text: str, word: str) -> str:
    return TOKEN.sub(lambda found: "" if word_of(found[0]) == word else found[0], text)
