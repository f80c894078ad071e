"""One line, one exit code, and a hint at what was meant."""

from __future__ import annotations

import math

import pytest

from earmark.errors import AudioError, DataError, EarmarkError, ModelError, UsageError, nearest, need


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (AudioError, 3), (DataError, 3), (ModelError, 3)])
def test_each_kind_is_earmarks_own_with_its_exit_code(kind, code):
    assert issubclass(kind, EarmarkError)
    assert kind.exit_code == code


@pytest.mark.parametrize(
    ("name", "hint"),
    [("vgg16", "; did you mean 'vgg'?"), ("Parallel-CNN", "; did you mean 'parallel_CNN'?"), ("zzz", ""), ("", "")],
)
def test_nearest(name, hint):
    assert nearest(name, ["vgg", "parallel_CNN", "cnn_rnn"]) == hint


def test_need_gives_the_module():
    assert need("math", extra="none", purpose="counting") is math


def test_need_names_the_extra():
    with pytest.raises(
        UsageError, match=r"reading MP3 needs no_such, which is not installed; pip install 'earmark\[av\]'"
    ):
        need("no_such.module", extra="av", purpose="reading MP3")
