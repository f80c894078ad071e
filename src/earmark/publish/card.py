"""The model card: what a classifier is, what it learned from, how far to trust it, and how to use it.

Markdown under a header of YAML, as Hugging Face's hub reads it (model cards: Mitchell et al. 2019, "Model cards for
model reporting", FAT*). The same classifier always gives the same card.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from earmark.catalog import MODELS
from earmark.classifier import Classifier, ClassifierCard, Fusion, locate, located
from earmark.classifier.loading import load
from earmark.classifier.opening import wording_at
from earmark.evaluation.scores import Evaluation, Score, Scores
from earmark.experiment.evaluate import read_evaluations
from earmark.experiment.inheritance import read_inheritance
from earmark.features.encoding import fed_shape
from earmark.features.musicnn import Musicnn
from earmark.features.pixels import Pixels
from earmark.features.settings import OF_TEXT
from earmark.models.ensemble import ENSEMBLE
from earmark.report.data_facts import PARTS
from earmark.run import Environment, Run
from earmark.splits import read_split
from earmark.wording import MUSIC, Wording, plural

LICENCE = "LICENSE.txt"  # in a pack
NO_LICENCE = "No licence was named: ask whoever gave you this classifier what you may do with it."
BACKBONES = {
    "musicnn": "the weights of MSD_musicnn (ISC)",
    "efficientnet_lite0": "the weights of EfficientNet-Lite0 (Apache-2.0)",
    "sentence": "the weights of all-MiniLM-L6-v2 (Apache-2.0)",
}
STARTS = {
    "pretrained:efficientnet_lite0": BACKBONES["efficientnet_lite0"],
    "pretrained:minilm": BACKBONES["sentence"],
}
SHOWN_GENRES = 30  # with more, a table of each is unreadable


def card_of(model: Path | str, *, licence: str | None = None) -> str:
    """The card of a classifier by path, address or name. Raises ModelError where there is none."""
    model = located(model)
    folder = locate(model)
    return model_card(folder, load(model), licence=licence or _given(folder))


def _given(folder: Path) -> str | None:
    """The licence that a pack was made under; None where none was named."""
    file = folder / LICENCE
    given = file.read_text(encoding="utf-8").strip() if file.is_file() else NO_LICENCE
    return None if given == NO_LICENCE else given


def model_card(folder: Path, classifier: Classifier | Fusion, *, licence: str | None = None) -> str:
    """The card of the classifier in `folder`; `licence` is that of its weights, such as an SPDX identifier."""
    run = Run(folder)
    evaluations = {} if isinstance(classifier, Fusion) else read_evaluations(run)
    name = folder.resolve().name
    wording = wording_at(folder)
    parts = [
        _header(name, classifier, evaluations, wording, licence),
        f"# {name}\n",
        _what(classifier),
        _start(run),
        f"## {plural(wording.genre).capitalize()}\n\n" + ", ".join(classifier.genres) + ".\n",
        _use(name, classifier),
        _data(run, classifier, wording),
        *([_held_out(classifier)] if isinstance(classifier, Fusion) else [_scores(evaluations, wording)]),
        _calibration(evaluations),
        _limits(classifier, evaluations, wording),
        f"## Licence\n\nWeights: {licence or NO_LICENCE}\n",
        _made_with(run),
    ]
    return "\n".join(part for part in parts if part)


def task_of(classifier: Classifier | Fusion) -> str:
    """What the hub calls the task."""
    if classifier.reads_text:
        return "text-classification"
    pictures = isinstance(classifier, Classifier) and isinstance(classifier.card.features, Pixels)
    return "image-classification" if pictures else "audio-classification"


def _header(
    name: str,
    classifier: Classifier | Fusion,
    evaluations: Mapping[str, Evaluation],
    wording: Wording,
    licence: str | None,
) -> str:
    """JSON is YAML: every value is written as JSON, so that nothing in a name can break out of its place."""
    task = task_of(classifier)
    models = sorted({card.model.name for card in _cards(classifier)})
    results = [
        {
            "task": {"type": task},
            "dataset": {"name": e.data, "type": e.data, "split": e.part},
            "metrics": [
                {"type": "accuracy", "value": round(e.headline.accuracy.value, 6)},
                {"type": "f1", "name": "macro F1", "value": round(e.headline.macro_f1.value, 6)},
            ],
        }
        for e in evaluations.values()
    ]
    fields: dict[str, Any] = {
        "library_name": "earmark",
        "license": licence or "unknown",
        "pipeline_tag": task,
        "tags": ["earmark", *(["music", "genre-classification"] if wording == MUSIC else []), *models],
        **({"model-index": [{"name": name, "results": results}]} if results else {}),
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "\n".join(["---", *lines, "---", ""])


def _cards(classifier: Classifier | Fusion) -> list[ClassifierCard]:
    return [voice.card for voice in classifier.voices] if isinstance(classifier, Fusion) else [classifier.card]


def _what(classifier: Classifier | Fusion) -> str:
    """What it is, in the words of its model."""
    if isinstance(classifier, Fusion):
        said = [
            f"{len(classifier.voices)} classifiers that hear the same {classifier.card.piece_seconds:g} s of sound; "
            "their log-probabilities are added, each times its exponent:\n"
        ]
        for voice, card in zip(classifier.card.voices, _cards(classifier), strict=True):
            said.append(
                f"- `{voice.folder}`, exponent {voice.exponent:g}: {_first_line(card.model.name)} (`{card.model.name}`)"
            )
        return "\n".join(said) + "\n"
    card = classifier.card
    parameters = sum(p.numel() for p in classifier.model.parameters())
    needs = BACKBONES.get(str(card.features.__struct_config__.tag))
    fed = fed_shape(card.features, card.shape)
    examples = "texts" if fed is None else f"examples of {' × '.join(map(str, fed))}"
    return f"{_first_line(card.model.name)} `{card.model.name}` of {parameters:,} numbers, for {examples}.\n" + (
        f"It needs {needs}, which are no part of it and are fetched when they are first needed.\n" if needs else ""
    )


def _start(run: Run) -> str:
    """Whose weights went on learning; nothing of a classifier that began at random."""
    inheritance = read_inheritance(run)
    if inheritance is None:
        return ""
    whose = STARTS.get(inheritance.origin or inheritance.run)
    credit = f" What it is made of began as {whose}: their licence holds." if whose else ""
    return f"S{inheritance.says.removeprefix('s')}.{credit}\n"


def _first_line(model: str) -> str:
    if model == ENSEMBLE:
        return "Several trained networks that answer as one."
    return (inspect.getdoc(MODELS.find(model)) or "").partition("\n")[0]


def _use(name: str, classifier: Classifier | Fusion) -> str:
    file = {"text-classification": "song.txt", "image-classification": "picture.png"}.get(
        task_of(classifier), "song.mp3"
    )
    return f"""## How to use it

