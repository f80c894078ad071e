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
from earmark.recipe import ELSEWHERE, InitSettings, Recipe, starting_weights
from earmark.run import Run, write_json
from earmark.training.transfer import Inherited, inherit

PUBLISHED = tuple(f"{ELSEWHERE}{published.name}" for published in (EFFICIENTNET_LITE0, MINILM))
SHOWN = 4  # names of a list that has more


class Inheritance(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a run's inheritance.json: the run it started from, the digest of that one's weights, what came.

    origin  what the first of several runs started from, each of which started from the one before
    """

    run: str
    weights: str
    tensors: Inherited
    origin: str | None = None
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
    if recipe.init.run in PUBLISHED:
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
        # A run holds no path: a folder is told by its name and a slash, which no published one has.
        known = init.run in PUBLISHED
        source = init.run if known else f"{ELSEWHERE}{_found(init).parent.resolve().name}/"
        weights, fingerprint = _published(init.run.removeprefix(ELSEWHERE))
        tensors = inherit(model, weights, init.parts, where=init.run)
        return Inheritance(run=source, weights=fingerprint, tensors=tensors)
    path = _found(init)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: cannot be read as weights: {error}") from error
    tensors = inherit(model, weights, init.parts, where=str(path.parent))
    before = read_inheritance(Run(path.parent))
    origin = None if before is None else before.origin or before.run
    return Inheritance(run=path.parent.resolve().name, weights=file_digest(path), tensors=tensors, origin=origin)


def _published(name: str) -> tuple[Mapping[str, Tensor], str]:
    """Weights that others have published, by the names that our network has, and their fingerprint."""
    if name == EFFICIENTNET_LITE0.name:
        return EFFICIENTNET_LITE0.load(), EFFICIENTNET_LITE0.fingerprint
    sentence = sentence_network(name)
    return {f"encoder.{part}": tensor for part, tensor in sentence.network.state_dict().items()}, sentence.fingerprint


def _found(init: InitSettings) -> Path:
    path = starting_weights(init.run)
    if path is None and init.run.startswith(ELSEWHERE):
        raise UsageError(
            f"init.run: no {init.run!r}{nearest(init.run, PUBLISHED)}; known: {', '.join(PUBLISHED)}, "
            f"or {ELSEWHERE} and a folder of sentence-transformers"
        )
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
