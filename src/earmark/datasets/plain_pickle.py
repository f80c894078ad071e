"""Python pickles of plain values and arrays of bytes, read without running any of them.

A pickle is a program. The few instructions that such values need are followed here by hand; of the functions that they
name, none is ever looked up, let alone called.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

import numpy as np

from earmark.errors import DataError

RECONSTRUCT, ARRAY, DTYPE, ENCODE = "_reconstruct", "ndarray", "dtype", "encode"
ADMITTED = {  # by what pickles call them; numpy 2 has moved the first, and Python 3 writes bytes by the last
    "numpy.core.multiarray _reconstruct": RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": RECONSTRUCT,
    "numpy ndarray": ARRAY,
    "numpy dtype": DTYPE,
    "_codecs encode": ENCODE,
}
BYTE_TYPES = ("u1", "|u1", "uint8")
NUMBERS = frozenset({"BININT", "BININT1", "BININT2", "LONG1"})
TEXTS = frozenset({"BINSTRING", "SHORT_BINSTRING", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"})
VALUES = NUMBERS | TEXTS
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class PickleError(ValueError):
    """A pickle that is damaged, or holds what is not admitted."""


def read_plain_pickle(content: bytes, *, where: str) -> dict[str | bytes, Any]:
    """The dictionary that a pickle holds, of numbers, text, bytes, lists and tuples of these, and uint8 arrays.

    Protocols 2 to 4; strings of Python 2 come as text, a character for a byte. Raises DataError naming `where` and the
    byte for anything else, and where the pickle is damaged or ends too soon.
    """
    machine, position = _Machine(), 0
    try:
        for instruction, argument, place in pickletools.genops(content):
            position = place or 0
            machine.follow(instruction.name, argument)
        return machine.result()
    except PickleError as error:
        raise DataError(f"{where}: byte {position:,}: {error}; nothing of it was run") from error
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise DataError(
            f"{where}: byte {position:,}: not a whole pickle: {error}; it was cut off or damaged, fetch it again"
        ) from error


class _Name(str):
    """What the pickle calls one of ADMITTED; a name and nothing else."""


class _Dtype:
    """The only type of number admitted, uint8."""


class _Array:
    """An array on its way: `values` come with the instruction after the one that makes it."""

    values: np.ndarray[Any, np.dtype[np.uint8]] | None = None


class _Machine:
    """The stack, the marks on it, and what was put aside by number."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._aside: dict[int, Any] = {}
        self._steps: dict[str, Callable[[Any], None]] = {
            "PROTO": lambda _: None,
            "FRAME": lambda _: None,
            "STOP": lambda _: None,
            "MARK": lambda _: self._marks.append(len(self._stack)),
            "EMPTY_DICT": lambda _: self._stack.append({}),
            "EMPTY_LIST": lambda _: self._stack.append([]),
            "TUPLE": lambda _: self._stack.append(tuple(self._marked())),
            "BINPUT": self._put,
            "LONG_BINPUT": self._put,
            "MEMOIZE": lambda _: self._put(len(self._aside)),
            "BINGET": self._get,
            "LONG_BINGET": self._get,
            "APPEND": lambda _: self._append(self._taken(1)),
            "APPENDS": lambda _: self._append(self._marked()),
            "SETITEM": lambda _: self._set(self._taken(2)),
            "SETITEMS": lambda _: self._set(self._marked()),
            "GLOBAL": self._name,
            "STACK_GLOBAL": lambda _: self._name_from_stack(),
            "REDUCE": lambda _: self._make(*self._taken(2)),
            "BUILD": lambda _: self._fill(*self._taken(1)),
        }

    def follow(self, instruction: str, argument: Any) -> None:
        """Do what one instruction says, or refuse it."""
        if instruction in VALUES:
            self._stack.append(argument)
        elif instruction in self._steps:
            self._steps[instruction](argument)
        elif instruction in CONSTANTS:
            self._stack.append(CONSTANTS[instruction])
        elif instruction in TUPLES:
            self._stack.append(tuple(self._taken(TUPLES[instruction])))
        else:
            raise PickleError(f"the instruction {instruction} is none that plain values need")

    def result(self) -> dict[str | bytes, Any]:
        """The one dictionary that is left."""
        (table,) = self._stack
        if not isinstance(table, dict):
            raise PickleError(f"it holds a {type(table).__name__} and not a dictionary")
        return {key: value.values if isinstance(value, _Array) else value for key, value in table.items()}

    def _taken(self, count: int) -> list[Any]:
        if len(self._stack) - (self._marks[-1] if self._marks else 0) < count:
            raise ValueError("an instruction finds too little on the stack")
        taken = self._stack[-count:]
        del self._stack[-count:]
        return taken

    def _marked(self) -> list[Any]:
        mark = self._marks.pop()
        taken = self._stack[mark:]
        del self._stack[mark:]
        return taken

    def _put(self, number: int) -> None:
        self._aside[number] = self._stack[-1]

    def _get(self, number: int) -> None:
        self._stack.append(self._aside[number])

    def _append(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise PickleError(f"values are appended to a {type(target).__name__}")
        target.extend(values)

    def _set(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise PickleError(f"entries are set in a {type(target).__name__}")
        if not all(isinstance(key, str | bytes) for key in values[::2]):
            raise PickleError("an entry's name is no text")
        target.update(zip(values[::2], values[1::2], strict=True))

    def _name(self, name: str) -> None:
        if name not in ADMITTED:
            raise PickleError(f"it asks for {name.replace(' ', '.')}, which data have no need of")
        self._stack.append(_Name(ADMITTED[name]))

    def _name_from_stack(self) -> None:
        module, name = self._taken(2)
        if not isinstance(module, str) or not isinstance(name, str):
            raise PickleError("it asks for a function whose name is no text")
        self._name(f"{module} {name}")

    def _make(self, what: Any, arguments: Any) -> None:
        """What a call would give, for the three calls that are admitted."""
        if not isinstance(what, _Name) or not isinstance(arguments, tuple):
            raise PickleError("it calls what is no function")
        if what == RECONSTRUCT and arguments[:1] == (ARRAY,):
            self._stack.append(_Array())
        elif what == DTYPE and arguments[:1] in ((name,) for name in BYTE_TYPES):
            self._stack.append(_Dtype())
        elif what == ENCODE and arguments[1:] == ("latin1",) and isinstance(arguments[0], str):
            self._stack.append(arguments[0].encode("latin-1"))
        else:
            raise PickleError(f"it calls {what} with what no array of bytes is made of")

    def _fill(self, state: Any) -> None:
        """Give the array, or its type, on the stack what the pickle keeps of it."""
        target = self._stack[-1]
        if isinstance(target, _Dtype):
            return
        if not isinstance(target, _Array) or not isinstance(state, tuple) or len(state) != 5:
            raise PickleError(f"it sets the state of a {type(target).__name__}")
        _, shape, kind, by_columns, raw = state
        if not isinstance(kind, _Dtype) or not isinstance(raw, str | bytes) or by_columns not in (False, True):
            raise PickleError("an array is not of uint8")
        content = raw.encode("latin-1") if isinstance(raw, str) else raw
        target.values = np.frombuffer(content, np.uint8).reshape(shape, order="F" if by_columns else "C")
