"""`earmark pack`, `card` and `export` from the command line, and what takes their files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from earmark.run import Run

Earmark = Callable[..., tuple[int, str, str]]


def test_a_pack_is_taken_wherever_a_run_is(earmark: Earmark, trained: Run, tones: Path, tmp_path: Path) -> None:
    code, out, err = earmark("pack", trained.folder, "--out", "tones.earmark", "--licence", "mit")
    assert (code, err) == (0, "")
    name, size, digest = out.strip().split("\t")
    assert (name, len(digest)) == ("tones.earmark", len("sha256=") + 64)
    assert size == f"{(tmp_path / name).stat().st_size:,} bytes"
    files = sorted(tones.rglob("*0.wav"))
    judged = earmark("predict", name, *files, "--csv", "--workers", 0)
    assert judged == earmark("predict", trained.folder, *files, "--csv", "--workers", 0)
    address = f"file://{tmp_path / name}#{digest}"
    assert earmark("predict", address, *files, "--csv", "--workers", 0) == judged
    code, out, _ = earmark("tag", tones / "low" if (tones / "low").is_dir() else tones, "--model", name, "--json")
    assert code == 0
    assert json.loads(out)["files"][0]["suggested"]
    assert 'license: "mit"\n' in earmark("card", name)[1]
    assert 'license: "cc0-1.0"\n' in earmark("card", name, "--licence", "cc0-1.0")[1]
    before = sorted(path.name for path in (trained.folder / "predictions").iterdir())
    code, out, _ = earmark("evaluate", name, "--on", tones, "--json")
    assert code == 0
    assert json.loads(out)[f"on-{tones.name}"]["by_track"]["accuracy"]["value"] > 0
    assert sorted(path.name for path in (trained.folder / "predictions").iterdir()) == before
    code, _, err = earmark("evaluate", name)
    assert code == 2
    assert "it is no run and has no parts of its own; name other data to judge it on: --on" in err


def test_a_card_says_what_the_run_says(earmark: Earmark, trained: Run, tmp_path: Path) -> None:
    code, card, _ = earmark("card", trained.folder, "--licence", "cc-by-4.0")
    assert code == 0
    header, _, body = card.removeprefix("---\n").partition("\n---\n")
    fields = dict(line.split(": ", 1) for line in header.splitlines())
    assert json.loads(fields["license"]) == "cc-by-4.0"
    assert json.loads(fields["pipeline_tag"]) == "audio-classification"
    metrics = json.loads(trained.metrics.read_bytes())["valid"]
    (result,) = [r for r in json.loads(fields["model-index"])[0]["results"] if r["dataset"]["split"] == "valid"]
    scores = metrics["by_track"] or metrics["by_clip"]
    assert result["metrics"][0]["value"] == round(scores["accuracy"]["value"], 6)
    titles = [line for line in body.splitlines() if line.startswith("#")]
    assert titles[0] == f"# {trained.name}"
    assert set(titles[1:]) == {
        f"## {title}"
        for title in (
            "Genres",
            "How to use it",
            "What it learned from",
            "Scores",
            "Calibration",
            "Limits",
            "Licence",
            "Made with",
        )
    }
    for genre in ("chord", "low", "high"):
        assert genre in body or genre not in json.dumps(metrics)
    assert earmark("card", trained.folder, "--licence", "cc-by-4.0", "--out", "card.md")[1] == "card.md\n"
    assert (tmp_path / "card.md").read_text() == card


def test_the_card_of_the_default_says_how_it_was_measured(earmark: Earmark) -> None:
    code, card, _ = earmark("card", "default")
    assert code == 0
    assert "| training tracks, each held out with its artist's | 442 | 125 | 78.7%" in card
    assert "exponent 0.808" in card
    assert "No licence was named" in card


def test_a_card_speaks_of_its_data_in_their_words(earmark: Earmark, trained: Run, tmp_path: Path) -> None:
    pictures = Path(shutil.copytree(trained.folder, tmp_path / "pictures"))
    recipe = Run(pictures).recipe
    name = re.compile(r'(\[data\]\nname = )"\w+"')
    assert name.search(recipe.read_text())
    recipe.write_text(name.sub(r'\1"cifar100"', recipe.read_text()))
    code, card, err = earmark("card", pictures)
    assert code == 0, err
    assert "## Classes\n" in card
    assert "always the commonest class" in card
    assert "genre" not in card.partition("## How to use it")[0]
