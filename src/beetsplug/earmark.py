"""The plugin of beets: `beet earmark QUERY`, and genres for what is imported.

It reads settings, asks `earmark.library.suggester`, and hands the answers to beets, which keeps them in its database
and writes them into the files. Nothing of earmark is imported before it is needed: `beet ls` is as fast as without it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from optparse import Values
from pathlib import Path
from typing import TYPE_CHECKING

import confuse
from beets import ui
from beets.importer import Action, ImportSession, ImportTask
from beets.library import Album, Item, Library
from beets.plugins import BeetsPlugin

if TYPE_CHECKING:
    from earmark.batches.mapping import Place
    from earmark.experiment.watcher import Watcher
    from earmark.library.change import Change
    from earmark.library.plan import Decision, Outcome
    from earmark.library.suggester import Holding, Suggester


class EarmarkPlugin(BeetsPlugin):
    """What beets finds under the name `earmark`."""

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {
                "auto": True,
                "force": False,
                "keep_existing": False,
                "model": "default",
                "mapping": None,
                "min_confidence": 0.5,
                "top": 1,
                "workers": None,
            }
        )
        self._loaded: Suggester | None = None
        self._before: dict[Item, list[str]] = {}  # imported tracks that have new genres, and what they had
        if self.config["auto"]:
            self.register_listener("import_begin", self.import_begins)
            self.import_stages = [self.imported]
            self.register_listener("import_task_files", self.files_are_in_place)

    def commands(self) -> list[ui.Subcommand]:
        """`beet earmark`."""
        command = ui.Subcommand("earmark", help="name the genres of tracks and albums by their sound")
        add = command.parser.add_option
        add("-p", "--pretend", action="store_true", help="show what would change, and change nothing")
        add("-f", "--force", action="store_true", help="replace genres that are there")
        add("-k", "--keep-existing", action="store_true", help="with --force: add to genres that are there")
        command.func = self.command
        return [command]

    def command(self, library: Library, options: Values, query: list[str]) -> None:
        """Name the genres of all tracks that match, and of albums all of whose tracks do. Raises UserError."""
        self.config.set_args(vars(options))
        workers = self.config["workers"].get(confuse.Optional(int))
        with _errors_of_beets():
            from earmark.batches.mapping import Place
            from earmark.cli.progress import bars
            from earmark.library.plan import Outcome
            from earmark.library.tagging import keep_answers

            place = Place() if workers is None else Place(workers=workers)
            with bars() as watcher:
                decided = self._decide(list(library.items(query)), place, watcher)
            counts = Counter(self._settle(model, decision, options.pretend) for model, decision in decided)
            keep_answers(decision.change for _, decision in decided if decision.change is not None)
        told = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in Outcome)
        self._log.info("{:,} tracks and albums: {}", len(decided), told)

    def import_begins(self, **_: object) -> None:
        """Refuse wrong settings before anything is imported. Raises UserError."""
        with _errors_of_beets():
            self._suggester()

    def imported(self, _session: ImportSession, task: ImportTask) -> None:
        """Name genres before files are copied and written, so that their new paths may be made of them."""
        from earmark.batches.mapping import Place
        from earmark.errors import EarmarkError

        try:
            decided = self._decide(task.imported_items(), Place(workers=0))
        except EarmarkError as error:
            self._log.error("{}", error)  # the import goes on without genres
            return
        for model, decision in decided:
            if decision.change is not None:
                self._log.info("{}", _said(model, decision.change))
                if isinstance(model, Item):
                    self._before[model] = model.genres
                _change(model, decision.change, write=False)

    def files_are_in_place(self, task: ImportTask, **_: object) -> None:
        """Write what is imported as it is. Beets does not, and its database would say other than the files."""
        for item in task.imported_items():
            before = self._before.pop(item, None)
            if before is not None and task.choice_flag is Action.ASIS and ui.should_write():
                if not item.try_write():
                    item.genres = before
                item.store()

    def _suggester(self) -> Suggester:
        """One for all albums of an import. Raises EarmarkError or ConfigError for settings that cannot be."""
        if self._loaded is None:
            from earmark.classifier import is_classifier
            from earmark.library.plan import Existing
            from earmark.library.suggester import Suggester

            name = self.config["model"].as_str()
            folder = Path(self.config["model"].as_filename())
            mapping = self.config["mapping"].get(confuse.Optional(confuse.Filename()))
            added = Existing.APPEND if self.config["keep_existing"].get(bool) else Existing.REPLACE
            self._loaded = Suggester(
                folder if is_classifier(folder) else name,
                mapping=None if mapping is None else Path(mapping),
                existing=added if self.config["force"].get(bool) else Existing.KEEP,
                min_confidence=self.config["min_confidence"].as_number(),
                top=self.config["top"].get(int),
            )
            if self._loaded.note is not None:
                self._log.warning("{}", self._loaded.note)
        return self._loaded

    def _decide(
        self, items: Sequence[Item], place: Place, watcher: Watcher | None = None
    ) -> list[tuple[Item | Album, Decision]]:
        """What shall become of these tracks, and of the albums that they are all tracks of; faults are logged."""
        held = list(_holdings(items))
        decisions, faults = self._suggester().suggest([holding for _, holding in held], place=place, watcher=watcher)
        for fault in faults:
            self._log.warning("{0.where}: {0.what}", fault)
        return [(model, decision) for (model, _), decision in zip(held, decisions, strict=True)]

    def _settle(self, model: Item | Album, decision: Decision, pretend: bool | None) -> Outcome:
        """Show what changes and, unless `pretend`, change it; gives what has become of it."""
        from earmark.library.plan import Outcome

        if decision.change is None:
            self._log.debug("{}: {}", model, decision.why)
            return decision.outcome
        if not pretend and not _change(model, decision.change, write=ui.should_write()):
            return Outcome.FAILED
        ui.print_(_said(model, decision.change))
        return Outcome.PLANNED if pretend else Outcome.CHANGED


def _holdings(items: Sequence[Item]) -> Iterator[tuple[Item | Album, Holding]]:
    from earmark.library.suggester import Holding

    for item in items:
        yield item, Holding((item.filepath,), tuple(item.genres))
    given = {item.id for item in items}
    for one in {item.album_id: item for item in items}.values():
        album = one.get_album()
        tracks = list(album.items()) if album is not None else []
        if album is not None and given.issuperset(track.id for track in tracks):
            yield album, Holding(tuple(track.filepath for track in tracks), tuple(album.genres))


def _change(model: Item | Album, change: Change, *, write: bool) -> bool:
    """Let beets write and keep the genres; where it cannot write them, which it says itself, they are not kept."""
    model.genres = list(change.new)
    if isinstance(model, Album):
        model.store(inherit=False)  # each track has its own
    elif write and not model.try_write():
        return False
    else:
        model.store()
    return True


def _said(model: Item | Album, change: Change) -> str:
    """`Artist - Album - Title: none -> jazz (83%)`."""
    old, new = ("; ".join(genres) or "none" for genres in (change.old, change.new))
    return f"{model}: {old} -> {new} ({change.probability:.0%})"


@contextlib.contextmanager
def _errors_of_beets() -> Iterator[None]:
    """What earmark raises becomes what beets shows as its one line."""
    from earmark.errors import EarmarkError

    try:
        yield
    except EarmarkError as error:
        raise ui.UserError(str(error)) from error  # type: ignore[attr-defined]  # it moved, and can still be had there
