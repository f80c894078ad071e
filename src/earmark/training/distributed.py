"""One training in several processes, started by `torchrun`: each works on its share of every batch.

With N processes a batch is still of `batch_size` examples in all, every process draws the same order and the same
augmentation for the whole of it, gradients and the statistics of batch normalisation are those of the whole, and so the
history is the one of a single process, but for rounding. Dropout alone differs: each process draws masks of its own.
Outside of torchrun, and before `joined`, everything here means a single process.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from earmark.errors import EarmarkError, ModelError

T = TypeVar("T")
PATIENCE = dt.timedelta(days=1)  # the others wait while the first extracts features; torchrun stops all if one ends
LET_GO = 0.2  # s


def started_by_torchrun() -> bool:
    """Whether this process is one of those that torchrun starts."""
    return dist.is_available() and dist.is_torchelastic_launched()


def first() -> bool:
    """Whether this process is the one that writes and speaks for all."""
    return rank() == 0


def rank() -> int:
    """The place of this process, from 0."""
    return dist.get_rank() if _joined() else int(os.environ["RANK"]) if started_by_torchrun() else 0


def processes() -> int:
    """How many processes have joined."""
    return dist.get_world_size() if _joined() else 1


def _joined() -> bool:
    return dist.is_available() and dist.is_initialized()


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[torch.device]:
    """Work through the block in company of all processes that torchrun started; gives the device of this one.

    With CUDA each process has a card of its own and they speak through NCCL, else through gloo. Raises ModelError where
    a machine has fewer cards than processes.
    """
    if _joined() or not started_by_torchrun():
        yield device
        return
    # torch imports this late, and what it then takes for its default arguments is the process group: it would never be
    # destroyed, and its threads could abort a process that ends.
    importlib.import_module("torch.distributed.nn.functional")
    if device.type == "cuda":
        device = _own_card()
        torch.cuda.set_device(device)
        dist.init_process_group("nccl", timeout=PATIENCE, device_id=device)
    else:
        dist.init_process_group("gloo", timeout=PATIENCE)
    try:
        yield device
    finally:
        # A thread of gloo that lets its last work go wants the GIL, which whoever destroys the group holds while
        # waiting for that thread, for ever: sleeping gives it away in time.
        time.sleep(LET_GO)
        dist.destroy_process_group()


def _own_card() -> torch.device:
    place, cards = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if place >= cards:
        wanted = os.environ["LOCAL_WORLD_SIZE"]
        raise ModelError(
            f"{wanted} processes on a machine with {cards} CUDA cards; start torchrun with --nproc-per-node {cards}, "
            "or use --device cpu"
        )
    return torch.device("cuda", place)


@contextlib.contextmanager
def first_alone() -> Iterator[None]:
    """Let the first process through the block before the others: what it puts into a cache they find there."""
    if processes() > 1 and not first():
        dist.barrier()
    try:
        yield
    except EarmarkError:
        _let_the_others_in()
        raise
    _let_the_others_in()


def _let_the_others_in() -> None:
    if processes() > 1 and first():
        dist.barrier()


def from_first(make: Callable[[], T]) -> T:
    """What `make` gives in the first process, in all of them; an EarmarkError there is raised in all."""
    if processes() == 1:
        return make()
    outcome: list[Any] = [None]
    if first():
        try:
            outcome = [make()]
        except EarmarkError as error:
            outcome = [error]
    dist.broadcast_object_list(outcome)
    if isinstance(outcome[0], EarmarkError):
        raise outcome[0]
    made: T = outcome[0]
    return made


def own_share(n: int) -> slice:
    """Which of `n` rows are this process'; the shares of all follow each other and differ by one row at most."""
    return slice(n * rank() // processes(), n * (rank() + 1) // processes()) if processes() > 1 else slice(0, n)


def total(x: Tensor) -> Tensor:
    """The sum of `x` over all processes, through which gradients flow back."""
    summed: Tensor = _Total.apply(x) if processes() > 1 else x  # type: ignore[no-untyped-call]
    return summed


class _Total(torch.autograd.Function):
    """Every process' loss depends on the sum, so that the gradient of a share is the sum of all theirs."""

    @staticmethod
    def forward(_: Any, x: Tensor) -> Tensor:
        summed = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        return _Total.forward(None, gradients[0])


def parallel(model: nn.Module) -> nn.Module:
    """What to feed in place of `model` so that its gradients are the mean over all processes.

    The model itself stays what is saved, averaged and given to the optimiser.
    """
    if processes() == 1:
        return model
    # Buffers need no broadcast: statistics are computed over all shares, and equal everywhere.
    return nn.parallel.DistributedDataParallel(model, broadcast_buffers=False)


class SynchronisedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation of any number of axes whose statistics in training are those of all processes' shares.

    torch's own SyncBatchNorm does the same on CUDA alone. Source: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 1;
    mean and variance are summed one after the other, so that no digits cancel.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ModelError(f"batch normalisation takes (batch, channels, …), not {tuple(input.shape)}")

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (batch, channels, …)."""
        if not self.training:
            return super().forward(input)
        self._check_input_dim(input)
        x = input.float()
        axes = [axis for axis in range(x.ndim) if axis != 1]
        channels = [1, -1, *[1] * (x.ndim - 2)]
        count = total(torch.tensor(float(x.numel() // x.shape[1]), device=x.device))
        mean = total(x.sum(axes)) / count
        centred = x - mean.view(channels)
        variance = total(centred.square().sum(axes)) / count
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
                self.running_mean.lerp_(mean, share)
                self.running_var.lerp_(variance * count / (count - 1), share)
        normalised = centred * torch.rsqrt(variance + self.eps).view(channels)
        if self.affine:
            normalised = torch.addcmul(self.bias.view(channels), normalised, self.weight.view(channels))
        return normalised.to(input.dtype)


def synchronised(model: nn.Module) -> nn.Module:
    """The model with every batch normalisation replaced by a synchronised one of the same names and values.

    In a single process, where there is nothing to synchronise, the model as it is.
    """
    return convert(model) if processes() > 1 else model


def convert(model: nn.Module) -> nn.Module:
    """Replace every batch normalisation in `model`; parameters and buffers stay the same objects."""
    if isinstance(model, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
        new = SynchronisedBatchNorm(
            model.num_features, model.eps, model.momentum, model.affine, model.track_running_stats
        )
        new._parameters, new._buffers = model._parameters, model._buffers
        return new.train(model.training)
    for name, child in model.named_children():
        setattr(model, name, convert(child))
    return model
