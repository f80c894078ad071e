"""What a training tells a network of its words stays with the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from earmark.classifier import Classifier, load
from earmark.experiment.train import train
from earmark.recipe import parse_recipe

RECIPE = """
features = {{ name = "words", min_count = 1, max_length = 8 }}
data = {{ name = "lyrics", path = "{folder}/songs.csv" }}
split = {{ kind = "by_artist", folds = 3, valid = 0.0 }}

[model]
name = "{model}"
vectors = "{folder}/vectors.txt"
frozen = true
width = 2
dropout = 0.0
{options}

[training]
epochs = 40
batch_size = 4
optimiser = {{ name = "adamw", learning_rate = 0.1 }}
keep = "last"
"""


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("text_average", "char_ngrams = [2, 3]\nbuckets = 50\nword_dropout = 0.0"),
        ("text_cnn", "kernel_sizes = [2]\nfilters = 8"),
        ("text_rnn", "units = 4\nconvolution = 3\nfilters = 8\nshorten = 2"),
    ],
)
def test_a_run_begins_with_vectors_and_is_loaded_without_them(
    model: str, options: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    songs = [
        f"{genre} {number},{genre},{' '.join([word] * (2 + number % 3))}"
        for number in range(9)
        for genre, word in (("sea", "mar"), ("sun", "sol"))
    ]
    (tmp_path / "songs.csv").write_text("\n".join(["Artist,Genre,Lyrics", *songs]), encoding="utf-8")
    (tmp_path / "vectors.txt").write_text("2 2\nmar 1 -1\nsol -1 1\n", encoding="utf-8")
    run = train(
        parse_recipe(RECIPE.format(folder=tmp_path, model=model, options=options), where="test"),
        runs=tmp_path / "runs",
        device="cpu",
    )
    (tmp_path / "vectors.txt").unlink()
    classifier = load(run.folder)
    assert isinstance(classifier, Classifier)
    vectors = classifier.model.get_submodule("read.words").weight
    assert {word: vectors[2 + place].tolist() for place, word in enumerate(classifier.card.features.vocabulary)} == {
        "mar": [1, -1],
        "sol": [-1, 1],
    }
    assert [classifier.read(text).genre for text in ("mar mar mar", "sol sol")] == ["sea", "sun"]
