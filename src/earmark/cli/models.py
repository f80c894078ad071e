"""`earmark models`: what can be trained."""

from __future__ import annotations

from typing import Any

from earmark.cli.show import AsJson, print_json, print_table


def command(as_json: AsJson = False) -> None:
    """List the models, each with the first line of its docstring and its options."""
    import inspect

    from earmark.catalog import MODELS

    rows: list[dict[str, Any]] = []
    for name in MODELS.names():
        options = {option: p.default for option, p in MODELS.options(name).items()}
        first = (inspect.getdoc(MODELS.find(name)) or "").partition("\n")[0]
        rows.append({"name": name, "what": first, "options": options})
    if as_json:
        print_json(rows)
    else:
        print_table(
            ("name", "what", "options"),
            [(r["name"], r["what"], ", ".join(f"{k}={v!r}" for k, v in r["options"].items())) for r in rows],
            fold=("what", "options"),
        )
