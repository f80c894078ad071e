"""docs/architecture.md names every room and every dependency, and no other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import earmark

SOURCE = Path(earmark.__file__).parent
REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_room_stands_on_a_floor() -> None:
    rooms = {f"{path.parent.name}/" for path in SOURCE.glob("*/__init__.py")}
    rooms |= {path.name for path in SOURCE.glob("*.py") if not path.name.startswith("__")}
    floors = section("The rooms, and the floors they stand on").partition("\n\nModels")[0]
    named = set(re.findall(r"`(\w+(?:\.py|/))`", floors))
    assert named == rooms


def test_every_dependency_is_accounted_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split("[<>=]", requirement)[0] for requirement in project["dependencies"]}
    table, _, extras = section("Dependencies").partition("\n\nExtras")
    rows = {name for line in table.splitlines() for name in re.findall(r"`([\w-]+)`", line.split(" | ")[0])}
    assert rows == needed
    assert [extra for extra in project["optional-dependencies"] if f"`{extra}`" not in extras] == []
