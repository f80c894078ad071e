"""What `import earmark` offers, and how little it loads."""

import importlib
import subprocess
import sys

import pytest

import earmark


def test_importing_loads_nothing_of_its_own() -> None:
    code = "import sys, earmark; print(sorted(m for m in sys.modules if m.startswith(('earmark.', 'numpy', 'torch'))))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", earmark.__all__)
def test_each_name_is_what_its_home_defines(name: str) -> None:
    found = getattr(earmark, name)
    assert getattr(importlib.import_module(found.__module__), name) is found
    assert found.__module__.startswith("earmark.")


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'earmark' has no attribute 'predict'"):
        _ = earmark.predict


def test_the_version_is_that_of_the_package() -> None:
    assert earmark.__version__ == importlib.import_module("importlib.metadata").version("earmark")
