"""Charts of a study, laid out."""

from __future__ import annotations

from itertools import combinations

import pytest

from earmark.evaluation.scores import Score
from earmark.report.study_charts import DIGIT, LEFT, WIDTH, scatter, short


@pytest.mark.parametrize("other", [[], [1e3], [1e9]])  # a heap in the middle, at the right edge, at the left
@pytest.mark.parametrize("n", [1, 4, 6])
def test_ranks_of_recipes_of_one_size_stand_beside_each_other(n: int, other: list[float]) -> None:
    scores = [Score(0.5 - 0.003 * i, 0.4, 0.6) for i in range(n + len(other))]
    points = scatter("parameters", scores, [1.9e6] * n + other, floor=1.0, label=short).points
    boxes = []
    for point in points:
        wide = DIGIT * len(str(point.rank))
        left = {"start": 0.0, "middle": wide / 2, "end": float(wide)}[point.label.anchor]
        x, y = point.label.x - left, point.label.y
        boxes.append((x, y - 10, x + wide, y))
    assert [point.rank for point in points] == list(range(1, len(scores) + 1))
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    assert all(box[0] >= LEFT and box[2] <= WIDTH for box in boxes)
