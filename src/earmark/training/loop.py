"""The training loop: one function, one record an epoch."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn, optim

from earmark.errors import ModelError
from earmark.features.on_demand import OnDemand
from earmark.models.forward import Views, batched_logits
from earmark.training.averaging import Averaged
from earmark.training.balance import balanced_order
from earmark.training.distributed import own_share, parallel, processes, rank, total
from earmark.training.history import Epoch
from earmark.training.losses import Loss
from earmark.training.schedules import Moment, Schedule
from earmark.training.transfer import hold

Prepare = Callable[[Tensor], Tensor]
Augment = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]
"""(batch, …) examples and (batch,) labels in; examples, and labels or (batch, classes) shares, out."""


@dataclass(frozen=True)
class Part:
    """The examples of one part, in memory, memory-mapped or read on demand: x (n, …) numbers, y (n,) int64."""

    x: Tensor | OnDemand
    y: Tensor

    @classmethod
    def of(cls, x: NDArray[Any] | OnDemand, y: NDArray[np.int64]) -> Part:
        """Wrap arrays without copying them."""
        if isinstance(x, OnDemand):
            return cls(x, torch.from_numpy(y))
        return cls(torch.from_numpy(x if x.flags.writeable else x.copy()), torch.from_numpy(y))

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Plan:
    """What stays the same through a training.

    prepare          standardises a batch on the device, before any augmentation
    accumulate       each batch is fed in so many pieces, whose gradients add up: less memory, the same step
    balanced         an epoch's examples are drawn with replacement, of each class equally many
    schedule_epochs  the epochs the schedule is laid out for; None: `epochs`
    views            the pieces or images of an example that are judged in its place; None: itself
    reconstructs     the network is to give back what it is fed; it has no accuracy, and the targets are not looked at
    held             the last epoch in which a tensor stays as it is, by its name
    """

    loss: Loss
    schedule: Schedule
    epochs: int
    batch_size: int
    seed: int
    device: torch.device
    prepare: Prepare
    augment: Augment | None = None
    clip_gradient: float | None = None
    accumulate: int = 1
    schedule_epochs: int | None = None
    views: Views | None = None
    bfloat16: bool = False
    balanced: bool = False
    reconstructs: bool = False
    held: Mapping[str, float] = field(default_factory=dict)
    on_batch: Callable[[int, int], None] | None = None


@dataclass(frozen=True)
class Trainee:
    """What a training changes: the model, the optimiser's state, and the averaged weights where there are such."""

    model: nn.Module
    optimiser: optim.Optimizer
    averaged: Averaged | None = None

    @property
    def judged(self) -> nn.Module:
        """The model that is validated and kept."""
        return self.model if self.averaged is None else self.averaged.model


def train(
    trainee: Trainee, train: Part, valid: Part | None, plan: Plan, *, done: Sequence[Epoch] = ()
) -> Iterator[Epoch]:
    """Train in place from the epoch after those of `done` to `plan.epochs`, and give a record after each.

    Each epoch draws its order, dropout and augmentation from (seed, epoch) alone: continuing after epoch k gives the
    same numbers as going through. Under torchrun every process calls it with the same arguments, and is given the same
    records. Raises ModelError where the loss stops being finite, or a process would have no example of a batch.
    """
    if len(train) < processes():
        raise ModelError(f"{processes()} processes cannot share {len(train)} examples to train on; start fewer")
    model: nn.Module | None = None
    for group in trainee.optimiser.param_groups:
        group.setdefault("initial_lr", group["lr"])
    valid_losses = [epoch.valid_loss for epoch in done]
    for epoch in range(len(done) + 1, plan.epochs + 1):
        started = time.perf_counter()
        if model is None or epoch - 1 in plan.held.values():
            hold(trainee.model, plan.held, epoch=epoch)
            model = parallel(trainee.model)
        with seeded(plan.seed, epoch, plan.device):
            loss, accuracy = _one_epoch(trainee, model, train, plan, epoch, valid_losses)
        if not math.isfinite(loss):
            raise ModelError(
                f"epoch {epoch}: the training loss became {loss}; lower training.optimiser.learning_rate "
                f"(now {trainee.optimiser.param_groups[0]['initial_lr']:g}), set training.clip_gradient = 1.0, "
                "or standardise the features"
            )
        judge = evaluate_reconstruction if plan.reconstructs else evaluate
        valid_loss, valid_accuracy = judge(trainee.judged, valid, plan) if valid is not None else (None, None)
        valid_losses.append(valid_loss)
        rate = trainee.optimiser.param_groups[0]["lr"]
        yield Epoch(epoch, rate, loss, accuracy, valid_loss, valid_accuracy, time.perf_counter() - started)


