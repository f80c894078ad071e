"""Learning curves as files: valid, always the same, and without a trace in matplotlib's global state."""

from __future__ import annotations

import io
import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from PIL import Image

from earmark.report.figures import draw_curves, draw_curves_png


def test_the_same_history_gives_the_same_files(make_epochs):
    assert draw_curves(make_epochs(9), kept_epoch=4) == draw_curves(make_epochs(9), kept_epoch=4)
    assert draw_curves_png(make_epochs(9)) == draw_curves_png(make_epochs(9))
    assert draw_curves(make_epochs(9), kept_epoch=4) != draw_curves(make_epochs(9), kept_epoch=5)
    assert draw_curves(make_epochs(9), kept_epoch=4) != draw_curves(make_epochs(9), kept_epoch=4, joined_after=5)


@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_files_are_valid_for_any_number_of_epochs(make_epochs, n):
    svg = draw_curves(make_epochs(n), kept_epoch=n or None)
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert "<dc:date>" not in svg
    picture = Image.open(io.BytesIO(draw_curves_png(make_epochs(n))))
    picture.load()
    assert (picture.format, picture.size) == ("PNG", (1500, 570))


def test_without_a_valid_part_only_train_is_drawn(make_epochs):
    alone = draw_curves(make_epochs(5, valid_loss=None, valid_accuracy=None))
    assert "#0b6b72" in draw_curves(make_epochs(5))
    assert "#0b6b72" not in alone


def test_settings_of_matplotlib_stay_as_they_were_and_pyplot_is_not_loaded(make_epochs):
    before = dict(mpl.rcParams)
    draw_curves(make_epochs(3))
    assert dict(mpl.rcParams) == before
    code = (
        "import sys; from earmark.report.figures import draw_curves; draw_curves([]); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
