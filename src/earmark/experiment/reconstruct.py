"""Judging an autoencoder: how near a part's pictures come back, and the page that shows it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from earmark.atomic import write_text
from earmark.catalog import AUTOENCODERS
from earmark.classifier import ClassifierCard
from earmark.classifier.loading import is_fusion
from earmark.classifier.packs import is_pack
from earmark.errors import DataError, ModelError
from earmark.evaluation.reconstruction import Reconstruction, reconstruction
from earmark.experiment.prepare import Prepared, prepare
from earmark.experiment.watcher import Watcher
from earmark.features.examples import Examples
from earmark.recipe import read_recipe
from earmark.report.model_summary import summarise
from earmark.report.reconstruction_page import PAIRS, ReconstructionPage, render_reconstruction
from earmark.run import Run, open_run, write_json
from earmark.splits import read_split
from earmark.tracks import Part
from earmark.training.checkpoint import read_progress, to_device
from earmark.training.history import read_history

BATCH = 128


def write_autoencoder_card(run: Run, card: ClassifierCard) -> None:
    """Write autoencoder.json: all but the weights. A card without genres, under a name that no classifier has."""
    write_json(run.autoencoder, card)


def load_autoencoder(run: Run, *, device: torch.device) -> tuple[ClassifierCard, nn.Module]:
    """The trained network of a run, and its card. Raises ModelError where it is missing or damaged."""
    try:
        card = msgspec.json.decode(run.autoencoder.read_bytes(), type=ClassifierCard)
        model: nn.Module = AUTOENCODERS.build(card.model.name, card.shape, options=card.model.options)
        model.load_state_dict(load_file(run.weights))
    except (OSError, msgspec.DecodeError, SafetensorError, RuntimeError) as error:
        why = str(error).splitlines()[0]
        raise ModelError(f"{run.folder}: the autoencoder cannot be read: {why}") from error
    return card, model.to(device).eval()


@torch.inference_mode()
def given_back(card: ClassifierCard, model: nn.Module, examples: Examples) -> tuple[Tensor, Tensor]:
    """The pictures (n, channels, height, width) in 0…1, and what the model gives back for them, cut off at 0 and 1."""
    device = next(model.parameters()).device
    black, white = (card.standardiser(torch.full((1, *card.shape), value, device=device)) for value in (0.0, 1.0))
    pictures, given = [], []
    for start in range(0, len(examples), BATCH):
        batch = torch.from_numpy(np.array(examples.x[start : start + BATCH])).to(device)
        back = model(card.standardiser(batch)).float()
        pictures.append(batch.cpu())
        given.append(((back - black) / (white - black)).clamp(0, 1).cpu())
    return torch.cat(pictures), torch.cat(given)


def judge_autoencoder(run: Run, prepared: Prepared, device: torch.device) -> dict[str, Reconstruction]:
    """Figures of the parts that were not trained on, written to reconstruction.json, and the run's page."""
    card, model = load_autoencoder(run, device=device)
    recipe = read_recipe(run.recipe)
    figures: dict[str, Reconstruction] = {}
    shown = None
    for part, examples in prepared.parts.items():
        if part == "train":
            continue
        pictures, given = given_back(card, model, examples)
        figures[part] = reconstruction(
            pictures,
            given,
            data=prepared.dataset.name,
            part=part,
            level=recipe.evaluation.interval,
            resamples=recipe.evaluation.resamples,
        )
        if shown is None or part == "test":
            step = max(1, len(pictures) // PAIRS)
            shown = (part, pictures[::step][:PAIRS].numpy(), given[::step][:PAIRS].numpy())
    write_json(run.reconstruction, {**read_reconstructions(run), **figures})
    if shown is not None:
        history, progress = read_history(run.history), read_progress(run.last)
        page = ReconstructionPage(
            name=run.name,
            recipe=recipe,
            model=summarise(recipe.model.name, model, card.shape),
            figures=list(read_reconstructions(run).values()),
            history=history,
            kept_epoch=progress.best_epoch or None,
            shown_part=shown[0],
            pictures=shown[1],
            given=shown[2],
        )
        write_text(run.report, render_reconstruction(page))
    return figures


def evaluate_autoencoder(
    path: Path, *, part: Part | None = None, device: str = "auto", watcher: Watcher | None = None
) -> dict[str, Reconstruction]:
    """Judge the autoencoder of the run at `path` again, on its own parts or one of them, and write its page anew.

    Raises DataError where the run's split has no such part.
    """
    run = open_run(path)
    wanted: tuple[Part, ...] = (part,) if part is not None else ("valid", "test")
    prepared = prepare(read_recipe(run.recipe), split=read_split(run.split), only=wanted, watcher=watcher)
    if not prepared.parts:
        raise DataError(f"{run.folder}: its split ({prepared.split.describe()}) has no {' or '.join(wanted)} part")
    return judge_autoencoder(run, prepared, to_device(device))


def holds_autoencoder(path: Path | str) -> bool:
    """Whether the run at `path`, or the newest in it, is an autoencoder's. Raises ModelError where no run is there."""
    return not is_pack(path) and not is_fusion(path) and open_run(Path(path)).autoencoder.is_file()


def read_reconstructions(run: Run) -> dict[str, Reconstruction]:
    """The figures in reconstruction.json by part; none where there is no such file. Raises DataError."""
    try:
        return msgspec.json.decode(run.reconstruction.read_bytes(), type=dict[str, Reconstruction])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        raise DataError(f"{run.reconstruction}: cannot be read: {error}") from error
