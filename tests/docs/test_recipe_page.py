"""docs/recipes.md names every key and every listed thing, with the defaults that the code has."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import NODEFAULT, UNSET, Struct

from earmark import catalog
from earmark.catalog import Catalog
from earmark.features.log_mel import LogMel
from earmark.features.musicnn import Musicnn
from earmark.recipe import (
    Choice,
    EvaluationSettings,
    InitSettings,
    Range,
    Recipe,
    SearchSettings,
    SplitSettings,
    StudySettings,
    TrainingSettings,
)

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
CATALOGS = [kind for kind in vars(catalog).values() if isinstance(kind, Catalog)]
STRUCTS = {
    "A recipe": Recipe,
    "Split": SplitSettings,
    "Init": InitSettings,
    "Training": TrainingSettings,
    "Evaluation": EvaluationSettings,
    "Study": StudySettings,
    "Search": SearchSettings,
    "Range": Range,
    "Log-mel": LogMel,
    "musicnn": Musicnn,
}
TITLES = {"datasets": "Data sets"}


def section(title: str) -> list[list[str]]:
    """The rows of the table under a heading, each as its cells."""
    after = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in after.splitlines() if line.startswith("| `")
    ]


def written(value: Any) -> str:
    """A default as TOML writes it; empty for what is unset, must be given, or has a table of its own."""
    if isinstance(value, Choice):
        table = {"name": value.name, **value.options}
        return f"{{ {', '.join(f'{key} = {json.dumps(inner)}' for key, inner in table.items())} }}"
    unset = value in (None, UNSET, NODEFAULT, inspect.Parameter.empty)
    return "" if unset or isinstance(value, Struct) else json.dumps(value)


def options(kind: Catalog, name: str) -> str:
    """`depth = 4`, `path`: what a recipe may set, with its default."""
    cells = [
        f"`{p.name}{' = ' if written(p.default) else ''}{written(p.default)}`" for p in kind.options(name).values()
    ]
    return ", ".join(cells)


@pytest.mark.parametrize("kind", CATALOGS, ids=lambda kind: kind.plural)
def test_everything_listed_stands_there_with_its_options(kind: Catalog) -> None:
    expected = {f"`{name}`": options(kind, name) for name in kind.names()}
    assert {row[0]: row[-1] for row in section(TITLES.get(kind.plural, kind.plural.capitalize()))} == expected


@pytest.mark.parametrize("title", STRUCTS)
def test_every_key_stands_there_with_its_default(title: str) -> None:
    fields = {f"`{field.name}`": written(field.default) for field in msgspec.structs.fields(STRUCTS[title])}
    assert {row[0]: row[1].strip("`") for row in section(title)} == fields
