"""From a recipe to examples: only what was asked for, from the split that was given."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from earmark.errors import DataError, UsageError
from earmark.experiment import prepare as module
from earmark.experiment.prepare import check, features_of, prepare
from earmark.experiment.watcher import Watcher
from earmark.features.log_mel import LogMel
from earmark.recipe import Choice, Recipe
from earmark.splits import Split
from earmark.tracks import Dataset, Track


class Listening(Watcher):
    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, text: str) -> None:
        self.stages.append(text)


def test_each_part_gets_its_own_examples(recipe: Recipe) -> None:
    watcher = Listening()
    prepared = prepare(recipe, watcher=watcher)
    assert {part: len(examples) for part, examples in prepared.parts.items()} == {"train": 96, "valid": 40}
    assert prepared.split.sizes == {"train": 96, "valid": 40}
    assert prepared.features == LogMel(n_mels=16) == features_of(recipe)
    assert watcher.stages == ["reading tfdata", "features of 96 train tracks", "features of 40 valid tracks"]
    first = prepared.parts["valid"]
    np.testing.assert_array_equal(first.x[0], prepared.dataset.read(first.tracks[0]))


def test_a_split_that_is_given_is_not_drawn_again(recipe: Recipe) -> None:
    whole = prepare(recipe, only=()).dataset
    mine = Split(kind="file", parts={whole.tracks[0].id: "train", whole.tracks[5].id: "test"})
    prepared = prepare(recipe, split=mine)
    assert {part: examples.ids for part, examples in prepared.parts.items()} == {
        "train": (whole.tracks[0].id,),
        "test": (whole.tracks[5].id,),
    }
    assert set(prepare(recipe, split=mine, only=("test", "valid")).parts) == {"test"}


def test_a_track_without_a_genre_cannot_be_learned_from(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = (Track(id="a", genres=("x",), part="train"), Track(id="b", part="train"), Track(id="c", part="valid"))
    unsure = Dataset("unsure", "log_mel", ("x",), tracks, read=lambda _: np.full((16, 20), -40.0, np.float32))
    given = replace(unsure, read_many=lambda tracks: np.stack([unsure.read(track) - 1 for track in tracks]))
    monkeypatch.setattr(module, "DATASETS", SimpleNamespace(build=lambda *_, **__: given))
    mine = Split(kind="file", parts={"a": "train"})
    assert prepare(recipe, split=mine).parts["train"].y.tolist() == [0]
    with pytest.raises(DataError, match="unsure: b has no genre; tracks to train or judge on need one"):
        prepare(recipe, split=Split(kind="file", parts={"a": "train", "b": "train"}))


def test_a_split_of_other_data_is_refused(recipe: Recipe) -> None:
    with pytest.raises(DataError, match="no track 'z'"):
        prepare(recipe, split=Split(kind="file", parts={"z": "train"}))


@pytest.mark.parametrize(
    ("section", "choice", "said"),
    [
        ("data", Choice("tfdat"), "no data set 'tfdat'; did you mean 'tfdata'"),
        ("data", Choice("tfdata"), "data set 'tfdata' needs the option 'path'"),
        ("features", Choice("log_mel", {"bands": 3}), "feature 'log_mel' has no option 'bands'"),
        ("model", Choice("cnn_rnn", {"dropout": "much"}), "model 'cnn_rnn': dropout = 'much': Expected `float`"),
    ],
)
def test_check_refuses_what_is_not_known(recipe: Recipe, section: str, choice: Choice, said: str) -> None:
    check(recipe)
    with pytest.raises(UsageError, match=said):
        check(msgspec.structs.replace(recipe, **{section: choice}))
