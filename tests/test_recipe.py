"""Recipes: read, overridden, refused with a hint, written back, and told apart by their digest."""

from __future__ import annotations

import string
import tomllib
from pathlib import Path

import msgspec
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark import recipe as recipe_module
from earmark.checksums import file_digest
from earmark.errors import UsageError
from earmark.recipe import (
    Choice,
    EvaluationSettings,
    Recipe,
    SplitSettings,
    TrainingSettings,
    find_recipe,
    parse_recipe,
    read_recipe,
    recipe_names,
    starting_weights,
)

SMALL = """
format = 1
data = "gtzan"
features = { name = "log_mel", n_mels = 80 }
[model]
name = "parallel_cnn"
slope = 0.3
[training]
epochs = 3
optimiser = { name = "sgd", learning_rate = 0.02, momentum = 0.9 }
"""


def parse(text=SMALL, *overrides):
    return parse_recipe(text, where="small.toml", overrides=overrides)


class TestReading:
    def test_tables_become_structs_and_choices(self):
        recipe = parse()
        assert recipe.data == Choice("gtzan")
        assert recipe.features == Choice("log_mel", {"n_mels": 80})
        assert recipe.model == Choice("parallel_cnn", {"slope": 0.3})
        assert recipe.training.optimiser == Choice("sgd", {"learning_rate": 0.02, "momentum": 0.9})

    def test_what_is_not_said_has_its_default(self):
        recipe = parse()
        assert recipe.training == TrainingSettings(
            epochs=3, optimiser=Choice("sgd", {"learning_rate": 0.02, "momentum": 0.9})
        )
        assert (recipe.split, recipe.evaluation, recipe.augment) == (SplitSettings(), EvaluationSettings(), ())

    def test_augmentations_keep_their_order_and_may_be_bare_names(self):
        text = SMALL.replace("[model]", 'augment = ["mixup", { name = "mask", bands = 8 }]\n[model]')
        assert parse(text).augment == (Choice("mixup"), Choice("mask", {"bands": 8}))

    def test_from_a_file(self, tmp_path):
        path = tmp_path / "small.toml"
        path.write_text(SMALL, encoding="utf-8")
        assert read_recipe(path, overrides=["training.seed=7"]).training.seed == 7

    @pytest.mark.parametrize("content", [None, b"\xff\xfe"])
    def test_a_file_that_cannot_be_read(self, tmp_path, content):
        if content is not None:
            (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(UsageError, match=r"bad\.toml: cannot be read as a recipe"):
            read_recipe(tmp_path / "bad.toml")


class TestRefusals:
    @pytest.mark.parametrize(
        ("added", "message"),
        [
            ("modle = 1", r"unknown key 'modle'; did you mean 'model'\?; known: data, features, model"),
            ("[split]\nknd = 'by_clip'", r"unknown key 'split.knd'; did you mean 'kind'\?; known: kind, valid"),
            ("[evaluation]\ntopk = 5", r"unknown key 'evaluation.topk'; did you mean 'top_k'\?"),
            ("[split]\nkind = 'by_moon'", r"Invalid enum value 'by_moon' - at `\$.split.kind`"),
            ("[split]\nvalid = 'half'", r"Expected `float`, got `str` - at `\$.split.valid`"),
            ("[evaluation]\nresamples = 1.5", r"Expected `int`, got `float` - at `\$.evaluation.resamples`"),
            ("split = 3", r"Expected `object`, got `int` - at `\$.split`"),
            ("augment = 'mixup'", r"Expected `array`, got `str` - at `\$.augment`"),
            ("augment = [{ bands = 8 }]", r"augment"),
            ("rationale = ['a']", r"Expected `str`, got `array` - at `\$.rationale`"),
            ("split = {", r"not valid TOML: .*line 2"),
        ],
    )
    def test_what_is_wrong_is_said_with_where(self, added, message):
        # Before the rest, so that a key of the top level stays there, or behind it, where it opens a section.
        text = SMALL + added if added.startswith("[") else f"\n{added}{SMALL}"
        with pytest.raises(UsageError, match=f"^small.toml: .*{message}"):
            parse(text)

    def test_an_unknown_key_inside_training(self):
        with pytest.raises(UsageError, match=r"unknown key 'training.epoch'; did you mean 'epochs'\?"):
            parse(SMALL.replace("epochs", "epoch"))

    def test_a_choice_without_a_name(self):
        with pytest.raises(UsageError, match=r"missing required field `name` - at `\$.model`"):
            parse(SMALL.replace('name = "parallel_cnn"', ""))

    @pytest.mark.parametrize("section", ["data", "features", "model"])
    def test_what_every_recipe_needs(self, section):
        table = tomllib.loads(SMALL)
        del table[section]
        with pytest.raises(UsageError, match=f"missing required field `{section}`"):
            parse(tomli_w.dumps(table))

    @pytest.mark.parametrize("newer", ["2", "99", "'1'"])
    def test_a_newer_format_is_refused_by_name(self, newer):
        with pytest.raises(UsageError, match=f"small.toml: recipe format {newer} is not the 1 this earmark reads"):
            parse(SMALL.replace("format = 1", f"format = {newer}") + "\n[sorcery]\nspell = 1")


class TestOverrides:
    @pytest.mark.parametrize(
        ("override", "section", "key", "value"),
        [
            ("training.epochs=5", "training", "epochs", 5),
            ("training.epochs = 5", "training", "epochs", 5),
            ("split.valid=0.25", "split", "valid", 0.25),
            ("split.kind=by_artist", "split", "kind", "by_artist"),
            ('split.kind="by_artist"', "split", "kind", "by_artist"),
            ("split.path=C:\\lists\\a=b.csv", "split", "path", "C:\\lists\\a=b.csv"),
            ("split.stratify=false", "split", "stratify", False),
        ],
    )
    def test_one_value(self, override, section, key, value):
        assert getattr(getattr(parse(SMALL, override), section), key) == value

    def test_options_of_a_choice(self):
        recipe = parse(SMALL, "training.optimiser.learning_rate=0.5", "model.slope=0.1")
        assert recipe.training.optimiser.options == {"learning_rate": 0.5, "momentum": 0.9}
        assert recipe.model.options == {"slope": 0.1}

    def test_a_whole_choice(self):
        recipe = parse(SMALL, "training.optimiser=adam", 'model={ name = "cnn_rnn", units = 64 }')
        assert recipe.training.optimiser == Choice("adam")
        assert recipe.model == Choice("cnn_rnn", {"units": 64})

    def test_the_later_wins(self):
        assert parse(SMALL, "training.epochs=5", "training.epochs=6").training.epochs == 6

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("training.epochs", "--set 'training.epochs': write it as section.key=value"),
            ("training.epoch=5", r"unknown key 'training.epoch'; did you mean 'epochs'"),
            ("trainin.epochs=5", r"unknown key 'trainin'; did you mean 'training'"),
            ("training.epochs.first=5", "'epochs' is a value, not a section"),
            ("training.epochs=many", "Expected `int`, got `str`"),
        ],
    )
    def test_what_is_wrong_is_said(self, override, message):
        with pytest.raises(UsageError, match=message):
            parse(SMALL, override)


NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=8).filter(lambda key: key not in ("name", "options"))
VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
CHOICES = st.builds(Choice, NAMES, st.dictionaries(NAMES, VALUES, max_size=3))
COUNTS = st.integers(0, 10**6)
SHARES = st.floats(0, 1)
RECIPES = st.builds(
    Recipe,
    data=CHOICES,
    features=CHOICES,
    model=CHOICES,
    rationale=st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    split=st.builds(
        SplitSettings,
        kind=st.sampled_from(["as_given", "by_clip", "by_track", "by_artist", "file"]),
        valid=SHARES,
        test=SHARES,
        stratify=st.booleans(),
        folds=st.none() | COUNTS,
        fold=st.none() | COUNTS,
        path=st.none() | st.text(string.printable),
        seed=COUNTS,
    ),
    augment=st.lists(CHOICES, max_size=3).map(tuple),
    training=st.builds(
        TrainingSettings,
        epochs=COUNTS,
        batch_size=COUNTS,
        optimiser=CHOICES,
        schedule=CHOICES,
        loss=CHOICES,
        keep=st.sampled_from(["best_valid_accuracy", "best_valid_loss", "last"]),
        patience=st.none() | COUNTS,
        clip_gradient=st.none() | SHARES,
        seed=COUNTS,
    ),
    evaluation=st.builds(EvaluationSettings, interval=SHARES, resamples=COUNTS, top_k=COUNTS),
)


class TestWriting:
    @given(recipe=RECIPES)
    @settings(max_examples=60, deadline=None)
    def test_reading_gives_back_what_was_written(self, recipe):
        again = parse_recipe(recipe.to_toml(), where="recipe.toml")
        assert again == recipe
        assert again.digest == recipe.digest

    def test_every_value_is_written_out(self):
        table = tomllib.loads(parse().to_toml())
        assert table["format"] == 1
        assert table["training"]["batch_size"] == 128
        assert table["training"]["optimiser"] == {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9}
        assert table["split"]["kind"] == "by_track"


class TestDigest:
    def test_neither_the_training_seed_nor_the_rationale_counts(self):
        recipe = parse()
        assert parse(SMALL, "training.seed=99", "rationale=because").digest == recipe.digest

    @pytest.mark.parametrize(
        "override",
        [
            "training.epochs=4",
            "model.slope=0.31",
            "split.seed=2",
            "data=folder",
            "evaluation.top_k=2",
            "features.fmin=1",
        ],
    )
    def test_anything_else_does(self, override):
        assert parse(SMALL, override).digest != parse().digest

    def test_neither_does_with_how_many_seeds_a_study_trains_it(self):
        assert parse(SMALL, "study.seeds=1").digest == parse().digest

    def test_the_first_fold_is_meant_where_none_is_named(self):
        digests = [parse(SMALL, "split.folds=5", *more).digest for more in ([], ["split.fold=0"], ["split.fold=1"])]
        assert digests[0] == digests[1] != digests[2]
        assert parse(SMALL, "split.fold=0").digest == parse().digest

    def test_saying_a_default_changes_nothing(self):
        assert parse(SMALL, "training.batch_size=128").digest == parse().digest

    def test_neither_does_the_order_of_options(self):
        swapped = SMALL.replace("learning_rate = 0.02, momentum = 0.9", "momentum = 0.9, learning_rate = 0.02")
        assert swapped != SMALL
        assert parse(swapped).digest == parse().digest

    @given(recipe=RECIPES)
    @settings(max_examples=20, deadline=None)
    def test_is_twelve_hex_digits(self, recipe):
        assert len(recipe.digest) == 12
        assert set(recipe.digest) <= set(string.hexdigits.lower())


