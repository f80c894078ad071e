"""Names lead to code, lazily, with errors that say what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from earmark import catalog
from earmark.catalog import Catalog
from earmark.errors import UsageError

ENTRIES = {"fraction": "fractions:Fraction", "dump": "json:dumps"}


@pytest.fixture
def things():
    return Catalog("thing", "things", ENTRIES)


def test_names_are_sorted_and_found(things):
    assert things.names() == ["dump", "fraction"]
    assert things.find("fraction").__name__ == "Fraction"


def test_an_unknown_name_lists_the_known(things):
    with pytest.raises(UsageError, match=r"no thing 'fracton'; did you mean 'fraction'.; known: dump, fraction"):
        things.find("fracton")


def test_options_are_the_keyword_only_parameters(things):
    assert "indent" in things.options("dump")
    assert "obj" not in things.options("dump")
    assert things.options("dump")["indent"].default is None


def test_build_passes_arguments_and_options(things):
    assert things.build("dump", [1], options={"separators": ("<", ">")}) == "[1]"
    assert things.build("dump", {"a": 1}, options={"indent": 1}) == '{\n "a": 1\n}'


def test_build_refuses_an_unknown_option(things):
    with pytest.raises(
        UsageError, match=r"thing 'dump' has no option 'indnt'; did you mean 'indent'.; it takes: skipkeys"
    ):
        things.build("dump", [], options={"indnt": 1})


def test_a_package_elsewhere_adds_an_entry(things, monkeypatch):
    added = EntryPoint("reader", "csv:reader", "earmark.things")
    monkeypatch.setattr(catalog, "entry_points", lambda group: [added] if group == "earmark.things" else [])
    assert things.names() == ["dump", "fraction", "reader"]
    assert things.find("reader").__name__ == "reader"


def test_a_name_taken_twice_is_an_error(things, monkeypatch):
    monkeypatch.setattr(catalog, "entry_points", lambda group: [EntryPoint("dump", "pickle:dumps", group)])
    with pytest.raises(UsageError, match="thing 'dump' of pickle:dumps is already json:dumps; rename one of them"):
        things.names()


CATALOGS = [value for value in vars(catalog).values() if isinstance(value, Catalog)]


@pytest.mark.parametrize("kind", CATALOGS, ids=lambda kind: kind.plural)
def test_every_entry_leads_somewhere_and_its_options_can_be_asked(kind):
    for name in kind.names():
        assert callable(kind.find(name))
        assert isinstance(kind.options(name), dict)


@pytest.mark.parametrize("kind", CATALOGS, ids=lambda kind: kind.plural)
def test_names_are_lower_case_words(kind):
    assert [name for name in kind.names() if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


def test_listing_imports_nothing():
    code = (
        "import sys; from earmark import catalog; catalog.MODELS.names(); "
        "print([m for m in sys.modules if m.startswith('earmark.') and m not in ('earmark.catalog', 'earmark.errors')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_old_name_is_found_with_a_warning():
    things = Catalog("thing", "things", ENTRIES, renamed={"ratio": "fraction"})
    for ask in (things.find, things.options):
        with pytest.warns(DeprecationWarning, match="thing 'ratio' is called 'fraction' now"):
            assert ask("ratio")
    assert "ratio" not in things.names()


@pytest.mark.parametrize("kind", [kind for kind in vars(catalog).values() if isinstance(kind, Catalog)])
def test_old_names_lead_to_new_ones(kind):
    assert set(kind.renamed.values()) <= set(kind.names())
    assert not kind.renamed.keys() & set(kind.names())
