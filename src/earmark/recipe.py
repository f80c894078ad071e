"""A whole experiment as typed structs, written down as TOML."""

from __future__ import annotations

import glob
import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import tomli_w

from earmark.checksums import remembered_digest
from earmark.errors import UsageError, nearest

ELSEWHERE = "pretrained:"  # in init.run: weights of others
FORMAT = 1
Precision = Literal["float32", "bfloat16"]


class Choice(msgspec.Struct, frozen=True):
    """Something from a catalog by name, with its options; in TOML one table: `{ name = "vgg", depth = 3 }`."""

    name: str
    options: dict[str, Any] = {}


class SplitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How tracks are shared out; see `earmark.splits`.

    fold   of `folds`, counted from 0; None: a study trains on each of them, whatever else trains on the first
    """

    kind: Literal["as_given", "by_clip", "by_track", "by_artist", "file"] = "by_track"
    valid: float = 0.2
    test: float = 0.0
    stratify: bool = True
    folds: int | None = None
    fold: int | None = None
    path: str | None = None
    seed: int = 1


class TrainingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a model is trained.

    more_epochs      epochs after those, as if the finished training went on: its schedule stays laid out for `epochs`
    patience         epochs without a better `keep` figure before stopping, counted anew for `more_epochs`; None: never
    accumulate       pieces in which each batch is fed, for less memory
    averaging        which mean of the weights along the way is judged and kept: ema or swa; None: the last step's
    schedule_epochs  epochs that the schedule is laid out for; None: `epochs`
    class_weights    what an example counts in the loss: the same, or inversely to how many its class has
    sampling         each example once an epoch, or drawn with replacement, of each class equally many
    log              where the epochs are written down too, beside history.csv
    """

    epochs: int = 50
    more_epochs: int = 0
    batch_size: int = 128
    optimiser: Choice = Choice("sgd", {"learning_rate": 0.01})
    schedule: Choice = Choice("constant")
    loss: Choice = Choice("cross_entropy")
    keep: Literal["best_valid_accuracy", "best_valid_loss", "last"] = "best_valid_accuracy"
    patience: int | None = None
    clip_gradient: float | None = None
    accumulate: int = 1
    averaging: Choice | None = None
    schedule_epochs: int | None = None
    precision: Precision = "float32"
    class_weights: Literal["balanced"] | None = None
    sampling: Literal["balanced"] | None = None
    log: Literal["tensorboard", "mlflow"] | None = None
    seed: int = 1


class InitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a network starts from in place of random weights.

    run                   the folder of a run, of runs, of which the newest counts, or a pattern: "runs/*-image_cnn-s1";
                          "pretrained:NAME" for weights that others have published, "pretrained:FOLDER" for those in
                          a folder of sentence-transformers
    parts                 what is loaded: "all_but_head", all but the last layer, or a list of parts' names: ["encoder"]
    frozen_epochs         epochs in which what was loaded stays as it is; "all": always
    learning_rate_factor  of what was loaded, or a table of factors by parts' names; with 0 it stays as it is, always
    weights               the digest of the weights that were found: written by the training, not by hand
    """

    run: str
    parts: Literal["all_but_head"] | tuple[str, ...] = "all_but_head"
    frozen_epochs: int | Literal["all"] = 0
    learning_rate_factor: float | dict[str, float] = 1.0
    weights: str | None = None


class EvaluationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a run is judged: level of the bootstrap interval, its resamples, and k of top-k accuracy."""

    interval: float = 0.95
    resamples: int = 2000
    top_k: int = 3


class StudySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a study trains the recipe, and where its page shows it.

    seeds     with so many of the seeds that the study is asked for; None: with all
    line      recipes on one line differ in an amount alone; empty: this one stands on none
    amount    where on its line it stands, above 0
    unit      what the amount counts, as a reader is told
    baseline  whether the other lines are compared with this one
    """

    seeds: int | None = None
    line: str = ""
    amount: float | None = None
    unit: str = ""
    baseline: bool = False

    def __post_init__(self) -> None:
        if self.line and not (self.amount is not None and self.amount > 0):
            raise UsageError(f"study.line = {self.line!r} needs study.amount, a number above 0")


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers from `low` to `high`, both included, whole where both are; `log` draws evenly from their logarithms."""

    low: int | float
    high: int | float
    log: bool = False


class SearchSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `earmark study --search` tunes, see `earmark.search`.

    values   a key of the recipe → the range or the list that it is taken from; in TOML they stand beside the others
    trials   how many combinations are tried
    folds    folds of the training part on which each is validated
    """

    trials: int = 20
    folds: int = 3
    seed: int = 1
    values: dict[str, Range | tuple[bool | int | float | str, ...]] = {}


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One whole experiment."""

    data: Choice
    features: Choice
    model: Choice
    format: int = FORMAT
    rationale: str = ""
    split: SplitSettings = SplitSettings()
    augment: tuple[Choice, ...] = ()
    init: InitSettings | None = None
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    study: StudySettings = StudySettings()
    search: SearchSettings | None = None

    def to_toml(self) -> str:
        """The recipe as resolved, every value written out."""
        table = _flat(msgspec.to_builtins(self))
        if self.search is not None:
            table["search"] |= table["search"].pop("values")
        return tomli_w.dumps(table)

    @property
    def folds(self) -> tuple[Recipe, ...]:
        """What a study trains: the recipe on each of its folds, or as it is where it has none or names one."""
        if self.split.folds is None or self.split.fold is not None:
            return (self,)
        folds = range(max(1, self.split.folds))  # too few are refused when they are drawn
        each = (msgspec.structs.replace(self.split, fold=fold) for fold in folds)
        return tuple(msgspec.structs.replace(self, split=split) for split in each)

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with all that numbers depend on but the training's seed.

        Keys at their default do not count, so that a key added later leaves older digests as they are; nor does naming
        the first fold, which is meant where none is named. Of a run that the training starts from the weights count,
        not its name; that alone counts while there is no such run.
        """
        split = msgspec.structs.replace(self.split, fold=self.split.fold or None)
        told = _told(msgspec.structs.replace(self, split=split, rationale="", study=StudySettings(), search=None))
        for key in ("seed", "log"):
            told.get("training", {}).pop(key, None)
        if self.init is not None:
            found = starting_weights(self.init.run)
            weights = self.init.weights or (remembered_digest(found) if found is not None else None)
            if weights is not None:
                told["init"] |= {"run": None, "weights": weights}
        return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:12]


def starting_weights(run: str) -> Path | None:
    """The weights of the run that `init.run` names, of several the newest, or of the folder of sentence-transformers
    behind "pretrained:"; None where there are none."""
    name = run.removeprefix(ELSEWHERE)
    if name != run:
        path = Path(name) / "model.safetensors"
        return path if name and path.is_file() else None
    for pattern in (f"{run}/weights.safetensors", f"{run}/*/weights.safetensors"):
        if found := sorted(glob.glob(pattern)):  # noqa: PTH207 - Path.glob takes no absolute pattern
            return Path(found[-1])
    return None


def parse_recipe(text: str, *, where: str, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe from TOML; `overrides` are `section.key=value` with a TOML value (a bare word counts as a string).

    Raises UsageError naming `where` and the offending key, with the nearest known one.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where}: not valid TOML: {error}") from error
    for override in overrides:
        _override(table, override)
    if table.get("format", FORMAT) != FORMAT:
        raise UsageError(
            f"{where}: recipe format {table['format']!r} is not the {FORMAT} this earmark reads; update earmark"
        )
    if isinstance(table.get("search"), dict):
        table["search"] = _with_values(table["search"])
    _refuse_unknown(table, Recipe, where, "")
    try:
        return msgspec.convert(_nested(table), Recipe)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}: {error}") from error


def read_recipe(path: Path, *, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe file. Raises UsageError where it cannot be read or holds something unknown."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a recipe: {error}") from error
    return parse_recipe(text, where=str(path), overrides=overrides)


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals:
        raise UsageError(f"--set {override!r}: write it as section.key=value, as in --set training.epochs=5")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    *sections, last = key.strip().split(".")
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise UsageError(f"--set {override!r}: {section!r} is a value, not a section")
    table[last] = parsed


def _told(value: msgspec.Struct) -> dict[str, Any]:
    """The fields of a struct that are not at their default, those of structs inside likewise."""
    told = {}
    for field in msgspec.structs.fields(type(value)):
        inner = getattr(value, field.name)
        if inner != field.default:
            told[field.name] = _told(inner) if isinstance(inner, msgspec.Struct) else inner
    return told


def _fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind)}


def _refuse_unknown(table: dict[str, Any], kind: type[msgspec.Struct], where: str, section: str) -> None:
    """Keys of typed sections are checked here; those of a Choice where it is built, since they are its factory's."""
    known = _fields(kind)
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{where}: unknown key {section + key!r}{nearest(key, known)}; known: {', '.join(known)}")
        inner = next((kind for kind in (known[key], *get_args(known[key])) if _is_section(kind)), None)
        if isinstance(value, dict) and inner is not None:
            _refuse_unknown(value, inner, where, f"{section}{key}.")


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not Choice


