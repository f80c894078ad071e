"""`earmark doctor`: what a bug report should hold."""

from __future__ import annotations

from earmark.cli.show import AsJson, print_json, print_table


def command(as_json: AsJson = False) -> None:
    """Print versions, audio decoders, devices, and the feature cache's place and size."""
    from earmark.doctor import examine

    rows = examine()
    if as_json:
        print_json(dict(rows))
    else:
        print_table(("what", "found"), rows, fold=("found",))
