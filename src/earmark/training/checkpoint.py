"""All that continues a training, in one safetensors file that is replaced atomically at the end of each epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from earmark.atomic import replacing
from earmark.errors import ModelError
from earmark.training.history import Epoch
from earmark.training.loop import Trainee

FORMAT = 1


class Progress(msgspec.Struct):
    """How far a training is, and which epoch is the best so far (0: none yet).

    `waiting_from` is the epoch after which a finished training went on: patience is counted anew there; 0: it did not.
    """

    history: list[Epoch] = []
    waiting_from: int = 0
    best_epoch: int = 0
    best_figure: float | None = None
    format: int = FORMAT

    def add(self, epoch: Epoch, keep: str) -> bool:
        """Take a finished epoch in; gives whether it is the best so far by what `keep` asks for."""
        self.history.append(epoch)
        figure = _figure(epoch, keep)
        better = self.best_figure is None or figure > self.best_figure
        if better:
            self.best_figure, self.best_epoch = figure, epoch.epoch
        return better

    def finished(self, epochs: int, patience: int | None) -> bool:
        """Whether all epochs are done, or patience is at its end."""
        done = len(self.history)
        waited = done - max(self.best_epoch, self.waiting_from)
        return done >= epochs or (patience is not None and waited >= patience)


def _figure(epoch: Epoch, keep: str) -> float:
    """What `keep` asks to be highest."""
    if keep == "best_valid_accuracy" and epoch.valid_accuracy is not None:
        return epoch.valid_accuracy
    if keep == "best_valid_loss" and epoch.valid_loss is not None:
        return -epoch.valid_loss
    return float(epoch.epoch)


def save_checkpoint(path: Path, trainee: Trainee, progress: Progress) -> None:
    """Write the state of the model, optimiser, averaged weights and training to `path`.

    Shuffling, dropout and augmentation draw from generators seeded by (seed, epoch), so no generator's state is needed.
    """
    tensors = {f"model.{name}": value for name, value in trainee.model.state_dict().items()}
    if trainee.averaged is not None:
        tensors |= {f"averaged.{name}": value for name, value in trainee.averaged.model.state_dict().items()}
    state = trainee.optimiser.state_dict()
    plain: dict[str, dict[str, Any]] = {}
    for number, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{number}.{name}"] = value
            elif value is not None:
                plain.setdefault(str(number), {})[name] = value
    metadata = {
        "progress": msgspec.json.encode(progress).decode(),
        "groups": msgspec.json.encode(state["param_groups"]).decode(),
        "plain": msgspec.json.encode(plain).decode(),
    }
    with replacing(path) as temporary:
        save_file({name: value.contiguous() for name, value in tensors.items()}, temporary, metadata)


def load_checkpoint(path: Path, trainee: Trainee) -> Progress:
    """Put the state of `path` into `trainee`, and give how far the training was.

    Raises ModelError where the file is damaged, newer, or of another model.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        progress = msgspec.json.decode(metadata["progress"], type=Progress)
        if progress.format != FORMAT:
            raise ModelError(f"{path}: checkpoint format {progress.format} is newer than {FORMAT}; update earmark")
        trainee.model.load_state_dict(_below("model.", tensors))
        if trainee.averaged is not None:
            trainee.averaged.model.load_state_dict(_below("averaged.", tensors))
        state: dict[int, dict[str, Any]] = {
            int(number): dict(values) for number, values in msgspec.json.decode(metadata["plain"]).items()
        }
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, number, key = name.split(".", 2)
                state.setdefault(int(number), {})[key] = value
        groups = msgspec.json.decode(metadata["groups"])
        trainee.optimiser.load_state_dict({"state": state, "param_groups": groups})
    except (OSError, SafetensorError, KeyError, RuntimeError, ValueError, msgspec.DecodeError) as error:
        raise ModelError(f"{path}: cannot be continued from: {error}") from error
    return progress


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def read_progress(path: Path) -> Progress:
    """How far the training at checkpoint `path` is; nowhere yet where there is none."""
    if not path.is_file():
        return Progress()
    with safe_open(path, framework="pt") as file:
        return msgspec.json.decode(file.metadata()["progress"], type=Progress)


def save_weights(path: Path, model: nn.Module) -> None:
    """Write the model's tensors alone: what predicts."""
    with replacing(path) as temporary:
        save_file({name: value.detach().contiguous() for name, value in model.state_dict().items()}, temporary)


def to_device(name: str) -> torch.device:
    """The device of that name; "auto" takes CUDA where there is one. Raises ModelError where it is not to be had."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"device {name!r} is not to be had here ({reason}); use --device cpu") from error
    return device
