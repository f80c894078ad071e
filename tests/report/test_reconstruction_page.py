"""The page of an autoencoder: what it shows, and where pictures stand in the grid."""

from __future__ import annotations

import numpy as np

from earmark.evaluation.reconstruction import Reconstruction
from earmark.evaluation.scores import Score
from earmark.recipe import parse_recipe
from earmark.report.model_summary import ModelSummary
from earmark.report.reconstruction_page import ReconstructionPage, picture_grid, render_reconstruction
from earmark.training.history import Epoch

RECIPE = 'data = "cifar100"\nfeatures = "pixels"\nmodel = "autoencoder"\nrationale = "a third of the numbers"'


def test_each_picture_stands_above_what_came_back() -> None:
    pictures = np.stack([np.full((1, 2, 3), level, np.float32) for level in np.linspace(0.1, 0.9, 9)])
    grid = picture_grid(pictures, pictures / 2)
    assert grid.shape == (1, 4 * (2 + 2) * 2, 8 * (3 + 2) * 2)
    small = grid[0, ::2, ::2]
    np.testing.assert_allclose(small[:2, 5:8], 0.2)
    np.testing.assert_allclose(small[4:6, 5:8], 0.1)
    np.testing.assert_allclose(small[8:10, :3], 0.9)
    np.testing.assert_allclose(small[12:14, :3], 0.45)
    assert (small[8:, 5:] == 1).all()


def test_the_page_says_what_was_lost_and_names_no_accuracy() -> None:
    figures = [
        Reconstruction(
            data="cifar100",
            part=part,
            n=10,
            mse=Score(0.004, 0.003, 0.005),
            psnr=Score(23.98, 23.0, 25.2),
            ssim=Score(0.8, 0.75, 0.85),
            level=0.95,
        )
        for part in ("valid", "test")
    ]
    page = ReconstructionPage(
        name="a-run",
        recipe=parse_recipe(RECIPE, where="test"),
        model=ModelSummary("autoencoder", "It gives pictures back.", 1234),
        figures=figures,
        history=[Epoch(1, 0.1, 0.5, None, 0.4, None, 1.0), Epoch(2, 0.1, 0.3, None, 0.2, None, 1.0)],
        kept_epoch=2,
        shown_part="test",
        pictures=np.zeros((3, 3, 8, 8), np.float32),
        given=np.ones((3, 3, 8, 8), np.float32),
    )
    html = render_reconstruction(page)
    for said in ("23.98 (23.00–25.20)", "0.00400", "a third of the numbers", "kept: epoch 2 of 2", "1,234 parameters"):
        assert said in html
    assert "There is no accuracy: nothing is named here." in html
    assert html.count("data:image/png") == 1
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert render_reconstruction(page) == html
