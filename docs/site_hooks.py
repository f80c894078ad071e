"""What the site shows beside docs/: pages that stand elsewhere in the repository, where readers of the code look.

Links lead from file to file of the repository, as any forge follows them; here they become links of the site. Under
`<!-- show: PATTERN -->` stands what `make_gallery.py` has made of that name: a picture, a page or a notebook.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import typer.cli
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from earmark.cli.app import app

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "build" / "gallery"
STUDIES = sorted(path.parent.name for path in ROOT.glob("recipes/*/README.md"))
ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "LICENSE.txt",
    "src/earmark/classifier/shipped/default/README.md": "default-classifier.md",
    **{f"recipes/{name}/README.md": f"studies/{name}.md" for name in STUDIES},
    **{f"recipes/{name}": f"studies/{name}.md" for name in STUDIES},
    **{str(path.relative_to(ROOT)): f"studies/curves/{path.name}" for path in ROOT.glob("recipes/*/curves/*.svg")},
}
SOURCES = {uri: path for path, uri in reversed(ELSEWHERE.items())}  # of two names of a page, that of the file
LINK = re.compile(r"\[([^\[\]]*)\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")
FENCE_MARK = re.compile(r"^<!-- (?:file: (?P<file>\S+)|not run: [^\n]*) -->\n(?P<fence>```\w+)$", re.MULTILINE)
LOADED = re.compile(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="((?:https?:)?//[^"]*)"')
SHOW = re.compile(r"^<!-- show: (\S+) -->$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every study into the navigation, by the first words of its title."""
    trust = next(entry["Trust"] for entry in config.nav or [] if "Trust" in entry)
    titles = [(ROOT / "recipes" / name / "README.md").read_text(encoding="utf-8").splitlines()[0] for name in STUDIES]
    pages = [{title[2:].split(":")[0]: f"studies/{name}.md"} for title, name in zip(titles, STUDIES, strict=True)]
    trust.append({"Measured": pages})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand elsewhere, and what the gallery has made."""
    for uri, path in SOURCES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    files.append(File.generated(config, "reference/commands.md", content=commands()))
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for pattern in SHOW.findall(page.read_text(encoding="utf-8")):
            path = made(pattern)
            shown = [path, *path.parent.glob(f"{path.stem}-*.png")] if path.suffix == ".ipynb" else [path]
            for one in shown:
                files.append(File.generated(config, uri_of(one), abs_src_path=str(one)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead its links to pages of the site, show under which name a reader saves a block, and what was made."""
    uri = page.file.src_uri
    folder = posixpath.dirname(SOURCES.get(uri, f"docs/{uri}"))

    def led(link: re.Match[str]) -> str:
        text, place, anchor = link.groups(default="")
        path = posixpath.normpath(posixpath.join(folder, place))
        if path not in ELSEWHERE and not path.startswith("docs/") and (ROOT / path).exists():
            return text  # a file of the repository that the site does not show
        target = ELSEWHERE.get(path, path.removeprefix("docs/"))
        return f"[{text}]({posixpath.relpath(target, posixpath.dirname(uri) or '.')}{anchor})"

    def titled(mark: re.Match[str]) -> str:
        return f'{mark["fence"]} title="{mark["file"]}"' if mark["file"] else mark["fence"]

    return SHOW.sub(lambda mark: shown(made(mark[1])), FENCE_MARK.sub(titled, LINK.sub(led, markdown)))


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Refuse a page that would load something from another host."""
    if foreign := LOADED.search(output):
        raise PluginError(f"{page.file.src_uri}: it loads {foreign[1]}")
    return output


def commands() -> str:
    """Every command with its arguments and options, as `--help` says them."""
    command = typer.main.get_command(app)
    text = typer.cli.get_docs_for_click(obj=command, ctx=typer.Context(command, info_name="earmark"), name="earmark")
    return text.replace("# `earmark`\n", "# Commands\n", 1)


def made(pattern: str) -> Path:
    """The one file of the gallery that a pattern names."""
    found = sorted(GALLERY.glob(pattern))
    if len(found) != 1:
        raise PluginError(f"{GALLERY}: {len(found)} files are called {pattern}; make docs makes them")
    return found[0]


def uri_of(path: Path) -> str:
    """Where the site has a file of the gallery."""
    return f"gallery/{path.relative_to(GALLERY).as_posix()}"


def shown(path: Path) -> str:
    """A file of the gallery as a page shows it."""
    uri = uri_of(path)
    if path.suffix == ".ipynb":
        return path.with_suffix(".md").read_text(encoding="utf-8") + f"\n[The notebook with its outputs]({uri})\n"
    if path.suffix == ".html":
        return f'<iframe src="{uri}" title="{path.name}" loading="lazy"></iframe>\n\n[Open it as a page]({uri})'
    return f"![{path.stem}]({uri})"
