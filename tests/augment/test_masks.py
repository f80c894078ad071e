"""Spans set to the mean: how long, where, how many."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from earmark.augment.frequency_mask import frequency_mask
from earmark.augment.spans import span_mask
from earmark.augment.time_mask import time_mask
from earmark.errors import UsageError

MASKS = {"time_mask": (time_mask, "longest", 2), "frequency_mask": (frequency_mask, "widest", 1)}


def masked(name: str, most: int, count: int = 1) -> np.ndarray:
    """(batch, places) bool: what was set to 0 along the mask's axis, having asked that whole frames or bands were."""
    make, option, axis = MASKS[name]
    x = torch.ones(400, 12, 15)
    out, _ = make(**{option: most, "count": count})(x, torch.zeros(400, 2), torch.Generator().manual_seed(1))
    assert set(out.unique().tolist()) <= {0.0, 1.0}
    gone = (out == 0).numpy()
    along = gone.any(axis=3 - axis)
    np.testing.assert_array_equal(gone, np.broadcast_to(np.expand_dims(along, 3 - axis), gone.shape))
    return along


@pytest.mark.parametrize("name", MASKS)
def test_spans_have_every_length_up_to_the_longest(name: str) -> None:
    along = masked(name, 4)
    assert set(along.sum(1)) == {0, 1, 2, 3, 4}
    assert (np.abs(np.diff(np.pad(along, ((0, 0), (1, 1))).astype(int))).sum(1) <= 2).all()  # one span in each
    assert along.any(axis=0).all()  # and anywhere


@pytest.mark.parametrize("name", MASKS)
def test_several_spans_are_drawn_one_by_one(name: str) -> None:
    most = masked(name, 3, count=3).sum(1).max()
    assert 6 < most <= 9
    assert not masked(name, 3, count=0).any()


def test_a_span_is_no_longer_than_what_it_lies_in() -> None:
    mask = span_mask(torch.zeros(300, 2, 3), 3, 10, torch.Generator().manual_seed(1))
    assert set(mask.sum(1).tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("which", ["length", "count"])
def test_fewer_than_none_is_refused(name: str, which: str) -> None:
    make, option, _ = MASKS[name]
    option = option if which == "length" else "count"
    with pytest.raises(UsageError, match=f"{name}: {option} = -2 must be 0 or more"):
        make(**{option: -2})
