"""Examples read batch by batch are those that an array would have held."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from earmark.features.on_demand import OnDemand


class Counted:
    """Ten examples of 2 × 3, and which have been read."""

    def __init__(self) -> None:
        self.array = np.arange(60, dtype=np.uint8).reshape(10, 2, 3)
        self.read: list[int] = []
        self.examples = OnDemand(self._read, np.arange(10), (2, 3))

    def _read(self, place: int) -> np.ndarray:
        self.read.append(place)
        return self.array[place]


@pytest.fixture
def counted() -> Counted:
    return Counted()


def test_its_shape_is_that_of_the_array(counted: Counted) -> None:
    assert len(counted.examples) == 10
    assert counted.examples.shape == (10, 2, 3)
    assert counted.examples[3:5].shape == (2, 2, 3)
    assert counted.examples.ndim == 3
    assert counted.read == []


@pytest.mark.parametrize("rows", [slice(2, 7), slice(None), slice(8, 99), [9, 0, 0, 4], []])
def test_a_selection_reads_itself_alone(counted: Counted, rows: slice | list[int]) -> None:
    chosen = rows if isinstance(rows, slice) else torch.tensor(rows, dtype=torch.int64)
    places = np.arange(10)[rows].tolist()
    fed = counted.examples[chosen].to("cpu")
    assert fed.dtype == torch.float32
    np.testing.assert_array_equal(fed.numpy() * np.float32(255), counted.array[places])
    assert sorted(counted.read) == sorted(places)


def test_a_selection_of_a_selection(counted: Counted) -> None:
    twice = counted.examples[np.array([5, 6, 7])][1:]
    np.testing.assert_array_equal(np.asarray(twice) * np.float32(255), counted.array[6:8])


def test_what_goes_wrong_in_a_worker_is_raised_here() -> None:
    def broken(place: int) -> np.ndarray:
        raise OSError(f"no {place} in {threading.current_thread().name.partition('_')[0]}")

    with pytest.raises(OSError, match="no 4 in earmark-read"):
        OnDemand(broken, np.array([4]), (2, 3)).to("cpu")
