"""What all pages share while a server runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earmark.batches.attendants import Attendants
from earmark.web.hearing import Heard
from earmark.web.jobs import Jobs
from earmark.web.paths import Folder, Sound
from earmark.web.settings import Settings
from earmark.web.uploads import Uploads

if TYPE_CHECKING:
    from earmark.web.pages import Page

LISTEN = "listen"  # the lane of what is answered in seconds
LIBRARY = "library"  # that of what takes minutes and writes: one at a time


@dataclass(frozen=True)
class AppState:
    """What all pages share.

    library  the person's music, None where the server was started without a folder
    runs     the folder of runs, None where there is none
    jobs     work that takes longer than an answer may
    ears     processes that listen to a file
    uploads  where files are that were sent here
    pages    all pages, in the order of the navigation
    """

    settings: Settings
    library: Folder | None
    runs: Folder | None
    jobs: Jobs
    ears: Attendants[Sound, Heard]
    uploads: Uploads
    pages: tuple[Page, ...]
