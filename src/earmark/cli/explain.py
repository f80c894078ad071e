"""`earmark explain`: what is behind the answer to one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from earmark.cli.show import AsJson, bar, note, on_terminal, print_json, print_table
from earmark.cli.threads import wait_asleep
from earmark.errors import UsageError

if TYPE_CHECKING:
    from earmark.classifier import Classifier
    from earmark.classifier.explanation import Explanation

LEAST_SHOWN = 0.005  # what would read 0 %
MOST = 5  # rows of what there are dozens of
MOST_WORDS = 12


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to explain.")],
    model: Annotated[
        str | None, typer.Option(help="The classifier: a run's folder or a name; without one the default answers.")
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="How probable a genre must be to be named.")
    ] = 0.5,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Explain what can be read of a truncated file.")
    ] = False,
    artist: Annotated[str | None, typer.Option(help="Of a song text: who sings it.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write it as a page.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show what is behind an answer: genres along the track, the tags that speak for the first, the nearest clips.

    Of a song text, with a run that was trained on such: the words that decided.
    """
    wait_asleep()
    from earmark.atomic import write_text
    from earmark.classifier import DEFAULT, Classifier
    from earmark.classifier.explanation import explain
    from earmark.classifier.loading import load
    from earmark.cli.progress import bars
    from earmark.report.explain_page import render_explanation
    from earmark.report.told import told

    classifier = load(model or DEFAULT)
    if classifier.note is not None:
        note(classifier.note)
    if isinstance(classifier, Classifier) and classifier.reads_text:
        return _explain_text(classifier, file, artist, min_confidence, html, as_json)
    if artist is not None:
        raise UsageError("--artist is for a classifier that was trained on song texts")
    with bars(f"listening to {file.name}"):
        explanation = explain(classifier, file, min_confidence=min_confidence, allow_partial=allow_partial)
    if html is not None:
        write_text(html, render_explanation(explanation))
    if as_json:
        print_json(msgspec.to_builtins(told(explanation)))
    else:
        _print(explanation)
    for lack in explanation.lacks:
        note(lack)
    return 0


def _explain_text(
    classifier: Classifier, file: Path, artist: str | None, min_confidence: float, html: Path | None, as_json: bool
) -> int:
    wait_asleep()
    from earmark.atomic import write_text
    from earmark.classifier.occlusion import explain_text
    from earmark.report.explain_page import factor
    from earmark.report.text_page import render_text_explanation
    from earmark.text.files import read_text

    found = explain_text(classifier, read_text(file), artist=artist, source=str(file), min_confidence=min_confidence)
    answer = found.answer
    if html is not None:
        write_text(html, render_text_explanation(found))
    if as_json:
        print_json(
            {
                "file": answer.source,
                "classifier": found.classifier,
                "verdict": answer.verdict,
                "genre": answer.genre,
                "second": found.second,
                "probabilities": {genre: round(p, 6) for genre, p in answer.ranked()},
                "log_odds": round(found.log_odds, 6),
                "words": {word: round(size, 6) for word, size in found.words.items()},
                "artist": None if found.artist is None else {found.artist[0]: round(found.artist[1], 6)},
                "telling": found.telling,
                "lacks": found.lacks,
            }
        )
    else:
        likely = [(genre, _likely(p)) for genre, p in answer.ranked() if p >= LEAST_SHOWN]
        print_table(("genre", "probability"), likely, right=("probability",))
        if found.artist is not None:
            print(f"\nwho sings, {found.artist[0]}: {factor(found.artist[1])}")
        print(f"\nwords that decided for {answer.genre} (×) and for {found.second} (÷):")
        print_table(
            ("word", "odds"),
            [(word, factor(size)) for word, size in list(found.words.items())[:MOST_WORDS]],
            right=("odds",),
        )
        for genre, terms in found.telling.items():
            print(f"\nin any text most for {genre}: {', '.join(terms)}")
    for lack in found.lacks:
        note(lack)
    return 0


def _print(explanation: Explanation) -> None:
    from earmark.report.explain_page import clock, factor, odds

    answer, second = explanation.answer, explanation.second
    likeliest = f"{answer.genre} {answer.probability:.0%}"
    if answer.strange is not None:
        print(f"not music: it {answer.strange}; what follows means little ({likeliest})")
    else:
        said = "likely enough" if answer.verdict == "music" else "unsure"
        print(f"{likeliest}, {said}: {answer.min_confidence:.0%} is asked for")
    likely = [(genre, _likely(p)) for genre, p in answer.ranked() if p >= LEAST_SHOWN]
    print_table(("genre", "probability"), likely, right=("probability",))
    if len(explanation.spans) > 1:
        print("\nalong the track:")
        rows = []
        stretches = zip(explanation.spans.tolist(), answer.over_time, answer.verdicts_over_time, strict=True)
        for (begin, end), each, verdict in stretches:
            place = int(each.argmax())
            why_not = "" if verdict == "music" else verdict
            rows.append((clock(begin), clock(end), answer.genres[place], _likely(float(each[place])), why_not))
        print_table(("from", "to", "genre", "probability", "verdict"), rows, right=("from", "to", "probability"))
    if explanation.evidence:
        ahead, pieces = explanation.pieces
        where = "" if ahead == pieces else f" where it is likelier, in {ahead} of {pieces} pieces,"
        print(
            f"\nwhy {answer.genre} and not {second}: the odds{where} are {odds(explanation.log_odds)}, the product of"
        )
        voices = [(evidence.voice, factor(evidence.log_odds), evidence.hears) for evidence in explanation.evidence]
        print_table(("voice", "odds", "hears"), voices, right=("odds",))
    for evidence in explanation.evidence:
        if evidence.parts:
            print(f"\nwhat speaks most among {evidence.voice}:")
            strongest = sorted(evidence.parts.items(), key=lambda part: -abs(part[1]))[:MOST]
            parts = [(name.replace("_", " "), factor(part)) for name, part in strongest]
            print_table(("heard", "odds"), parts, right=("odds",))
    if explanation.taggram is not None:
        print("\ntags heard most:")
        tags = [(tag, _likely(p)) for tag, p in list(explanation.tags.items())[:MOST]]
        print_table(("tag", "probability"), tags, right=("probability",))
    if explanation.nearest:
        print("\nnearest training tracks:")
        near = [(n.name, " + ".join(n.genres), f"{n.similarity:.2f}") for n in explanation.nearest]
        print_table(("track", "genre", "similarity"), near, right=("similarity",), fold=("track",))


def _likely(probability: float) -> str:
    """With a bar for the eye on a terminal; a plain number in a pipe."""
    return f"{bar(probability, 8)} {probability:4.0%}" if on_terminal() else f"{probability:.4f}"