```sh
pip install earmark
earmark predict {name}.earmark {file}
```

```python
import earmark

answer = earmark.load("{name}.earmark").predict("{file}")
print(answer.genre, answer.probability)
```
"""


def _data(run: Run, classifier: Classifier | Fusion, wording: Wording) -> str:
    card = classifier.card
    said = [f"## What it learned from\n\n{card.trained_on}."]
    if isinstance(card, ClassifierCard) and card.synthetic:
        said.append("These are synthetic data, not recordings.")
    if run.environment.is_file():
        made_with = msgspec.json.decode(run.environment.read_bytes(), type=Environment)
        said.append(f"Licence of the data: {made_with.data_licence or 'not recorded'}.")
    if run.split.is_file():
        parts = read_split(run.split).parts
        counts = {part: sum(own == part for own in parts.values()) for part in PARTS}
        shares = ", ".join(f"{count:,} {part}" for part, count in counts.items() if count)
        said.append(
            f"{plural(wording.track).capitalize()}: {shares}; which of them is in which part stands in `split.csv`."
        )
    return " ".join(said) + "\n"


def _scores(evaluations: Mapping[str, Evaluation], wording: Wording) -> str:
    if not evaluations:
        return "## Scores\n\nNone: it has not been evaluated.\n"
    said = [
        "## Scores\n",
        f"| judged on | of | n | accuracy | macro F1 | always the commonest {wording.genre} |",
        "|---|---|---|---|---|---|",
    ]
    for name, evaluation in evaluations.items():
        for scores in (evaluation.by_track, evaluation.by_clip):
            if scores is not None:
                figures = f"{_percent(scores.accuracy)} | {_fraction(scores.macro_f1)} | {scores.majority_accuracy:.1%}"
                said.append(
                    f"| {evaluation.data}, {name} | {plural(wording.of(scores.unit))} | {scores.n:,} | {figures} |"
                )
    level = next(iter(evaluations.values())).headline.level
    said.append(f"\nIn brackets: {level:.0%} bootstrap intervals. What must be said beside them:\n")
    said += [
        f"- {name}: {wording.of(remark)}" for name, evaluation in evaluations.items() for remark in evaluation.remarks
    ]
    headline = next(iter(evaluations.values())).headline
    if len(headline.genres) <= SHOWN_GENRES:
        said += ["", *_by_genre(headline, wording)]
    return "\n".join(said) + "\n"


def _by_genre(scores: Scores, wording: Wording) -> Iterator[str]:
    yield f"| {wording.genre} | precision | recall | F1 | n |"
    yield "|---|---|---|---|---|"
    for genre in scores.genres:
        yield f"| {genre.genre} | {genre.precision:.2f} | {genre.recall:.2f} | {genre.f1:.2f} | {genre.support:,} |"


def _held_out(fusion: Fusion) -> str:
    held = fusion.card.held_out
    return f"""## Scores