def _one_epoch(
    trainee: Trainee, model: nn.Module, part: Part, plan: Plan, epoch: int, valid_losses: Sequence[float | None]
) -> tuple[float, float | None]:
    model.train()
    hold(trainee.model, plan.held, epoch=epoch)
    optimiser = trainee.optimiser
    order = balanced_order(part.y) if plan.balanced else torch.randperm(len(part))
    augmenting = torch.Generator(plan.device).manual_seed(int(torch.randint(2**62, ())))
    if processes() > 1:  # the same order and augmentation everywhere, but dropout of one's own
        torch.manual_seed(int(torch.randint(2**62, ())) + rank())
    batches = [order[start : start + plan.batch_size] for start in range(0, len(order), plan.batch_size)]
    # Batch normalisation has no variance of one example, and no process goes without an example.
    if len(batches) > 1 and len(batches[-1]) < max(2, processes()):
        batches[-2:] = [torch.cat(batches[-2:])]
    total_loss = torch.zeros((), device=plan.device)
    total_right = torch.zeros((), device=plan.device)
    for number, rows in enumerate(batches):
        steps = (plan.schedule_epochs or plan.epochs) * len(batches)
        moment = Moment((epoch - 1) * len(batches) + number, steps, epoch - 1, valid_losses)
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"] * plan.schedule(moment)
        optimiser.zero_grad(set_to_none=True)
        for piece in rows.tensor_split(min(plan.accumulate, len(rows) // processes())):
            here = own_share(len(piece))
            loss, right = feed(model, part, piece, plan, augmenting, here=here)
            n = here.stop - here.start
            (loss * (n * processes() / len(rows))).backward()
            total_loss += loss.detach() * n
            total_right += right
        if plan.clip_gradient is not None:
            nn.utils.clip_grad_norm_(model.parameters(), plan.clip_gradient)
        optimiser.step()
        if trainee.averaged is not None:
            trainee.averaged.update(model, moment)
        if plan.on_batch is not None:
            plan.on_batch(number + 1, len(batches))
    accuracy = None if plan.reconstructs else float(total(total_right)) / len(part)
    return float(total(total_loss)) / len(part), accuracy


def feed(
    model: nn.Module, part: Part, rows: Tensor, plan: Plan, augmenting: torch.Generator, *, here: slice = slice(None)
) -> tuple[Tensor, Tensor]:
    """Mean loss over those of `rows` that lie `here`, and how many of them the model names rightly, if it names any.

    All `rows` are augmented together, since examples may be mixed with each other.
    """
    if plan.augment is None:
        rows, here = rows[here], slice(None)
    x = plan.prepare(part.x[rows].to(plan.device))
    labels = part.y[rows].to(plan.device)
    target = labels
    if plan.augment is not None:
        x, target = plan.augment(x, labels, augmenting)
    x, labels, target = x[here], labels[here], target[here]
    with torch.autocast(plan.device.type, dtype=torch.bfloat16, enabled=plan.bfloat16):
        logits = model(x)
        loss = plan.loss(logits, x if plan.reconstructs else target)
    if plan.reconstructs:
        return loss, torch.zeros((), device=plan.device)
    return loss, (logits.detach().argmax(1) == labels).sum()


def evaluate(model: nn.Module, part: Part, plan: Plan) -> tuple[float, float]:
    """Mean loss and accuracy of `model` on `part`, in evaluation mode and without augmentation.

    Each process judges its share, unless there are too few examples for all.
    """
    here = own_share(len(part)) if len(part) >= processes() else slice(None)
    logits = batched_logits(
        model, part.x[here], plan.prepare, views=plan.views, batch_size=plan.batch_size, bfloat16=plan.bfloat16
    )
    if len(logits) < len(part):
        whole = logits.new_zeros(len(part), logits.shape[1])
        whole[here] = logits
        logits = total(whole)
    labels = part.y.to(plan.device)
    return float(plan.loss(logits, labels)), float((logits.argmax(1) == labels).double().mean())


@torch.inference_mode()
def evaluate_reconstruction(model: nn.Module, part: Part, plan: Plan) -> tuple[float, None]:
    """Mean loss of what `model` gives back for `part`, in evaluation mode and without augmentation."""
    model.eval()
    summed = 0.0
    for start in range(0, len(part), plan.batch_size):
        x = plan.prepare(part.x[start : start + plan.batch_size].to(plan.device))
        with torch.autocast(plan.device.type, dtype=torch.bfloat16, enabled=plan.bfloat16):
            summed += float(plan.loss(model(x), x)) * len(x)
    return summed / len(part), None


@contextlib.contextmanager
def seeded(seed: int, epoch: int, device: torch.device) -> Iterator[None]:
    """Draw torch's random numbers from (seed, epoch) inside the block, and leave the caller's generator as it was."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> 1))
        yield
