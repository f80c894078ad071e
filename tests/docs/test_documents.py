"""What the documents tell a reader to do works, prints what they show, and leads somewhere."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import soundfile

from earmark.audio.synthesis import STYLES, song
from earmark.datasets.course import COURSE_GENRES
from earmark.datasets.synthetic import synthetic
from earmark.datasets.write_audio import write_audio

pytest.importorskip("pty", reason="the documents' commands are run in a POSIX terminal")

from blocks import DOCUMENTS, REPOSITORY, follow, read_blocks

LINK = re.compile(r"\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)")
NAMES = {path: path.relative_to(REPOSITORY).as_posix() for path in DOCUMENTS}
# These two are run where the site is made, which shows what comes out of them: docs/make_gallery.py.
RUN_HERE = [path for path in DOCUMENTS if path.name not in ("gallery.md", "classroom.md")]
CHAPTERS = sorted({(path, block.chapter) for path in RUN_HERE for block in read_blocks(path) if block.is_run})
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES.get)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader has: music sorted by genre, new music, and a GTZAN of one song a genre."""
    folder = tmp_path_factory.mktemp("music")
    write_audio(synthetic(songs=5 * len(STYLES), seconds=6, seed=1), folder / "my_music")
    write_audio(synthetic(songs=len(STYLES), seconds=6, seed=2), folder / "new_music")
    shutil.copy(folder / "new_music" / "waltz" / "waltz.00000.flac", folder / "new_music" / "song.flac")
    for genre, style in zip(COURSE_GENRES, STYLES, strict=False):
        path = folder / "data" / "genres" / genre / f"{genre}.00000.wav"
        path.parent.mkdir(parents=True)
        whole = song(style, 0, seed=3, seconds=30)
        soundfile.write(path, whole.samples, whole.sample_rate)
    (folder / "site-packages").mkdir()
    return folder


@pytest.fixture
def world(music: Path, tmp_path: Path) -> Path:
    """That music in a folder of its own."""
    return shutil.copytree(music, tmp_path, dirs_exist_ok=True)


@pytest.mark.parametrize(("document", "chapter"), CHAPTERS, ids=[f"{NAMES[path]}-{n}" for path, n in CHAPTERS])
def test_every_command_and_program_runs_and_prints_what_is_shown(document: Path, chapter: int, world: Path) -> None:
    follow(document, world, chapter=chapter)


@every_document
def test_every_block_runs_or_says_why_not(document: Path) -> None:
    unclear = [
        f"line {block.line}: {block.language}"
        for block in read_blocks(document)
        if not block.file
        and not (block.language in ("console", "python", "text") and not block.mark)
        and not (block.language == "sh" and block.reason)
    ]
    assert unclear == []


@every_document
def test_every_link_leads_somewhere(document: Path) -> None:
    dead = []
    for place, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        target = (document.parent / place).resolve() if place else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(f"{place}#{anchor}")
    assert dead == []


def anchors(document: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_leads_to_every_document() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    pages = [name for name in NAMES.values() if name != "README.md" and not name.startswith("docs/reference/")]
    assert [name for name in [*pages, "docs/reference/python.md"] if name not in text] == []


def test_notebooks_are_kept_without_their_outputs() -> None:
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in REPOSITORY.glob("docs/notebooks/*.ipynb")]
    cells = [cell for notebook in notebooks for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert [cell for cell in cells if cell["outputs"] or cell["execution_count"] is not None] == []