| judged on | n | artists | accuracy | macro F1 | calibration error |
|---|---|---|---|---|---|
| training tracks, each held out with its artist's | {held.tracks:,} | {held.artists:,} | {held.accuracy:.1%} \
({held.low:.1%} to {held.high:.1%}) | {held.macro_f1:.3f} | {held.ece:.3f} |

In brackets: a bootstrap interval over artists. The exponents were chosen on the same answers.
"""


def _calibration(evaluations: Mapping[str, Evaluation]) -> str:
    rows = [
        f"| {e.data}, {name} | {c.temperature:.3f} | {c.ece:.3f} | {c.ece_before:.3f} | {c.ece_by_chance:.3f} |"
        for name, e in evaluations.items()
        for c in [e.headline.calibration]
        if c is not None
    ]
    if not rows:
        return ""
    header = [
        "| judged on | temperature | calibration error | before | by chance below |",
        "|---|---|---|---|---|",
    ]
    said = "Expected calibration error: how far probabilities lie from the share that is right."
    return "\n".join(["## Calibration\n", said + "\n", *header, *rows]) + "\n"


def _limits(classifier: Classifier | Fusion, evaluations: Mapping[str, Evaluation], wording: Wording) -> str:
    said = [
        f"- It knows {len(classifier.genres)} {plural(wording.genre)}: whatever is none of them still gets one of them."
    ]
    if not evaluations and isinstance(classifier, Classifier):
        said.append("- Nobody has measured how often it is right.")
    if evaluations and "test" not in evaluations:
        said.append("- It was not judged on a test part: expect less than the figures above.")
    if any(evaluation.leak for evaluation in evaluations.values()):
        said.append(f"- Its split leaks, as said above: on other {wording.music} expect less.")
    if any(isinstance(card.features, OF_TEXT) for card in _cards(classifier)):
        said.append(
            "- It reads words and hears no music; texts in other languages than it learned from tell it little."
        )
    if any(isinstance(card.features, Musicnn) for card in _cards(classifier)):
        said.append("- musicnn learned from the Million Song Dataset, which may hold recordings that it is judged on.")
    return "\n".join(["## Limits\n", *said]) + "\n"


def _made_with(run: Run) -> str:
    if not run.environment.is_file():
        return ""
    made_with = msgspec.json.decode(run.environment.read_bytes(), type=Environment)
    packages = ", ".join(f"{package} {release}" for package, release in made_with.packages.items())
    return (
        f"## Made with\n\nearmark {made_with.earmark}, Python {made_with.python}, {packages}; "
        f"{made_with.started[:10]}, data checksum {made_with.data_checksum}.\n"
    )


def _percent(score: Score) -> str:
    return f"{score.value:.1%} ({score.low:.1%} to {score.high:.1%})"


def _fraction(score: Score) -> str:
    return f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"
