"""What the site shows of the code at work: runs the pages that make it, and the notebook on what they left.

`make docs` calls it; every command must end well and print what its page shows.
"""

from __future__ import annotations

import base64
import re
import shutil
import sys
from pathlib import Path

import nbformat
from blocks import follow
from nbclient import NotebookClient

from earmark.datasets.synthetic import synthetic
from earmark.datasets.write_audio import write_audio

DOCS = Path(__file__).parent
PAGES = [DOCS / "tutorials" / "classroom.md", DOCS / "gallery.md"]
NOTEBOOK = DOCS / "notebooks" / "demo.ipynb"


def main(folder: Path) -> None:
    """Make it all anew in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    write_audio(synthetic(songs=50, seconds=6, seed=1), folder / "my_music")
    write_audio(synthetic(songs=10, seconds=6, seed=2), folder / "new_music")
    for page in PAGES:
        follow(page, folder)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    quietly = ["--IPKernelApp.log_level=ERROR"]  # else it warns of other users of this machine, who could listen
    where = {"metadata": {"path": folder}}
    NotebookClient(notebook, extra_arguments=quietly, startup_timeout=300, resources=where).execute()
    nbformat.write(notebook, folder / "demo.ipynb")
    (folder / "demo.md").write_text(in_markdown(notebook, folder), encoding="utf-8")
    (folder / "made").touch()  # for make


def in_markdown(notebook: nbformat.NotebookNode, folder: Path) -> str:
    """The cells and what they printed, for the site; pictures go to files beside it."""
    pieces = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            pieces.append(re.sub(r"^#", "##", cell.source, flags=re.MULTILINE))
            continue
        pieces.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            if output.output_type == "stream":
                pieces.append(f"```text\n{output.text}```")
            elif "image/png" in output.data:
                (folder / f"demo-{number}.png").write_bytes(base64.b64decode(output.data["image/png"]))
                pieces.append(f"![what the cell draws](gallery/demo-{number}.png)")
    return "\n\n".join(pieces)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
