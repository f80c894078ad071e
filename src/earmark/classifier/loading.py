"""Classifiers read from disk."""

from __future__ import annotations

from pathlib import Path

import msgspec

from earmark.classifier.card import CARD
from earmark.classifier.fusion import CARD as FUSION
from earmark.classifier.fusion import FORMAT as FUSION_FORMAT
from earmark.classifier.fusion import Fusion, FusionCard, alone
from earmark.classifier.neighbours import read_neighbours
from earmark.classifier.opening import DEFAULT, is_exported
from earmark.classifier.packs import is_pack, unpacked
from earmark.classifier.runs import holds_runs, load_run
from earmark.classifier.trained import Classifier
from earmark.errors import ModelError, nearest
from earmark.features.musicnn import Musicnn
from earmark.folders import data_folder
from earmark.pretrained.musicnn import load_musicnn
from earmark.run import open_run

SHIPPED = Path(__file__).parent / "shipped"
TAUGHT = "classifiers"  # in the person's data folder


def load_fusion(folder: Path, *, device: str = "cpu") -> Fusion:
    """The fusion in a folder. Raises ModelError where it, or one of its voices, is missing, damaged or newer."""
    try:
        card = msgspec.json.decode((folder / FUSION).read_bytes(), type=FusionCard)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f"{folder / FUSION}: the classifier cannot be read: {error}") from error
    if card.format != FUSION_FORMAT:
        raise ModelError(
            f"{folder / FUSION}: format {card.format} is not the {FUSION_FORMAT} this earmark reads; update earmark"
        )
    voices = [load_run(folder / voice.folder, device=device) for voice in card.voices]
    for voice in voices:
        if voice.genres != card.genres:
            raise ModelError(f"{folder}: {voice.name} knows {', '.join(voice.genres)}, not {', '.join(card.genres)}")
    return Fusion(card, voices, name=folder.resolve().name, neighbours=read_neighbours(folder))


def is_classifier(model: Path | str) -> bool:
    """Whether `model` is a pack, a folder that holds a classifier or runs of which the newest does, or a known name."""
    folder = Path(model)
    if is_pack(model):
        return True
    return any((folder / card).is_file() for card in (FUSION, CARD)) or holds_runs(folder) or str(model) in known()


def is_fusion(model: Path | str) -> bool:
    """Whether that is one that was shipped or taught, and no run."""
    return is_classifier(model) and (locate(model) / FUSION).is_file()


def locate(model: Path | str = DEFAULT) -> Path:
    """The folder of a classifier, by path, address or name: a run, a folder of runs, a pack, "default", or what a
    person has taught. A pack's is in the cache, and not to be written into.

    Raises ModelError with the known names where there is none, and as `unpacked` does.
    """
    if is_pack(model):
        return unpacked(model)
    if is_exported(model):
        raise ModelError(f"{model}: an ONNX file answers, and no more; name the run that it was made of")
    folder = Path(model)
    if (folder / FUSION).is_file() or (folder / CARD).is_file():
        return folder
    if holds_runs(folder):
        return open_run(folder).folder
    named = known()
    if str(model) not in named:
        raise ModelError(
            f"{model}: neither a classifier's folder nor the name of one{nearest(str(model), named)}; "
            f"known: {', '.join(named)}; earmark train and earmark teach make more"
        )
    return named[str(model)]


def known() -> dict[str, Path]:
    """Classifiers that have a name, and their folders: the default, and those that a person has taught."""
    taught = data_folder() / TAUGHT
    return {DEFAULT: SHIPPED / DEFAULT} | {path.parent.name: path.parent for path in sorted(taught.glob(f"*/{FUSION}"))}


def load(model: Path | str = DEFAULT, *, device: str = "cpu") -> Classifier | Fusion:
    """The classifier at a path or of a name, as `locate` finds it.

    Raises ModelError where there is no such classifier, or it is damaged or newer than this earmark.
    """
    folder = locate(model)
    if folder == SHIPPED / DEFAULT:
        return load_default(device=device)
    return load_fusion(folder, device=device) if (folder / FUSION).is_file() else load_run(folder, device=device)


def load_default(*, device: str = "cpu") -> Fusion:
    """The shipped classifier; where its backbone cannot be had, its own small voice alone, whose `note` says so."""
    fusion = load_fusion(SHIPPED / DEFAULT, device=device)
    try:
        load_musicnn()
    except ModelError as error:
        own = [not isinstance(voice.card.features, Musicnn) for voice in fusion.voices].index(True)
        return alone(fusion, own, note=f"without the pretrained network the answers are worse: {error}")
    return fusion
