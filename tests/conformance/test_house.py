"""The house rules: what every module, error and test must be, by being there."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import earmark
from earmark import catalog, errors

SOURCE = Path(earmark.__file__).parent
TESTS = Path(__file__).parents[1]
LONGEST = 400  # lines
NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
HEAVY = {"torch", "matplotlib", "sklearn", "scipy", "librosa", "pandas", "jinja2", "soundfile"}


def dotted(path: Path) -> str:
    return ".".join(("earmark", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


FILES = {dotted(path): path for path in sorted(SOURCE.rglob("*.py"))}
every_module = pytest.mark.parametrize("name", FILES)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    """The modules of earmark that a file imports, at its top or inside functions."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found & FILES.keys()


def room(name: str) -> str:
    return ".".join(name.split(".")[:2])


@cache
def within_reach() -> frozenset[str]:
    """What tests import or find in a catalog, and what that imports from its own room."""
    tests = sorted(TESTS.rglob("test_*.py"))
    catalogs = [kind for kind in vars(catalog).values() if isinstance(kind, catalog.Catalog)]
    open_ends = {place.partition(":")[0] for kind in catalogs for place in kind._entries.values()} & FILES.keys()
    open_ends |= {name for test in tests for name in imported(test)}
    found: set[str] = set()
    while open_ends:
        name = open_ends.pop()
        found.add(name)
        open_ends |= {other for other in imported(FILES[name]) if room(other) == room(name)} - found
    return frozenset(found)


@every_module
def test_it_says_what_it_is_and_so_does_all_it_offers(name):
    offered = [
        node
        for node in tree(FILES[name]).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert ast.get_docstring(tree(FILES[name]))
    assert [node.name for node in offered if not ast.get_docstring(node)] == []


@every_module
def test_it_can_be_held_in_mind(name):
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= LONGEST


@every_module
def test_it_is_named_after_what_it_holds(name):
    assert not NAMELESS & set(name.split("."))


@every_module
def test_it_leaves_nothing_for_later(name):
    raised = [ast.dump(node.exc) for node in ast.walk(tree(FILES[name])) if isinstance(node, ast.Raise) and node.exc]
    assert [exc for exc in raised if "NotImplementedError" in exc] == []
    assert re.findall(r"\b(?:TODO|FIXME)\b", FILES[name].read_text(encoding="utf-8")) == []


@every_module
def test_it_refuses_by_name_and_swallows_nothing(name):
    nodes = list(ast.walk(tree(FILES[name])))
    assert [node.lineno for node in nodes if isinstance(node, ast.Assert)] == []
    assert [node.lineno for node in nodes if isinstance(node, ast.ExceptHandler) and node.type is None] == []


@pytest.mark.parametrize("name", [name for name in FILES if not FILES[name].name.startswith("__")])
def test_it_is_tested(name):
    assert name in within_reach()


@pytest.mark.parametrize("kind", [kind.__name__ for kind in errors.EarmarkError.__subclasses__()])
def test_a_test_raises_every_kind_of_error(kind):
    raised = re.compile(rf"raises\(\s*(?:\w+\.)*{kind}\b")
    assert any(raised.search(test.read_text(encoding="utf-8")) for test in TESTS.rglob("test_*.py"))


@pytest.mark.parametrize("name", [name for name in FILES if "__all__" in FILES[name].read_text(encoding="utf-8")])
def test_what_it_promises_is_there(name):
    module = importlib.import_module(name)
    assert [public for public in module.__all__ if not hasattr(module, public)] == []


@pytest.mark.parametrize("name", ["earmark", "earmark.cli"])
def test_importing_is_light(name):
    code = f"import sys, {name}; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_test_files_have_names_of_their_own():
    """pytest imports them by name alone."""
    names = [test.name for test in TESTS.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
