"""`earmark study`: all recipes of a folder, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.show import note, print_table
from earmark.errors import UsageError


def command(
    name: Annotated[str, typer.Argument(help="A shipped study's name, or a folder of recipes.")],
    seeds: Annotated[str, typer.Option(help="Seeds, with commas between.")] = "1,2,3",
    only: Annotated[list[str] | None, typer.Option(help="Only these recipes.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one key in all recipes.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Trainings side by side.")] = 1,
    runs: Annotated[Path, typer.Option(help="Where runs are written.")] = Path("runs"),
    results: Annotated[Path | None, typer.Option(help="Where finished trainings are listed.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    pdf: Annotated[bool, typer.Option("--pdf", help="Write the comparison as PDF too.")] = False,
    tune: Annotated[
        bool, typer.Option("--search", help="Of one recipe, try values for what its table `search` marks.")
    ] = False,
) -> int:
    """Train every recipe of a folder with every seed, skipping what is already listed, and compare them on one page.

    A recipe whose split has folds is trained on each of them; --set split.fold=0 takes one.

    With --search it takes one recipe, tunes the values that its table `search` marks on folds of the training part, and
    writes the recipe with the best ones. What was stopped goes on where it was.
    """
    if tune:
        if only or results or pdf or jobs > 1 or seeds != "1,2,3":
            unfit = "--seeds, --only, --jobs, --results and --pdf"
            raise UsageError(f"--search tunes one recipe, with the seeds written in it: leave out {unfit}")
        _search(name, runs, settings or [], device)
        return 0
    from earmark.errors import EarmarkError
    from earmark.study import RESULTS, Restored, read_results, run_study, study_folder, write_comparison
    from earmark.training.distributed import first

    try:
        numbers = [int(seed) for seed in seeds.split(",")]
    except ValueError as error:
        raise UsageError(f"--seeds {seeds!r}: write whole numbers with commas between, as in 1,2,3") from error
    folder = study_folder(name)
    failed = 0
    outcomes = run_study(
        folder,
        seeds=numbers,
        only=only or (),
        overrides=settings or (),
        jobs=jobs,
        runs=runs,
        results=results,
        device=device,
    )
    for outcome in outcomes:
        if isinstance(outcome, EarmarkError):
            failed += 1
            if first():
                note(str(outcome))
        elif isinstance(outcome, Restored):
            if first():
                note(f"{outcome.recipe}, seed {outcome.seed}: {outcome.part} PSNR {outcome.psnr:.2f} dB")
        elif first():
            fold = "" if outcome.fold is None else f", fold {outcome.fold}"
            said = f"{outcome.part} {outcome.accuracy:.4f}, {outcome.minutes} min"
            note(f"{outcome.recipe}{fold}, seed {outcome.seed}: {said}")
    if not first():
        return 1 if failed else 0
    found = read_results(results or folder / RESULTS)
    rows = [
        (
            r.recipe,
            "" if r.fold is None else r.fold,
            r.seed,
            r.part,
            f"{r.accuracy:.4f}",
            f"{r.low:.4f}",
            f"{r.high:.4f}",
            r.parameters,
            r.minutes,
        )
        for r in found
    ]
    print_table(("recipe", "fold", "seed", "part", "accuracy", "low", "high", "parameters", "minutes"), rows)
    if found:
        for page in write_comparison(folder, found, runs=runs, overrides=settings or (), pdf=pdf):
            note(f"comparison: {page}")
    return 1 if failed else 0


def _search(name: str, runs: Path, settings: list[str], device: str) -> None:
    from earmark.cli.progress import bars
    from earmark.recipe import find_recipe
    from earmark.search import search

    path = find_recipe(name)
    with bars() as watcher:
        found = search(path, runs / f"search-{path.stem}", overrides=settings, device=device, watcher=watcher)
    print_table(("key", "value"), [(key, f"{value}") for key, value in found.values.items()])
    note(f"mean score over the folds: {found.score:.4f}\ntrials: {found.trials}\nrecipe: {found.recipe}")
