"""Finished runs that answer together: from a recipe that names them to one classifier."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from torch import nn

from earmark.catalog import DATASETS, FEATURES
from earmark.classifier import Classifier, ClassifierCard, build_model, load_run
from earmark.errors import DataError, ModelError, UsageError
from earmark.experiment.prepare import Prepared, features_of
from earmark.features.encoding import gives
from earmark.features.musicnn import Musicnn
from earmark.features.settings import OF_TEXT, Features
from earmark.features.standardise import AS_IT_IS
from earmark.models.ensemble import ENSEMBLE, Member
from earmark.recipe import Choice, Recipe, TrainingSettings
from earmark.run import open_run
from earmark.splits import read_split


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a recipe says of an ensemble: folders of runs, or patterns of such."""

    runs: tuple[str, ...]


@dataclass(frozen=True)
class Gathered:
    """The runs that a recipe names, and their classifiers."""

    folders: tuple[Path, ...]
    members: tuple[Classifier, ...]


def is_ensemble(recipe: Recipe) -> bool:
    """Whether the recipe combines finished runs instead of training."""
    return recipe.model.name == ENSEMBLE


def gather(recipe: Recipe) -> Gathered:
    """Load the runs that `recipe` names. Their scales may differ, their features not.

    Raises UsageError for a recipe that does not fit, ModelError where a run cannot be loaded or has other features or
    another shape, naming both.
    """
    DATASETS.check(recipe.data.name, recipe.data.options)
    FEATURES.check(recipe.features.name, recipe.features.options)
    untrained = msgspec.structs.replace(TrainingSettings(), seed=recipe.training.seed)
    if recipe.augment or recipe.training != untrained:
        raise UsageError("an ensemble is not trained: leave out augment, and of training all but seed")
    try:
        patterns = msgspec.convert(recipe.model.options, Options).runs
    except msgspec.ValidationError as error:
        raise UsageError(f"model 'ensemble' takes runs, a list of folders or patterns: {error}") from error
    folders = tuple(folder for pattern in patterns for folder in _matching(pattern))
    if len(set(folders)) < max(2, len(folders)):
        found = ", ".join(map(str, folders)) or "none"
        raise UsageError(f"an ensemble takes two runs or more, each once; model.runs gives {found}")
    members = tuple(load_run(folder) for folder in folders)
    features = features_of(recipe)
    for folder, member in zip(folders, members, strict=True):
        member.require(_on_its_scale(features, member), where="the ensemble's recipe")
        if member.card.shape != members[0].card.shape:
            raise ModelError(
                f"{folder}: trained on examples of {member.card.shape}, {folders[0]} on {members[0].card.shape}"
            )
    return Gathered(folders, members)


def _on_its_scale(features: Features, member: Classifier) -> Features:
    """Those features with the member's way to standardise, where they have one, in which members may differ."""
    theirs = member.card.features
    if isinstance(features, OF_TEXT | Musicnn) or isinstance(theirs, OF_TEXT | Musicnn):
        return features
    return msgspec.structs.replace(features, standardise=theirs.standardise)


def _learned(features: Features, gathered: Gathered) -> Features:
    """The features with the words that all members have learned. Raises ModelError where one has learned others."""
    if not isinstance(features, OF_TEXT):
        return features
    cards = [member.card for member in gathered.members]
    for folder, card in zip(gathered.folders, cards, strict=True):
        if gives(card.features) == "texts":
            raise ModelError(f"{folder}: it reads whole texts; an ensemble is made of networks that read words")
        if card.features != cards[0].features:
            raise ModelError(
                f"{folder}: learned other words than {gathered.folders[0]}; members must be trained on the same tracks"
            )
    return cards[0].features


def _matching(pattern: str) -> Sequence[Path]:
    """The runs whose folders match, in the order of their names."""
    matching = sorted(glob.glob(pattern))  # noqa: PTH207 - Path.glob takes no absolute pattern
    found = [Path(name) for name in matching if Path(name, "recipe.toml").is_file()]
    return found or [open_run(Path(pattern)).folder]


def combine(gathered: Gathered, prepared: Prepared) -> tuple[ClassifierCard, nn.Module]:
    """The ensemble's card and network, with all weights of its members.

    Raises ModelError where a member knows other genres than the data, DataError where one was trained on tracks that
    the ensemble is to be judged on.
    """
    genres = prepared.dataset.genres
    judged = {track for track, part in prepared.split.parts.items() if part != "train"}
    for folder, member in zip(gathered.folders, gathered.members, strict=True):
        member.require(_on_its_scale(prepared.features, member), where=prepared.dataset.name)
        if member.genres != genres:
            raise ModelError(
                f"{folder}: knows the genres {', '.join(member.genres)}; {prepared.dataset.name} has "
                f"{', '.join(genres)}; members and data must agree, in order too"
            )
        learned = {track for track, part in read_split(open_run(folder).split).parts.items() if part == "train"}
        if member.card.trained_on == prepared.dataset.name and learned & judged:
            raise DataError(
                f"{folder}: trained on {len(learned & judged)} of the {len(judged)} tracks that the ensemble would be "
                f"judged on; share them out alike: split.kind = 'file', split.path = '{folder / 'split.csv'}'"
            )
    cards = [member.card for member in gathered.members]
    features = _learned(prepared.features, gathered)
    members = [
        Member(
            run=member.name,
            name=member.card.model.name,
            options=member.card.model.options,
            mean=member.card.standardiser.mean,
            spread=member.card.standardiser.spread,
            axis=member.card.standardiser.axis,
            temperature=member.card.temperature,
        )
        for member in gathered.members
    ]
    model = Choice(ENSEMBLE, {"members": msgspec.to_builtins(members)})
    card = ClassifierCard(
        genres=genres,
        model=model,
        shape=cards[0].shape,
        features=features,
        standardiser=AS_IT_IS,  # each member has a scale of its own
        trained_on=", ".join(sorted({card.trained_on for card in cards})),
        synthetic=any(card.synthetic for card in cards),
    )
    network = build_model(model, card.shape, len(genres))
    for place, member in enumerate(gathered.members):
        network.get_submodule(f"members.{place}.network").load_state_dict(member.model.state_dict())
    return card, network
