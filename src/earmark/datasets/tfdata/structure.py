"""`dataset_spec.pb`: what one element consists of (`StructuredValue`, `tensorflow/core/protobuf/struct.proto`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from earmark.datasets.tfdata.dtypes import READABLE, Dtype, describe
from earmark.datasets.tfdata.wire import Field, FormatError, fields

MAX_RANK = 254  # TensorFlow's own limit
_MAX_DEPTH = 64  # real elements nest a few levels; each level costs Python stack

_TENSOR_SPEC, _TYPE_SPEC, _BOUNDED_TENSOR_SPEC = 33, 34, 35
_LIST, _TUPLE, _DICT, _NAMED_TUPLE = 51, 52, 53, 54
_PLAIN_VALUES = {
    1: "None",
    11: "a float",
    12: "an integer",
    13: "a string",
    14: "a bool",
    31: "a shape",
    32: "a dtype",
    55: "a tensor value",
    56: "a NumPy value",
}
_TYPE_SPECS = {
    1: "SparseTensorSpec",
    2: "IndexedSlicesSpec",
    3: "RaggedTensorSpec",
    4: "TensorArraySpec",
    5: "DatasetSpec",
    6: "IteratorSpec",
    7: "OptionalSpec",
    8: "PerReplicaSpec",
    9: "VariableSpec",
    10: "RowPartitionSpec",
    13: "an ExtensionType",
}
_REGISTERED, _NONE_SPEC = 12, "tf.NoneTensorSpec"


@dataclass(frozen=True)
class Component:
    """One tensor of an element.

    path   where it stands in the element, as one would index it: "[0]", "[0]['image']"; "." for a bare tensor
    shape  None for a dimension that may differ between elements; None altogether where even the rank may
    """

    path: str
    dtype: Dtype
    shape: tuple[int | None, ...] | None


def read_structure(message: memoryview) -> tuple[Component, ...]:
    """The tensors of an element in the order their records stand: depth first, dicts by sorted key.

    Raises FormatError, naming the component, where something other than a plain tensor is in it.
    """
    found = tuple(_components(message, "", 0))
    if not found:
        raise FormatError("the element has no tensor in it")
    return found


def _components(message: memoryview, path: str, depth: int) -> Iterator[Component]:
    if depth > _MAX_DEPTH:
        raise FormatError(f"the element nests more than {_MAX_DEPTH} levels deep")
    kinds = list(fields(message))
    if len(kinds) != 1:
        raise FormatError(f"component {path or '.'} has {len(kinds) or 'no'} kind of value set, not one")
    kind = kinds[0]
    if kind.number in (_TENSOR_SPEC, _BOUNDED_TENSOR_SPEC):
        yield _tensor_spec(kind.data, path or ".")
    elif kind.number == _TYPE_SPEC:
        _refuse_unless_none(kind.data, path or ".")
    elif kind.number in (_LIST, _TUPLE, _DICT, _NAMED_TUPLE):
        for step, value in _children(kind):
            yield from _components(value, path + step, depth + 1)
    else:
        what = _PLAIN_VALUES.get(kind.number, f"of unknown kind {kind.number}")
        raise FormatError(f"component {path or '.'} is {what}, not a tensor specification")


def _children(kind: Field) -> Iterator[tuple[str, memoryview]]:
    if kind.number in (_LIST, _TUPLE):
        items = [field for field in fields(kind.data, repeated={1}) if field.number == 1]
        yield from ((f"[{place}]", item.data) for place, item in enumerate(items))
        return
    # DictValue repeats field 1; NamedTupleValue has its name there and repeats field 2.
    number = 1 if kind.number == _DICT else 2
    pairs = [_pair(field.data) for field in fields(kind.data, repeated={number}) if field.number == number]
    if len({key for key, _ in pairs}) < len(pairs):
        raise FormatError("a key stands twice in one dict")
    if kind.number == _DICT:
        pairs.sort(key=lambda pair: pair[0])
    yield from ((f"[{key!r}]", value) for key, value in pairs)


def _pair(message: memoryview) -> tuple[str, memoryview]:
    key, value = "", message[:0]
    for field in fields(message):
        if field.number == 1:
            key = field.text
        elif field.number == 2:
            value = field.data
    return key, value


def _tensor_spec(message: memoryview, path: str) -> Component:
    shape: tuple[int, ...] | None = ()
    dtype = 0
    for field in fields(message):
        if field.number == 2:
            shape = read_shape(field.data)
        elif field.number == 3:
            dtype = field.integer
    if dtype not in READABLE:
        raise FormatError(f"component {path} has dtype {describe(dtype)}, which is not read")
    if shape is None:
        return Component(path, READABLE[dtype], None)
    if any(size < -1 for size in shape):
        raise FormatError(f"component {path} has a negative dimension in its shape {shape}")
    return Component(path, READABLE[dtype], tuple(None if size == -1 else size for size in shape))


def _refuse_unless_none(message: memoryview, path: str) -> None:
    """A `None` in the element has no record and is passed over; every other type is a variant in the file."""
    kind, name = 0, ""
    for field in fields(message):
        if field.number == 1:
            kind = field.integer
        elif field.number == 3:
            name = field.text
    if (kind, name) != (_REGISTERED, _NONE_SPEC):
        called = _TYPE_SPECS.get(kind) or (repr(name[:80]) if name else f"of type {kind}")
        raise FormatError(
            f"component {path} is {called}, stored as a variant that only TensorFlow can read; "
            "save plain tensors instead"
        )


def read_shape(message: memoryview) -> tuple[int, ...] | None:
    """The sizes of a TensorShapeProto, negative ones too; None where the rank is unknown. Raises FormatError."""
    sizes: list[int] = []
    unknown_rank = 0
    for field in fields(message, repeated={2}):
        if field.number == 2:
            sizes.append(next((dim.integer for dim in fields(field.data) if dim.number == 1), 0))
            if len(sizes) > MAX_RANK:
                raise FormatError(f"a shape has more than {MAX_RANK} dimensions")
        elif field.number == 3:
            unknown_rank = field.integer
    return None if unknown_rank else tuple(sizes)
