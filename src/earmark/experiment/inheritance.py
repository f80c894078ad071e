"""What a training starts from, where its recipe names a run: found, loaded, said, and remembered in the new run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from earmark.checksums import file_digest
from earmark.errors import DataError, ModelError, UsageError, nearest
from earmark.experiment.fitting import is_estimator
from earmark.models.ensemble import ENSEMBLE
from earmark.pretrained.efficientnet_lite0 import EFFICIENTNET_LITE0
from earmark.pretrained.sentence import MINILM, sentence_network
from earmark.recipe import InitSettings, Recipe, starting_weights
from earmark.run import Run, write_json
from earmark.training.transfer import Inherited, inherit

ELSEWHERE = "pretrained:"
PUBLISHED = (EFFICIENTNET_LITE0.name, MINILM.name)
SHOWN = 4  # names of a list that has more


class Inheritance(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a run's inheritance.json: the run it started from, the digest of that one's weights, what came."""

    run: str
    weights: str
    tensors: Inherited
    format: int = 1

    @property
    def says(self) -> str:
        """One line for a reader."""
        told = [f"{len(self.tensors.loaded)} tensors loaded ({self.tensors.numbers:,} numbers)"]
        if self.tensors.unlike:
            told.append(f"of another shape and left at random: {_listed(self.tensors.unlike)}")
        if self.tensors.fresh:
            told.append(f"not there and left at random: {_listed(self.tensors.fresh)}")
        return f"started from {self.run}: {'; '.join(told)}"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def located(recipe: Recipe) -> Recipe:
    """The recipe with the digest of the weights that it starts from; as it is for published ones, and for none.

    Raises UsageError where such a model starts from nothing, ModelError where there is no such run, or its weights are
    others than those whose digest the recipe holds.
    """
    if recipe.init is None:
        return recipe
    if recipe.model.name == ENSEMBLE or is_estimator(recipe):
        raise UsageError(f"{recipe.model.name} is not trained from weights; leave [init] out")
    if recipe.init.run.startswith(ELSEWHERE):
        _require_published(recipe.init.run)
        return recipe
    digest = file_digest(_found(recipe.init))
    if recipe.init.weights not in (None, digest):
        raise ModelError(
            f"init.run = {recipe.init.run!r}: its weights are {digest}, the recipe was resolved with "
            f"{recipe.init.weights}; leave init.weights out to start from what is there now"
        )
    return msgspec.structs.replace(recipe, init=msgspec.structs.replace(recipe.init, weights=digest))


def start(model: nn.Module, init: InitSettings) -> Inheritance:
    """Load into an untrained model what the recipe asks for. Raises ModelError, or UsageError for an unknown part."""
    if init.run.startswith(ELSEWHERE):
        weights, fingerprint = _published(init.run)
        return Inheritance(
            run=init.run, weights=fingerprint, tensors=inherit(model, weights, init.parts, where=init.run)
        )
    path = _found(init)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: cannot be read as weights: {error}") from error
    tensors = inherit(model, weights, init.parts, where=str(path.parent))
    return Inheritance(run=path.parent.resolve().name, weights=file_digest(path), tensors=tensors)


def _require_published(run: str) -> None:
    name = run.removeprefix(ELSEWHERE)
    if name not in PUBLISHED and not Path(name).is_dir():
        known = [f"{ELSEWHERE}{name}" for name in PUBLISHED]
        raise UsageError(
            f"init.run: no {run!r}{nearest(run, known)}; known: {', '.join(known)}, "
            f"or {ELSEWHERE} and a folder of sentence-transformers"
        )


def _published(run: str) -> tuple[Mapping[str, Tensor], str]:
    """Weights that others have published, by the names that our network has, and their fingerprint."""
    name = run.removeprefix(ELSEWHERE)
    if name == EFFICIENTNET_LITE0.name:
        return EFFICIENTNET_LITE0.load(), EFFICIENTNET_LITE0.fingerprint
    sentence = sentence_network(name)
    return {f"encoder.{part}": tensor for part, tensor in sentence.network.state_dict().items()}, sentence.fingerprint


def _found(init: InitSettings) -> Path:
    path = starting_weights(init.run)
    if path is None:
        raise ModelError(f"init.run = {init.run!r}: no run with weights is there; train it first, or name another")
    return path


def write_inheritance(run: Run, inheritance: Inheritance) -> None:
    """Write inheritance.json into the run."""
    write_json(run.inheritance, inheritance)


def read_inheritance(run: Run) -> Inheritance | None:
    """What the run started from; None where it started from nothing. Raises DataError where that cannot be read."""
    try:
        return msgspec.json.decode(run.inheritance.read_bytes(), type=Inheritance)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise DataError(f"{run.inheritance}: cannot be read: {error}") from error
