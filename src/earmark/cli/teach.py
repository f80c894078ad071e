"""`earmark teach`: a person's own genres, learned from tracks that carry them already."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from earmark.cli.show import AsJson, note, print_json, print_table


def command(
    library: Annotated[Path, typer.Argument(metavar="LIBRARY", help="A folder of music whose genres are known.")],
    name: Annotated[str, typer.Option(help="What tag and predict shall call the classifier.")] = "mine",
    folders: Annotated[
        bool, typer.Option("--folders", help="Take each folder's name for the genre, not the files' tags.")
    ] = False,
    least: Annotated[int, typer.Option(min=2, help="Leave out genres of fewer tracks.")] = 4,
    most: Annotated[int, typer.Option(min=2, help="Listen to so many tracks of a genre.")] = 200,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes that listen. [default: one a core]")] = None,
    as_json: AsJson = False,
) -> int:
    """Learn your own genres from the tracks that carry them, and say how well they can be told apart.

    Nothing is written into the files. The classifier is kept by its name for tag and predict.
    """
    from earmark.batches.mapping import Place
    from earmark.cli.progress import bars, list_faults
    from earmark.library.teach import teach

    place = Place() if workers is None else Place(workers=workers)
    with bars(f"learning {name}") as watcher:
        lesson = teach(
            library, name, by="folders" if folders else "tags", least=least, most=most, place=place, watcher=watcher
        )
    scores = lesson.scores
    accuracy = scores.accuracy
    if as_json:
        print_json(
            {
                "classifier": name,
                "folder": str(lesson.folder),
                "genres": lesson.genres,
                "tracks": scores.n,
                "accuracy": [accuracy.value, accuracy.low, accuracy.high],
                "majority": scores.majority_accuracy,
                "artists_unknown": lesson.artists_unknown,
                "suspects": [_plain(suspect) for suspect in lesson.suspects],
                "left_out": lesson.left_out,
            }
        )
    else:
        rows = [(each.genre, lesson.genres[each.genre], f"{each.recall:.0%}") for each in scores.genres]
        print_table(("genre", "tracks", "recognised"), rows, right=("tracks", "recognised"))
        judged = "tracks held out" if lesson.artists_unknown else "artists never heard"
        print(
            f"of {judged} {accuracy.value:.0%} are right ({accuracy.low:.0%} to {accuracy.high:.0%}); "
            f"always the commonest genre: {scores.majority_accuracy:.0%}"
        )
        if lesson.suspects:
            print("these may carry the wrong genre:")
            suspects = [(s.path, s.carries, s.sounds_like, f"{s.probability:.0%}") for s in lesson.suspects]
            print_table(("file", "carries", "sounds like", "probability"), suspects, fold=("file",))
        print(f"use it with: earmark tag --model {name} FOLDER")
    if lesson.note is not None:
        note(lesson.note)
    if lesson.artists_unknown:
        note(
            f"{lesson.artists_unknown} of {scores.n} tracks name no artist: other tracks by the same artist may have "
            "been learned from, which makes the score too kind"
        )
    for reason, count in lesson.left_out.items():
        note(f"left out: {count} {reason}")
    list_faults([*lesson.faults])
    return 1 if lesson.faults else 0


def _plain(suspect: Any) -> dict[str, Any]:
    return {
        "file": suspect.path,
        "carries": suspect.carries,
        "sounds_like": suspect.sounds_like,
        "probability": round(suspect.probability, 6),
    }
