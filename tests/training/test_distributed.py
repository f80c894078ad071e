"""Batch normalisation over shares, and how a batch is shared; whole trainings stand in tests/experiment."""

import socket
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn

from earmark.errors import DataError, ModelError
from earmark.training.distributed import (
    SynchronisedBatchNorm,
    convert,
    first_alone,
    from_first,
    joined,
    own_share,
    parallel,
    synchronised,
)


def normalised(shape: tuple[int, ...]) -> tuple[nn.Module, Tensor]:
    """A network whose loss depends on the statistics of every axis, with values to feed it."""
    kind = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)]
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = nn.Sequential(kind(shape[1]), nn.Tanh(), kind(shape[1], momentum=None), nn.Flatten())
        return network, torch.randn(shape) * 3 + 5


@pytest.mark.parametrize("shape", [(6, 3), (6, 3, 5), (6, 3, 4, 5)])
def test_alone_it_is_batch_normalisation(shape: tuple[int, ...]) -> None:
    (theirs, x), (ours, _) = normalised(shape), normalised(shape)
    ours = convert(ours)
    assert isinstance(ours[0], SynchronisedBatchNorm)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for _ in range(3):
        x = (x * 1.3).detach().requires_grad_()
        y = x.detach().requires_grad_()
        torch.testing.assert_close(ours(x), theirs(y))
        (ours(x) ** 3).sum().backward()
        (theirs(y) ** 3).sum().backward()
        torch.testing.assert_close(x.grad, y.grad, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_half_precision_keeps_its_type_and_its_statistics() -> None:
    ours, x = normalised((8, 3, 5))
    assert convert(ours)(x.bfloat16()).dtype == torch.bfloat16
    assert ours[0].running_mean.dtype == torch.float32


def test_a_single_process_shares_nothing() -> None:
    network, _ = normalised((6, 3))
    assert synchronised(network)[0].__class__ is nn.BatchNorm1d
    assert parallel(network) is network
    assert own_share(5) == slice(0, 5)
    assert from_first(lambda: 3) == 3
    with first_alone(), joined(torch.device("cpu")) as device:
        assert not dist.is_initialized()
        assert device.type == "cpu"


def test_more_processes_than_cards_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    started = {"TORCHELASTIC_RUN_ID": "none", "RANK": "3", "LOCAL_RANK": "3", "LOCAL_WORLD_SIZE": "4"}
    for name, value in started.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with (
        pytest.raises(ModelError, match="4 processes on a machine with 2 CUDA cards; start torchrun with --nproc-per"),
        joined(torch.device("cuda")),
    ):
        pass


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def work(rank: int, port: int, folder: Path) -> None:
    """What each of three processes does with its share of seven rows."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=3)
    network, x = normalised((7, 3, 5))
    mine = x[own_share(7)].requires_grad_()
    out = convert(network)(mine)
    (out**3).sum().backward()
    refused = ""
    try:
        from_first(lambda: from_rank_zero(refuse=True))
    except DataError as error:
        refused = str(error)
    order = []
    with first_alone():
        (folder / f"through-{rank}").touch()
        order = sorted(path.name for path in folder.glob("through-*"))
    torch.save(
        {
            "share": own_share(7),
            "out": out.detach(),
            "gradient": mine.grad,
            "state": network.state_dict(),
            "made": from_first(lambda: from_rank_zero(refuse=False)),
            "refused": refused,
            "order": order,
        },
        folder / f"{rank}.pt",
    )
    dist.destroy_process_group()


def from_rank_zero(*, refuse: bool) -> str:
    """Something that the first process alone is asked for."""
    if dist.get_rank() != 0:
        raise ValueError("asked in another process")
    if refuse:
        raise DataError("no such file")
    return "made"


def test_three_processes_are_one(tmp_path: Path) -> None:
    mp.spawn(work, (free_port(), tmp_path), nprocs=3)
    found = [torch.load(tmp_path / f"{rank}.pt", weights_only=False) for rank in range(3)]
    assert [len(each["out"]) for each in found] == [2, 2, 3]
    assert [(each["share"].start, each["share"].stop) for each in found] == [(0, 2), (2, 4), (4, 7)]
    network, x = normalised((7, 3, 5))
    x.requires_grad_()
    (network(x) ** 3).sum().backward()
    torch.testing.assert_close(torch.cat([each["gradient"] for each in found]), x.grad, rtol=1e-4, atol=1e-4)
    for each in found:
        torch.testing.assert_close(each["state"], network.state_dict())
    assert {each["made"] for each in found} == {"made"}
    assert {each["refused"] for each in found} == {"no such file"}
    assert found[0]["order"] == ["through-0"]
    assert all("through-0" in each["order"] for each in found)
