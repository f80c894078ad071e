"""`earmark recipes`: the shipped experiments."""

from __future__ import annotations

from typing import Annotated

import typer

from earmark.cli.show import print_table


def command(name: Annotated[str | None, typer.Argument(help="Show this recipe with every value.")] = None) -> None:
    """List the shipped recipes, or show one as it resolves."""
    from earmark.recipe import find_recipe, read_recipe, recipe_names

    if name is not None:
        typer.echo(read_recipe(find_recipe(name)).to_toml(), nl=False)
        return
    rows = [(known, read_recipe(find_recipe(known)).rationale.partition("\n")[0]) for known in recipe_names()]
    print_table(("recipe", "why"), rows, fold=("why",))