def _with_values(table: dict[str, Any]) -> dict[str, Any]:
    """The table of a search with what it marks under `values`; a value that could be neither range nor list stays."""
    known = _fields(SearchSettings)
    marked = {key: value for key, value in table.items() if key not in known and isinstance(value, dict | list)}
    return {**{key: value for key, value in table.items() if key not in marked}, "values": _dotted(marked)}


def _dotted(table: dict[str, Any]) -> dict[str, Any]:
    """Keys with dots, of tables that TOML made of unquoted ones too; a table with `low` or `high` is a range."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and not value.keys() & {"low", "high"}:
            found |= {f"{key}.{inner}": content for inner, content in _dotted(value).items()}
        else:
            found[key] = value
    return found


def _choice(table: Any) -> Any:
    if isinstance(table, str):
        return {"name": table}
    if not isinstance(table, dict) or "name" not in table:
        return table
    return {"name": table["name"], "options": {key: value for key, value in table.items() if key != "name"}}


def _nested(table: dict[str, Any]) -> dict[str, Any]:
    """Every table that stands for a Choice, from its flat form in TOML to name and options."""
    out = dict(table)
    for key in ("data", "features", "model"):
        if key in out:
            out[key] = _choice(out[key])
    if isinstance(out.get("augment"), list):
        out["augment"] = [_choice(entry) for entry in out["augment"]]
    if isinstance(out.get("training"), dict):
        choices = [name for name, kind in _fields(TrainingSettings).items() if kind in (Choice, Choice | None)]
        out["training"] = {k: _choice(v) if k in choices else v for k, v in out["training"].items()}
    return out


def _flat(value: Any) -> Any:
    """The way back: name and options in one table, None left out, since TOML has none."""
    if isinstance(value, dict):
        if set(value) == {"name", "options"}:
            return {"name": value["name"], **_flat(value["options"])}
        return {key: _flat(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_flat(inner) for inner in value]
    return value


def shipped_recipes() -> Path:
    """The folder of recipes that come with earmark: inside the installed package, or at the root of a checkout."""
    inside = Path(__file__).parent / "recipes"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "recipes"


def find_recipe(name: str) -> Path:
    """A recipe by path, or a shipped one by name: `course/parallel_cnn`. Raises UsageError listing the known names."""
    for path in (Path(name), shipped_recipes() / f"{name}.toml"):
        if path.is_file():
            return path
    known = recipe_names()
    raise UsageError(f"no recipe {name!r}{nearest(name, known)}; known: {', '.join(known)}, or a path to a .toml file")


def recipe_names() -> list[str]:
    """Names of the shipped recipes."""
    root = shipped_recipes()
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.toml"))
