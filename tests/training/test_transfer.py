"""Weights that come along, are held, and move slower: parameter by parameter."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor, nn

from earmark.errors import ModelError, UsageError
from earmark.training.averaging import Averaged, ema
from earmark.training.loop import Part, Plan, Trainee, train
from earmark.training.losses import cross_entropy
from earmark.training.optimisers import adamw, sgd
from earmark.training.schedules import constant
from earmark.training.transfer import head_of, held_epochs, hold, inherit, pace


class Small(nn.Module):
    """An encoder with statistics and dropout, a layer, a head."""

    def __init__(self, classes: int = 3, width: int = 4) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 6), nn.Dropout(0.5))
        self.middle = nn.Sequential(nn.Linear(6, width), nn.Tanh())
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.middle(self.encoder(x)))


def small(seed: int, **options: int) -> Small:
    torch.manual_seed(seed)
    model = Small(**options)
    model.encoder[0].running_mean.normal_()
    return model


def same(model: nn.Module, other: nn.Module) -> set[str]:
    """Names of the tensors that are equal in both."""
    theirs = other.state_dict()
    return {name for name, value in model.state_dict().items() if torch.equal(value, theirs[name])}


ENCODER = {name for name in Small().state_dict() if name.startswith("encoder.")}
ALIKE = {f"encoder.0.{name}" for name in ("weight", "bias", "running_var", "num_batches_tracked")}  # of new ones


def test_all_but_the_head_comes_along() -> None:
    source, model = small(1), small(2, classes=7)
    fresh_head = model.head.weight.clone()
    inherited = inherit(model, source.state_dict(), "all_but_head", where="a run")
    assert set(inherited.loaded) == ENCODER | {"middle.0.weight", "middle.0.bias"}
    assert all(torch.equal(model.state_dict()[name], source.state_dict()[name]) for name in inherited.loaded)
    assert torch.equal(model.head.weight, fresh_head)
    assert (inherited.fresh, inherited.unlike) == ((), ())
    assert inherited.numbers == (4 * 5 + 1) + (5 * 6 + 6) + (6 * 4 + 4)


def test_a_part_by_name_comes_along_alone() -> None:
    source, model = small(1), small(2)
    assert same(source, model) == ALIKE
    inherit(model, source.state_dict(), ["encoder"], where="a run")
    assert same(source, model) == ENCODER
    inherit(model, source.state_dict(), ["middle.0.bias", "head"], where="a run")
    assert same(source, model) == ENCODER | {"middle.0.bias", "head.weight", "head.bias"}


def test_what_is_not_there_or_of_another_shape_stays_and_is_named() -> None:
    source, model = small(1, width=8), small(2)
    weights = {name: value for name, value in source.state_dict().items() if name != "encoder.1.bias"}
    inherited = inherit(model, weights, "all_but_head", where="a run")
    assert inherited.fresh == ("encoder.1.bias",)
    assert inherited.unlike == ("middle.0.weight 4 × 6, there 8 × 6", "middle.0.bias 4, there 8")
    assert same(source, model) == ENCODER - {"encoder.1.bias"}


def test_where_nothing_fits_it_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"^a run: none of its 1 tensors fits one .*, such as encoder\.0\.weight; start"
    ):
        inherit(small(1), {"stem.weight": torch.zeros(1)}, "all_but_head", where="a run")
    with pytest.raises(UsageError, match=r"no part 'encode'; did you mean 'encoder'\?; it has: encoder, middle, head$"):
        inherit(small(1), small(2).state_dict(), ["encode"], where="a run")


def test_the_head_is_the_last_layer() -> None:
    assert head_of(Small()) == "head"
    assert head_of(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3), nn.Dropout())) == "1"


def plan(**options: object) -> Plan:
    settings = {"epochs": 4, "batch_size": 8, "seed": 1, "device": torch.device("cpu"), "prepare": lambda x: x}
    return Plan(**{"loss": cross_entropy(), "schedule": constant(), **settings, **options})


def part() -> Part:
    generator = torch.Generator().manual_seed(1)
    return Part(torch.randn(24, 5, generator=generator), torch.arange(24) % 3)


def test_what_is_held_stays_to_the_last_bit_and_is_then_let_go() -> None:
    model = small(1)
    before = copy.deepcopy(model)
    trainee = Trainee(model, sgd(model, learning_rate=0.1, momentum=0.9, weight_decay=0.1), Averaged(model, ema()))
    stayed = []
    for _ in train(trainee, part(), None, plan(held=dict.fromkeys(ENCODER, 2))):
        stayed.append(same(model, before))
        assert model.encoder.training is (len(stayed) > 2)  # without a validation part no evaluation changes it
        assert model.middle.training
    assert stayed == [ENCODER, ENCODER, set(), set()]
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_training_that_goes_on_holds_what_it_would_have_held() -> None:
    settings = plan(held=dict.fromkeys(ENCODER, 2))
    through, half, rest = small(1), small(1), small(2)
    list(train(Trainee(through, sgd(through, learning_rate=0.1)), part(), None, settings))
    first = plan(held=dict.fromkeys(ENCODER, 2), epochs=1)
    done = list(train(Trainee(half, sgd(half, learning_rate=0.1)), part(), None, first))
    rest.load_state_dict(half.state_dict())
    list(train(Trainee(rest, sgd(rest, learning_rate=0.1)), part(), None, settings, done=done))
    assert same(through, rest) == set(through.state_dict())


def test_held_modules_neither_drop_out_nor_move_their_statistics() -> None:
    model = small(1).train()
    hold(model, dict.fromkeys(ENCODER, 3), epoch=3)
    x = torch.randn(8, 5)
    assert torch.equal(model.encoder(x), model.encoder(x))
    assert not any(parameter.requires_grad for parameter in model.encoder.parameters())
    assert all(parameter.requires_grad for parameter in [*model.middle.parameters(), *model.head.parameters()])
    hold(model.train(), dict.fromkeys(ENCODER, 3), epoch=4)
    assert not torch.equal(model.encoder(x), model.encoder(x))


@pytest.mark.parametrize("build", [sgd, adamw])
def test_rates_are_by_part(build) -> None:
    model = small(1)
    optimiser = build(model, learning_rate=0.5, weight_decay=0.1)
    pace(optimiser, model, {"encoder": 0.1, "encoder.1": 0.0, "head": 2.0}, ())
    names = {parameter: name for name, parameter in model.named_parameters()}
    found = {
        names[parameter]: (group["lr"], group["weight_decay"])
        for group in optimiser.param_groups
        for parameter in group["params"]
    }
    assert found == {
        "encoder.0.weight": (0.05, 0.0),
        "encoder.0.bias": (0.05, 0.0),
        "encoder.1.weight": (0.0, 0.1),
        "encoder.1.bias": (0.0, 0.0),
        "middle.0.weight": (0.5, 0.1),
        "middle.0.bias": (0.5, 0.0),
        "head.weight": (1.0, 0.1),
        "head.bias": (1.0, 0.0),
    }
    assert optimiser.param_groups[0]["lr"] == 0.5


def test_what_would_not_move_is_held_for_ever() -> None:
    first = {name for name in ENCODER if name.startswith("encoder.0.")}
    for factor in ({"encoder": 0.5, "encoder.0": 0.0}, {"encoder.0": 0}):
        assert held_epochs(small(1), factor, (), frozen=0) == dict.fromkeys(first, math.inf)
    held = held_epochs(small(1), {"encoder.0": 0.0}, ENCODER, frozen=1)
    assert held == dict.fromkeys(ENCODER, 1) | dict.fromkeys(first, math.inf)
    assert held_epochs(small(1), 0.0, ENCODER, frozen=0) == dict.fromkeys(ENCODER, math.inf)
    assert held_epochs(small(1), 0.5, ENCODER, frozen=0) == {}
    model = small(1)
    before = copy.deepcopy(model)
    list(train(Trainee(model, sgd(model, learning_rate=0.1)), part(), None, plan(held=held)))
    assert same(model, before) == first  # its statistics, too
    for factor in ({"encoder": 0, "middle": 0, "head": 0.0}, 0.0):
        with pytest.raises(UsageError, match=r"all of the network is frozen, .*; leave a part free"):
            held_epochs(small(1), factor, set(model.state_dict()), frozen=0)


def test_the_first_rate_is_one_that_moves() -> None:
    model = small(1)
    optimiser = sgd(model, learning_rate=1.0)
    pace(optimiser, model, {"encoder": 0.0, "middle": 2.0, "head": 2.0}, ())
    assert [group["lr"] for group in optimiser.param_groups] == [2.0, 2.0, 0.0, 0.0]


def test_one_rate_is_of_what_was_loaded() -> None:
    model = small(1)
    optimiser = sgd(model, learning_rate=1.0)
    pace(optimiser, model, 0.25, sorted(ENCODER))
    rates = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    assert {rates[id(p)] for p in model.encoder.parameters()} == {0.25}
    assert {rates[id(p)] for p in [*model.middle.parameters(), *model.head.parameters()]} == {1.0}
    before = [[id(p) for p in group["params"]] for group in sgd(model, learning_rate=1.0).param_groups]
    unchanged = sgd(model, learning_rate=1.0)
    pace(unchanged, model, 1.0, sorted(ENCODER))
    assert [[id(p) for p in group["params"]] for group in unchanged.param_groups] == before


def test_rates_that_cannot_be_are_refused() -> None:
    model = small(1)
    with pytest.raises(UsageError, match=r"no part 'heat'; did you mean 'head'\?"):
        pace(sgd(model, learning_rate=1.0), model, {"heat": 0.1}, ())
    with pytest.raises(UsageError, match=r"init\.learning_rate_factor = -1.0: a factor must be 0 or more"):
        pace(sgd(model, learning_rate=1.0), model, -1.0, ["head"])
