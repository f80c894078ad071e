"""What can go wrong in a way a person should read: one line, with what, where, why and what to do next."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class EarmarkError(Exception):
    """An error that is shown as its one line, without a traceback."""

    exit_code = 3


class UsageError(EarmarkError):
    """The command or recipe asks for something that does not exist or does not fit together."""

    exit_code = 2


class AudioError(EarmarkError):
    """A file cannot be read as sound."""


class DataError(EarmarkError):
    """A data set, table, array or download is not what it should be."""


class ModelError(EarmarkError):
    """A classifier cannot be loaded, trained or applied to this input."""


class TagError(EarmarkError):
    """A file's genre cannot be read or written without harm; the file is as it was."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'vgg'?"`, or nothing where no known name comes close."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


def need(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import `module`, or say which extra brings it.

    Raises UsageError naming the extra where the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"{purpose} needs {module.partition('.')[0]}, which is not installed; pip install 'earmark[{extra}]'"
        ) from error
