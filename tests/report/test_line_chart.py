"""The layout of the page's learning curves, against places worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.report.line_chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, line_chart
from earmark.training.history import Epoch


def history(losses, valid=None, start=1):
    pairs = zip(losses, valid or losses, strict=True)
    return [Epoch(i, 0.1, a, 0.5, b, 0.5, 1.0) for i, (a, b) in enumerate(pairs, start)]


def test_the_corners_of_the_frame_are_first_and_last_epoch_lowest_and_highest_value():
    chart = line_chart(history([1.0, 0.5, 0.0]), "loss", kept_epoch=2)
    middle = ((LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2)
    assert chart.train.pieces == (f"{LEFT}.0,{TOP}.0 {middle[0]},{middle[1]} {WIDTH - RIGHT}.0,{HEIGHT - BOTTOM}.0",)
    assert (chart.kept.at, chart.kept.up, chart.kept.label) == (*middle, "kept: epoch 2")
    assert [tick.label for tick in chart.y_ticks] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [tick.label for tick in chart.x_ticks] == ["1", "2", "3"]


def test_a_figure_that_is_not_finite_breaks_the_line():
    chart = line_chart(history([3.0, 2.0, math.nan, 2.0, math.inf, 1.0, 1.0]), "loss", kept_epoch=None)
    assert [piece.count(",") for piece in chart.train.pieces] == [2, 2]
    assert len(chart.train.lone) == 1
    assert (chart.train.first, chart.train.last) == (3.0, 1.0)


def test_without_a_valid_part_its_line_is_empty():
    chart = line_chart(history([1.0, 0.5], [None, None]), "loss", kept_epoch=2)
    assert (chart.valid.first, chart.valid.pieces, chart.valid.lone) == (None, (), ())
    assert chart.kept.up is None


def test_a_join_stands_between_the_epochs_that_it_joins():
    chart = line_chart(history([1.0, 0.5, 0.0]), "loss", kept_epoch=3, joined_after=1)
    assert chart.joined == LEFT + (WIDTH - LEFT - RIGHT) / 4
    for nowhere in (3, 9, None):  # with nothing after it there is no join yet
        assert line_chart(history([1.0, 0.5, 0.0]), "loss", kept_epoch=3, joined_after=nowhere).joined is None


def test_a_kept_epoch_that_is_not_in_the_history_is_not_marked():
    assert line_chart(history([1.0, 0.5]), "loss", kept_epoch=9).kept is None
    assert line_chart([], "loss", kept_epoch=1).kept is None


@pytest.mark.parametrize(("accuracy", "labels"), [(1.0, ["94 %", "100 %"]), (0.0, ["0 %", "5 %"])])
def test_an_accuracy_axis_does_not_pass_0_and_100_per_cent(accuracy, labels):
    rows = [Epoch(1, 0.1, 1.0, accuracy, 1.0, accuracy, 1.0)]
    ticks = [tick.label for tick in line_chart(rows, "accuracy", kept_epoch=1).y_ticks]
    assert [ticks[0], ticks[-1]] == labels


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.integers(1, 500))
def test_everything_stays_inside_the_frame(losses, start):
    chart = line_chart(history(losses, start=start), "loss", kept_epoch=start)
    points = [tuple(map(float, p.split(","))) for piece in chart.train.pieces for p in piece.split()]
    for x, y in [*points, *chart.train.lone, (chart.kept.at, chart.kept.up)]:
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP <= y <= HEIGHT - BOTTOM
    values = [float(tick.label) for tick in chart.y_ticks]
    steps = np.diff(values)
    assert len(steps) >= 1
    assert (steps > 0).all()
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    assert len(chart.x_ticks) >= 1
