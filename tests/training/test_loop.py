"""The loop against a plain one, its exact continuation, and how it stops."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from earmark.errors import ModelError
from earmark.training.averaging import Averaged, ema
from earmark.training.checkpoint import Progress, load_checkpoint, read_progress, save_checkpoint
from earmark.training.history import Epoch
from earmark.training.loop import Part, Plan, Trainee, evaluate, seeded, train
from earmark.training.losses import cross_entropy
from earmark.training.optimisers import adam, adamw, rmsprop, sgd
from earmark.training.schedules import constant, one_cycle

CPU = torch.device("cpu")


def some_part(rng: np.random.Generator, n: int) -> Part:
    y = rng.integers(0, 3, n)
    x = (rng.normal(size=(n, 4, 5)) + y[:, None, None]).astype(np.float32)
    return Part.of(x, y)


def small_model(seed: int = 3, *, dropout: float = 0.5) -> nn.Module:
    with seeded(seed, 0, CPU):
        return nn.Sequential(nn.Flatten(), nn.Linear(20, 8), nn.BatchNorm1d(8), nn.Dropout(dropout), nn.Linear(8, 3))


def plan(epochs: int, **changes: object) -> Plan:
    settings = {
        "loss": cross_entropy(),
        "schedule": one_cycle(),
        "batch_size": 16,
        "seed": 5,
        "device": CPU,
        "prepare": lambda x: x,
    }
    return Plan(epochs=epochs, **{**settings, **changes})


def test_one_epoch_is_a_plain_loop_over_batches(rng: np.random.Generator) -> None:
    part = some_part(rng, 48)
    model, reference = small_model(dropout=0.0), small_model(dropout=0.0)
    [epoch] = train(Trainee(model, sgd(model, learning_rate=0.1)), part, part, plan(1, schedule=constant()))
    optimiser = torch.optim.SGD(reference.parameters(), lr=0.1)
    with seeded(5, 1, CPU):
        order = torch.randperm(48)
    losses = []
    for rows in order.split(16):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(reference(part.x[rows]), part.y[rows])
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    for ours, theirs in zip(model.parameters(), reference.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert epoch.train_loss == pytest.approx(np.mean(losses))
    reference.eval()
    assert epoch.valid_accuracy == pytest.approx(float((reference(part.x).argmax(1) == part.y).float().mean()))


@pytest.mark.parametrize(
    "optimise",
    [
        lambda model: sgd(model, learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        lambda model: adam(model, learning_rate=0.01),
        lambda model: adamw(model, learning_rate=0.01),
        lambda model: rmsprop(model, learning_rate=0.01, momentum=0.5),
    ],
    ids=["sgd", "adam", "adamw", "rmsprop"],
)
def test_continuing_gives_the_same_bits_as_going_through(
    rng: np.random.Generator, tmp_path, optimise: Callable[[nn.Module], torch.optim.Optimizer]
) -> None:
    learned, judged = some_part(rng, 50), some_part(rng, 20)
    through = small_model()
    whole = list(train(Trainee(through, optimise(through)), learned, judged, plan(5)))

    stopped = small_model()
    trainee = Trainee(stopped, optimise(stopped))
    progress = Progress()
    for epoch in train(trainee, learned, judged, plan(5)):
        progress.history.append(epoch)
        progress.best_epoch = 1
        save_checkpoint(tmp_path / "last.safetensors", trainee, progress)
        if epoch.epoch == 2:
            break
    continued = small_model(seed=99)
    trainee = Trainee(continued, optimise(continued))
    found = load_checkpoint(tmp_path / "last.safetensors", trainee)
    rest = list(train(trainee, learned, judged, plan(5), done=found.history))

    assert read_progress(tmp_path / "last.safetensors").best_epoch == 1
    numbers = [(e.train_loss, e.valid_loss, e.valid_accuracy, e.learning_rate) for e in [*found.history, *rest]]
    assert numbers == [(e.train_loss, e.valid_loss, e.valid_accuracy, e.learning_rate) for e in whole]
    for name, value in through.state_dict().items():
        assert torch.equal(value, continued.state_dict()[name]), name


def test_the_callers_random_numbers_are_left_alone(rng: np.random.Generator) -> None:
    part = some_part(rng, 32)
    model = small_model()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    for _ in train(Trainee(model, sgd(model, learning_rate=0.1)), part, None, plan(2)):
        pass
    assert torch.equal(torch.rand(3), expected)


def test_without_a_valid_part_its_figures_are_none(rng: np.random.Generator) -> None:
    model = small_model()
    [epoch] = train(Trainee(model, sgd(model, learning_rate=0.1)), some_part(rng, 32), None, plan(1))
    assert (epoch.valid_loss, epoch.valid_accuracy) == (None, None)


def test_a_last_batch_of_one_joins_the_one_before(rng: np.random.Generator) -> None:
    part = some_part(rng, 33)
    sizes: list[int] = []

    def note(x: Tensor, y: Tensor, _: torch.Generator) -> tuple[Tensor, Tensor]:
        sizes.append(len(x))
        return x, y

    model = small_model()
    list(train(Trainee(model, sgd(model, learning_rate=0.1)), part, None, plan(1, augment=note)))
    assert sizes == [16, 17]


def test_a_loss_that_is_no_number_stops_with_what_to_try(rng: np.random.Generator) -> None:
    part = some_part(rng, 32)
    model = small_model()
    with pytest.raises(ModelError, match=r"epoch \d+: the training loss became nan; lower .*learning_rate .now 1e\+30"):
        list(train(Trainee(model, sgd(model, learning_rate=1e30)), part, part, plan(4, schedule=constant())))


def test_clipping_bounds_the_step(rng: np.random.Generator) -> None:
    part = some_part(rng, 16)
    model = small_model(dropout=0.0)
    before = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
    list(
        train(
            Trainee(model, sgd(model, learning_rate=1.0)), part, None, plan(1, clip_gradient=0.01, schedule=constant())
        )
    )
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert float((after - before).norm()) == pytest.approx(0.01, rel=1e-3)


def test_evaluation_does_not_depend_on_the_batch_size(rng: np.random.Generator) -> None:
    part = some_part(rng, 37)
    model = small_model()
    assert evaluate(model, part, plan(1, batch_size=5)) == pytest.approx(evaluate(model, part, plan(1, batch_size=37)))


def test_a_batch_in_pieces_makes_the_same_step(rng: np.random.Generator) -> None:
    part = some_part(rng, 40)
    whole, pieces = (nn.Sequential(nn.Flatten(), nn.Linear(20, 3)) for _ in range(2))
    pieces.load_state_dict(whole.state_dict())
    for model, accumulate in ((whole, 1), (pieces, 3)):
        list(train(Trainee(model, sgd(model, learning_rate=0.1)), part, None, plan(2, accumulate=accumulate)))
    for ours, theirs in zip(pieces.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_averaged_weights_are_judged_and_continue_exactly(rng: np.random.Generator, tmp_path: Path) -> None:
    learned, judged = some_part(rng, 50), some_part(rng, 20)

    def trainee(seed: int) -> Trainee:
        model = small_model(seed)
        return Trainee(model, sgd(model, learning_rate=0.1), Averaged(model, ema(decay=0.9)))

    whole = trainee(3)
    epochs = list(train(whole, learned, judged, plan(4)))
    assert epochs[-1].valid_loss == evaluate(whole.judged, judged, plan(4))[0]
    assert epochs[-1].valid_loss != evaluate(whole.model, judged, plan(4))[0]
    stopped, continued = trainee(3), trainee(4)
    progress = Progress(history=list(train(stopped, learned, judged, plan(2, schedule_epochs=4))))
    save_checkpoint(tmp_path / "last.safetensors", stopped, progress)
    found = load_checkpoint(tmp_path / "last.safetensors", continued)
    list(train(continued, learned, judged, plan(4), done=found.history))
    for name, value in whole.judged.state_dict().items():
        assert torch.equal(value, continued.judged.state_dict()[name]), name


def test_weight_decay_leaves_vectors_alone() -> None:
    model = small_model()
    decayed, free = sgd(model, learning_rate=0.1, weight_decay=0.5).param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.5, 0.0)
    assert {p.ndim for p in decayed["params"]} == {2}
    assert {p.ndim for p in free["params"]} == {1}


def test_a_damaged_or_newer_checkpoint_is_refused(tmp_path) -> None:
    model = small_model()
    optimiser = sgd(model, learning_rate=0.1)
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, Trainee(model, optimiser), Progress(format=2))
    with pytest.raises(ModelError, match="checkpoint format 2 is newer than 1; update earmark"):
        load_checkpoint(path, Trainee(model, optimiser))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"last.safetensors: cannot be continued from"):
        load_checkpoint(path, Trainee(model, optimiser))
    save_checkpoint(path, Trainee(nn.Linear(2, 2), optimiser), Progress())
    with pytest.raises(ModelError, match="cannot be continued from"):
        load_checkpoint(path, Trainee(model, optimiser))


def test_records_are_of_the_kind_the_history_holds(rng: np.random.Generator) -> None:
    model = small_model()
    part = some_part(rng, 20)
    [epoch] = train(Trainee(model, sgd(model, learning_rate=0.1)), part, part, plan(1))
    assert isinstance(epoch, Epoch)
    assert epoch.seconds > 0
