"""A figure stands where it was measured; pages that repeat one say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from blocks import REPOSITORY

MEASURED = [*REPOSITORY.glob("recipes/*/README.md"), *REPOSITORY.glob("src/earmark/classifier/shipped/*/README.md")]
PAGES = [REPOSITORY / "docs" / "honest-numbers.md", *sorted((REPOSITORY / "docs" / "tutorials").glob("*.md"))]
FIGURE = re.compile(r"\d\d\.\d(?= %| to| and|\))")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_figures_are_those_that_were_measured(page: Path) -> None:
    measured = {figure for source in MEASURED for figure in re.findall(r"\d\d\.\d", source.read_text(encoding="utf-8"))}
    assert [figure for figure in FIGURE.findall(page.read_text(encoding="utf-8")) if figure not in measured] == []
