"""A classifier by whatever it is known: a path, an address or a name. Nothing here needs torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from earmark.classifier.exported import SUFFIX as ONNX
from earmark.classifier.exported import Exported, load_exported
from earmark.classifier.packs import is_address
from earmark.wording import MUSIC, Wording, wording_of

if TYPE_CHECKING:
    from earmark.classifier.fusion import Fusion
    from earmark.classifier.trained import Classifier

DEFAULT = "default"


def is_exported(model: Path | str) -> bool:
    """Whether that is an ONNX file, which is run without torch."""
    return str(model).endswith(ONNX) and not is_address(model)


def is_classifier(model: Path | str) -> bool:
    """Whether that is an ONNX file or a pack, a folder that holds a classifier or runs, or a known name."""
    if is_exported(model):
        return True
    from earmark.classifier import loading

    return loading.is_classifier(model)


def located(model: Path | str) -> str:
    """The same; in place of an address the folder of what was fetched from there, so that it is fetched once.

    Raises ModelError as `locate` does.
    """
    if not is_address(model):
        return str(model)
    from earmark.classifier.loading import locate

    return str(locate(model))


def wording_at(model: Path | str) -> Wording:
    """The words of the data that a classifier was trained on; of music where no recipe tells.

    Raises ModelError as `locate` does.
    """
    if is_exported(model):
        return MUSIC
    from earmark.classifier.loading import locate
    from earmark.recipe import read_recipe
    from earmark.run import Run

    recipe = Run(locate(model)).recipe
    return wording_of(read_recipe(recipe).data.name) if recipe.is_file() else MUSIC


def load(model: Path | str = DEFAULT, *, device: str = "cpu") -> Classifier | Fusion | Exported:
    """The classifier at a path or address, or of a name: a run, a pack, an ONNX file, the default, or what was taught.

    Raises ModelError where there is no such classifier, or it is damaged or newer than this earmark.
    """
    if is_exported(model):
        return load_exported(Path(model))
    from earmark.classifier import loading

    return loading.load(model, device=device)
