"""Pickles of plain values are read, and whatever else a pickle can say is refused before it happens."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.datasets.plain_pickle import read_plain_pickle
from earmark.errors import DataError

some_bytes = st.binary(min_size=1)  # protocol 2 writes none at all as a call of the type
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text() | some_bytes,
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple),
    max_leaves=10,
)


@given(st.dictionaries(st.text() | some_bytes, values, max_size=5), st.sampled_from([2, 3, 4]))
def test_plain_values_come_back_as_pickle_gives_them(table: dict[str | bytes, Any], protocol: int) -> None:
    content = pickle.dumps(table, protocol)
    assert read_plain_pickle(content, where="x") == pickle.loads(content) == table


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_bytes_come_back(protocol: int, order: str, rng: np.random.Generator) -> None:
    array = np.array(rng.integers(0, 256, (3, 5), dtype=np.uint8), order=order)
    found = read_plain_pickle(pickle.dumps({"data": array, "again": [1]}, protocol), where="x")["data"]
    np.testing.assert_array_equal(found, array)


def test_text_of_python_2_comes_a_character_for_a_byte() -> None:
    assert read_plain_pickle(b"\x80\x02}U\x01aU\x02\xe9bs.", where="x") == {"a": "éb"}


class _Call:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in the dictionary"])
def test_a_pickle_that_would_run_a_command_is_refused_and_runs_nothing(
    tmp_path: Path, protocol: int, inside: bool
) -> None:
    trace = tmp_path / "trace"
    bait = _Call(os.mkdir, str(trace))
    content = pickle.dumps({"data": bait} if inside else bait, protocol)
    with pytest.raises(DataError, match=r"bad\.pkl: byte [\d,]+: .*nothing of it was run"):
        read_plain_pickle(content, where="bad.pkl")
    assert not trace.exists()
    pickle.loads(content)
    assert trace.exists()


CODE = {
    "a global": b"\x80\x02cbuiltins\neval\nq\x00.",
    "a global from the stack": b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
    "a global whose name is no text": b"\x80\x04K\x01K\x01\x93.",
    "an instance": b"(ios\nsystem\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent id": b"\x80\x02}U\x04dataK\x01Qs.",
    "a class built without its constructor": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "state for a dictionary": b"\x80\x02}U\x01aK\x01}b.",
    "state for a name": b"\x80\x02cnumpy\nndarray\nN}U\x01aK\x01s\x86b.",
    "a call of text": b"\x80\x02U\x03abc)R.",
    "an array of objects": b"\x80\x02cnumpy\ndtype\nU\x01OK\x00K\x01\x87R.",
    "another kind of array": b"\x80\x02cnumpy._core.multiarray\n_reconstruct\ncnumpy\ndtype\n\x85R.",
    "a decoder of one's choice": b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.",
    "a key that is no text": b"\x80\x02}" + b")" + b"\x85" * 100_000 + b"K\x01s.",
    "values appended to none": b"\x80\x02NK\x01a.",
    "an entry set in a list": b"\x80\x02]U\x01aK\x01s.",
    "no dictionary": b"\x80\x02].",
    "a number as state": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n\x85RK\x01b.",
}


@pytest.mark.parametrize("what", CODE)
def test_what_plain_values_do_not_need_is_refused(what: str) -> None:
    with pytest.raises(DataError, match=r"^x: byte \d[\d,]*: .*; nothing of it was run$"):
        read_plain_pickle(CODE[what], where="x")


BROKEN = {
    "empty": b"",
    "no pickle": b"hello\n",
    "an empty stack": b"\x80\x020.",
    "too little on the stack": b"\x80\x02}U\x01as.",
    "a mark below": b"\x80\x02}(U\x01as.",
    "nothing put aside": b"\x80\x02h\x07.",
    "a value without its key": b"\x80\x02}(U\x01au.",
    "two things left": b"\x80\x02}}.",
    "more text than there is": b"\x80\x02T" + struct.pack("<i", 2**31 - 1) + b"abc",
    "aside at a huge number, which takes no room": b"\x80\x02}r\xff\xff\xff\xff}.",
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_whole_pickle_is_refused(what: str) -> None:
    with pytest.raises(DataError, match=r"^x: byte \d+: "):
        read_plain_pickle(BROKEN[what], where="x")


@given(st.data())
def test_a_damaged_pickle_is_read_or_refused(data: st.DataObject) -> None:
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    content = bytearray(pickle.dumps({"data": array, "labels": [1, 2, 300], "names": ["a", "b"]}, 2))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(read_plain_pickle(bytes(content), where="x"), dict)
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either answer is right
