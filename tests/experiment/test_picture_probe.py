"""A probe on what a pretrained network sees in pictures: from recipe to page, and on to a picture of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import earmark.features.efficientnet_lite0 as module
from earmark.classifier import load
from earmark.experiment.train import train
from earmark.models.efficientnet_lite0 import EfficientNetLite0
from earmark.pretrained.wheels import Published
from earmark.recipe import parse_recipe

RECIPE = """
data = {{ name = "image_folder", path = "{path}", trim = false, height = 24, width = 24 }}
split = {{ valid = 0.25, test = 0.25 }}
features = {{ name = "efficientnet_lite0", size = 32 }}
model = "probe"
training = {{ keep = "last" }}
"""


def test_a_probe_learns_and_answers(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    weights = EfficientNetLite0((3, 32, 32), 1000).state_dict()
    monkeypatch.setattr(Published, "load", lambda _: weights)
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    module._network.cache_clear()
    for strong, kind in enumerate(("red", "green")):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(16):
            levels = rng.integers(0, 96, (24, 24, 3), dtype=np.uint8)
            levels[..., strong if number % 4 else 1 - strong] += 128
            Image.fromarray(levels).save(tmp_path / "pictures" / kind / f"{kind}{number:04d}.png")
    recipe = parse_recipe(RECIPE.format(path=(tmp_path / "pictures").as_posix()), where="test")
    run = train(recipe, runs=tmp_path / "runs", device="cpu")
    classifier = load(run.folder)
    for kind in ("red", "green"):
        assert classifier.predict(tmp_path / "pictures" / kind / f"{kind}0003.png").genre == kind
    # What it took for red is seen, not the numbers that it was fed.
    assert "data:image/png" in run.report.read_text(encoding="utf-8")
