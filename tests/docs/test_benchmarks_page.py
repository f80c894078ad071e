"""Whoever looks for a measurement finds it on the page of the benchmarks."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_every_script_is_named() -> None:
    page = (REPOSITORY / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    scripts = {path.name for path in (REPOSITORY / "benchmarks").glob("*.py")}
    assert scripts
    assert [name for name in sorted(scripts) if f"`{name}" not in page] == []
