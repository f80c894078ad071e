"""What a model is fed says where each of its rows is from."""

import numpy as np

from earmark.features.examples import Examples
from earmark.tracks import Track


def test_rows_are_named_by_track_and_by_time_where_a_track_gave_several() -> None:
    examples = Examples(
        x=np.zeros((4, 5, 6), np.float32),
        y=np.array([0, 0, 0, -1]),
        track=np.array([0, 0, 0, 2]),
        start=np.array([0, 2.0, 4.0, 0]),
        tracks=(Track(id="a"), Track(id="unread"), Track(id="b#01", song="b")),
    )
    assert examples.ids == ("a@0.00", "a@2.00", "a@4.00", "b#01")
    assert examples.songs == ("a", "a", "a", "b")
    assert examples.shape == (5, 6)
    assert len(examples) == 4
