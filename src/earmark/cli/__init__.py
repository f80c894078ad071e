"""The command line: parse, call one function, print."""

from __future__ import annotations

import sys


def main() -> None:
    """What the `earmark` command runs."""
    from earmark.cli.app import run

    sys.exit(run(sys.argv[1:]))
