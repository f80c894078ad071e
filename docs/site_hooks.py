"""What the site shows beside docs/: pages that stand elsewhere in the repository, where readers of the code look for.

Links lead from file to file of the repository, as any forge follows them; here they become links of the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "LICENSE.txt",
    "src/earmark/classifier/shipped/default/README.md": "default-classifier.md",
    **{
        f"recipes/{path.parent.name}/README.md": f"studies/{path.parent.name}.md"
        for path in ROOT.glob("recipes/*/*.md")
    },
    **{f"recipes/{path.parent.name}": f"studies/{path.parent.name}.md" for path in ROOT.glob("recipes/*/*.md")},
    **{str(path.relative_to(ROOT)): f"studies/curves/{path.name}" for path in ROOT.glob("recipes/*/curves/*.svg")},
}
SOURCES = {uri: path for path, uri in reversed(ELSEWHERE.items())}  # of two names of a page, that of the file
LINK = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")
FENCE_MARK = re.compile(r"^<!-- (?:file: (?P<file>\S+)|not run: [^\n]*) -->\n(?P<fence>```\w+)$", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand elsewhere."""
    for uri, path in SOURCES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead its links to pages of the site, and show under which name a reader saves a block."""
    uri = page.file.src_uri
    folder = posixpath.dirname(SOURCES.get(uri, f"docs/{uri}"))

    def led(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, link[1]))
        target = ELSEWHERE.get(path, path.removeprefix("docs/"))
        return f"]({posixpath.relpath(target, posixpath.dirname(uri) or '.')}{link[2] or ''})"

    def titled(mark: re.Match[str]) -> str:
        return f'{mark["fence"]} title="{mark["file"]}"' if mark["file"] else mark["fence"]

    return FENCE_MARK.sub(titled, LINK.sub(led, markdown))