class TestFinding:
    @pytest.fixture
    def shipped(self, tmp_path, monkeypatch):
        (tmp_path / "course").mkdir()
        for name in ("course/parallel_cnn", "course/cnn_rnn", "alone"):
            (tmp_path / f"{name}.toml").write_text(SMALL)
        (tmp_path / "course" / "results.csv").write_text("digest\n")
        monkeypatch.setattr(recipe_module, "shipped_recipes", lambda: tmp_path)
        return tmp_path

    @pytest.mark.usefixtures("shipped")
    def test_names(self):
        assert recipe_names() == ["alone", "course/cnn_rnn", "course/parallel_cnn"]

    def test_by_name(self, shipped):
        assert find_recipe("course/cnn_rnn") == shipped / "course" / "cnn_rnn.toml"

    @pytest.mark.usefixtures("shipped")
    def test_by_path(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text(SMALL)
        assert find_recipe(str(path)) == path

    @pytest.mark.usefixtures("shipped")
    def test_an_unknown_name_lists_the_known(self):
        with pytest.raises(
            UsageError,
            match=r"no recipe 'course/cnn_rn'; did you mean 'course/cnn_rnn'\?; known: alone, course/cnn_rnn",
        ):
            find_recipe("course/cnn_rn")


def test_structs_cannot_be_changed_behind_ones_back():
    with pytest.raises(AttributeError):
        parse().training.epochs = 5
    assert msgspec.structs.replace(parse().training, epochs=5).epochs == 5


class TestInit:
    """What a training starts from."""

    def source(self, root: Path, weights: bytes, name: str = "2026-01-01T00-00-00-vgg-s1") -> Path:
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "weights.safetensors").write_bytes(weights)
        return root / name

    def digest(self, run: Path | str, *more: str) -> str:
        return parse(SMALL, f"init.run='{Path(run).as_posix()}'", *more).digest

    def test_the_weights_count_and_not_where_they_lie(self, tmp_path: Path) -> None:
        one = self.source(tmp_path / "a", b"one")
        moved = self.source(tmp_path / "b", b"one", "elsewhere")
        assert self.digest(one) == self.digest(moved) != parse().digest
        assert self.digest(self.source(tmp_path / "c", b"two")) != self.digest(one)
        before = self.digest(one)
        self.source(tmp_path / "a", b"one more")
        assert self.digest(one) != before

    def test_the_newest_run_of_several_is_meant(self, tmp_path: Path) -> None:
        self.source(tmp_path, b"old", "2026-01-01T00-00-00-vgg-s1")
        new = self.source(tmp_path, b"new", "2026-01-02T00-00-00-vgg-s1")
        self.source(tmp_path, b"other", "2026-01-03T00-00-00-lstm-s1")
        assert self.digest(tmp_path / "*-vgg-s*") == self.digest(new)
        assert starting_weights(str(tmp_path)) == tmp_path / "2026-01-03T00-00-00-lstm-s1" / "weights.safetensors"

    def test_while_there_is_none_its_name_counts(self, tmp_path: Path) -> None:
        assert starting_weights(str(tmp_path / "a")) is None
        assert self.digest(tmp_path / "a") != self.digest(tmp_path / "b")

    def test_a_resolved_recipe_keeps_its_digest_without_the_run(self, tmp_path: Path) -> None:
        source = self.source(tmp_path, b"one")
        digest = self.digest(source)
        weights = file_digest(source / "weights.safetensors")
        assert self.digest("gone", f"init.weights={weights}") == digest
        resolved = parse(SMALL, "init.run=gone", f"init.weights={weights}", "init.frozen_epochs=all")
        again = parse_recipe(resolved.to_toml(), where="again")
        assert (again, again.digest) == (resolved, resolved.digest)
        assert again.digest != digest

    @pytest.mark.parametrize(
        "override", ['init.parts=["encoder"]', "init.frozen_epochs=3", "init.learning_rate_factor={ encoder = 0.1 }"]
    )
    def test_how_it_starts_counts_too(self, tmp_path: Path, override: str) -> None:
        source = self.source(tmp_path, b"one")
        assert self.digest(source, override) != self.digest(source)
        recipe = parse(SMALL, f"init.run='{source.as_posix()}'", override)
        assert parse_recipe(recipe.to_toml(), where="again") == recipe
