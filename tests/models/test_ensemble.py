"""An ensemble's answer against the mean of its members' own."""

import msgspec
import pytest
import torch

from earmark.errors import UsageError
from earmark.models.ensemble import Member, build_network, has_epochs

SHAPE = (16, 20)
MEMBERS = [
    Member(run="a", name="cnn_rnn", options={"dropout": 0.1}, mean=(-50.0,), spread=(10.0,)),
    Member(
        run="b",
        name="parallel_cnn",
        options={},
        mean=tuple(-40.0 - band for band in range(16)),
        spread=(5.0,) * 16,
        temperature=2.0,
    ),
]


def test_its_probabilities_are_the_mean_of_its_members() -> None:
    ensemble = build_network("ensemble", SHAPE, 3, {"members": msgspec.to_builtins(MEMBERS)}).eval()
    x = torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(1)) * 10 - 50
    expected = torch.zeros(4, 3)
    for place, member in enumerate(MEMBERS):
        network = build_network(member.name, SHAPE, 3, member.options).eval()
        network.load_state_dict(ensemble.get_submodule(f"members.{place}.network").state_dict())
        scaled = (x - torch.tensor(member.mean)[:, None]) / torch.tensor(member.spread)[:, None]
        expected += torch.softmax(network(scaled) / member.temperature, 1) / 2
    torch.testing.assert_close(torch.softmax(ensemble(x), 1), expected)
    torch.testing.assert_close(ensemble(x).exp(), expected)


def test_a_member_may_be_an_ensemble_and_counts_as_one() -> None:
    inner = {
        "run": "c",
        "name": "ensemble",
        "options": {"members": msgspec.to_builtins(MEMBERS)},
        "mean": [0.0],
        "spread": [1.0],
    }
    outer = build_network("ensemble", SHAPE, 3, {"members": [inner, msgspec.to_builtins(MEMBERS[0])]}).eval()
    x = torch.zeros(2, *SHAPE)
    both = outer.get_submodule("members.0")(x).exp() + torch.softmax(outer.get_submodule("members.1")(x), 1)
    torch.testing.assert_close(outer(x).exp(), both / 2)


def test_it_has_epochs_where_a_member_has() -> None:
    svm = msgspec.structs.replace(MEMBERS[0], run="s", name="feature_svm", options={})
    machines, mixed = (
        build_network("ensemble", (128, 387), 3, {"members": msgspec.to_builtins(members)})
        for members in ([svm, svm], [svm, MEMBERS[0]])
    )
    assert not has_epochs(machines)
    assert has_epochs(mixed)


def test_an_unknown_member_is_refused() -> None:
    unknown = {"run": "d", "name": "vgg17", "options": {}, "mean": [0.0], "spread": [1.0]}
    with pytest.raises(UsageError, match="no model 'vgg17'; did you mean 'vgg'"):
        build_network("ensemble", SHAPE, 3, {"members": [unknown]})
