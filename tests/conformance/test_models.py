"""What every listed model must hold."""

from __future__ import annotations

import copy
import inspect
import re
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from earmark.catalog import MODELS
from earmark.errors import ModelError, UsageError
from earmark.models.parameters import parameter_count
from earmark.models.shapes import input_of, written
from earmark.models.text_bert import ENDED
from earmark.text.vocabulary import PADDING, UNKNOWN
from earmark.training.transfer import head_of

CLASSES = 5
CARD = re.compile(r"([\d,]+) parameters at (\d+(?: × \d+)*) and (\d+) classes")


def is_network(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, nn.Module)


NETWORKS = [name for name in MODELS.names() if is_network(MODELS.find(name))]


def build(name: str, shape: tuple[int, ...] | None = None, *, seed: int = 1) -> nn.Module:
    model = MODELS.find(name)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network: nn.Module = model(shape or model.example_shape, CLASSES)
    return network


def batch(name: str, rng: np.random.Generator, examples: int = 4) -> Tensor:
    return batch_of(name, MODELS.find(name).example_shape, rng, examples)


def batch_of(name: str, shape: tuple[int, ...], rng: np.random.Generator, examples: int) -> Tensor:
    if input_of(MODELS.find(name)) == "pieces":
        length, pieces, *_, artists = shape
        ids = rng.integers(0, pieces, (examples, length))
        ids[np.arange(length) >= rng.integers(1, length + 1, (examples, 1))] = ENDED
        return torch.from_numpy(np.column_stack([rng.integers(0, artists, examples), ids]))
    if input_of(MODELS.find(name)) != "words":
        return torch.from_numpy(rng.standard_normal((examples, *shape), dtype=np.float32))
    length, words, artists = shape
    ids = rng.integers(UNKNOWN, words, (examples, length))
    ids[np.arange(length) >= rng.integers(1, length + 1, (examples, 1))] = PADDING
    return torch.from_numpy(np.column_stack([rng.integers(0, artists, examples), ids]) if artists else ids)


def longer(name: str) -> tuple[int, ...]:
    *front, last = MODELS.find(name).example_shape
    ids = input_of(MODELS.find(name)) in ("words", "pieces")
    return (front[0] + 16, *front[1:], last) if ids else (*front, last + 16)


def loss(network: nn.Module, x: Tensor) -> Tensor:
    return nn.functional.cross_entropy(network(x), torch.arange(len(x)) % CLASSES)


@pytest.mark.parametrize("name", MODELS.names())
def test_is_a_network_or_an_estimator(name: str) -> None:
    model = MODELS.find(name)
    assert is_network(model) or (callable(model.fit) and callable(model.predict_proba))


@pytest.mark.parametrize("name", MODELS.names())
def test_takes_shape_and_classes_and_options_by_keyword_with_defaults(name: str) -> None:
    shape, classes, *options = inspect.signature(MODELS.find(name)).parameters.values()
    assert (shape.name, classes.name) == ("shape", "classes")
    assert [p.name for p in options if p.kind is not p.KEYWORD_ONLY or p.default is p.empty] == []


@pytest.mark.parametrize("name", MODELS.names())
def test_docstring_names_input_output_and_source(name: str) -> None:
    lines = inspect.getdoc(MODELS.find(name)).splitlines()
    missing = [word for word in ("Input ", "Output ", "Source:") if not any(line.startswith(word) for line in lines)]
    assert missing == []


@pytest.mark.parametrize("name", NETWORKS)
def test_documented_parameter_count_is_the_real_one(name: str) -> None:
    model = MODELS.find(name)
    card = CARD.search(" ".join(inspect.getdoc(model).split()))
    assert card, f"{name}: the docstring lacks 'N parameters at SHAPE and K classes'"
    count, shape, classes = card.groups()
    assert shape == written(model.example_shape)
    assert count == f"{parameter_count(model(model.example_shape, int(classes))):,}"


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_are_one_finite_float32_a_class(name: str, rng: np.random.Generator) -> None:
    logits = build(name)(batch(name, rng))
    assert logits.shape == (4, CLASSES)
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_learns(name: str, rng: np.random.Generator) -> None:
    network = build(name)
    loss(network, batch(name, rng, 8)).backward()
    trained = {name: p.grad for name, p in network.named_parameters() if p.requires_grad}
    assert trained
    assert [name for name, grad in trained.items() if grad is None or not grad.isfinite().all() or not grad.any()] == []


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluation_is_deterministic_and_each_example_stands_alone(name: str, rng: np.random.Generator) -> None:
    network, x = build(name).eval(), batch(name, rng)
    with torch.no_grad():
        logits = network(x)
        assert torch.equal(network(x), logits)
        torch.testing.assert_close(network(x[2:3]), logits[2:3], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_weights_are_the_whole_model(name: str, rng: np.random.Generator) -> None:
    network, other, x = build(name).eval(), build(name, seed=2).eval(), batch(name, rng)
    with torch.no_grad():
        assert not torch.equal(other(x), network(x))
        other.load_state_dict(safetensors.torch.load(safetensors.torch.save(network.state_dict())))
        assert torch.equal(other(x), network(x))


@pytest.mark.parametrize("name", NETWORKS)
def test_all_but_its_last_layer_fits_other_classes(name: str) -> None:
    one, other = build(name).state_dict(), MODELS.find(name)(MODELS.find(name).example_shape, CLASSES + 2).state_dict()
    unlike = {tensor for tensor in one if one[tensor].shape != other[tensor].shape}
    head = head_of(build(name))
    assert unlike == {tensor for tensor in one if tensor.startswith(f"{head}.")}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_copy_is_independent(name: str, rng: np.random.Generator) -> None:
    network, x = build(name).eval(), batch(name, rng)
    twin = copy.deepcopy(network)
    with torch.no_grad():
        before = network(x)
        for parameter in twin.parameters():
            parameter.zero_()
        assert torch.equal(network(x), before)
        assert not torch.equal(twin(x), before)


@pytest.mark.parametrize("name", NETWORKS)
def test_half_precision_trains(name: str, rng: np.random.Generator) -> None:
    network = build(name)
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(network, batch(name, rng, 8))
    value.backward()
    assert value.isfinite()
    assert [name for name, p in network.named_parameters() if p.requires_grad and not p.grad.isfinite().all()] == []


@pytest.mark.parametrize("name", NETWORKS)
def test_another_shape_works_or_is_refused_naming_both(name: str, rng: np.random.Generator) -> None:
    shape = MODELS.find(name).example_shape
    other = longer(name)
    x = batch_of(name, other, rng, 2)
    for made_for in (other, shape):
        try:
            assert build(name, made_for)(x).shape == (2, CLASSES)
        except (ModelError, UsageError) as error:
            assert written(tuple(x.shape[1:])) in str(error)  # noqa: PT017 - an answer is as right as the refusal
            assert written(tuple(batch(name, rng).shape[1:])) in str(error)  # noqa: PT017


@pytest.mark.parametrize("name", NETWORKS)
def test_too_small_a_shape_works_or_is_refused_naming_the_least(name: str) -> None:
    smallest = (1, 1, 0) if input_of(MODELS.find(name)) == "words" else (*MODELS.find(name).example_shape[:-2], 1, 1)
    try:
        assert build(name, smallest).eval()(torch.zeros(2, *smallest)).isfinite().all()
    except ModelError as error:
        assert re.search(r"at least \d+ × \d+", str(error))  # noqa: PT017
        assert written(smallest) in str(error)  # noqa: PT017
