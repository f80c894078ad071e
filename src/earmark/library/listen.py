"""One file of a library looked at: what it is, what it says itself, and what the classifier says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path

from earmark.checksums import file_digest
from earmark.classifier import CARD, WEIGHTS, Classifier, load
from earmark.errors import AudioError, DataError, EarmarkError, ModelError, TagError
from earmark.library.answers import Heard, Seen, stamp_of
from earmark.library.tags import read_genres
from earmark.run import open_run
from earmark.tracks import Fault


@dataclass(frozen=True)
class Listening:
    """What each worker makes: the classifier at `model`, loaded once. Sent to other processes and machines.

    `digest` is that of the classifier as whoever sends it sees it.
    """

    model: Path
    digest: str

    def __call__(self) -> Callable[[Path], Seen | Fault]:
        """Load the classifier. Raises ModelError where there is none on this machine, or another."""
        if classifier_digest(self.model) != self.digest:
            raise ModelError(f"{self.model}: a worker finds another classifier there than the command was given")
        return partial(look, load(self.model))


def listening(model: Path) -> Listening:
    """For the classifier of a run, or of the newest in a folder of runs. Raises ModelError where there is none."""
    folder = model if (model / CARD).is_file() else open_run(model).folder
    return Listening(folder.resolve(), classifier_digest(folder))


def classifier_digest(folder: Path) -> str:
    """Changes with whatever changes answers: 32 hex digits. Raises ModelError where there is no classifier."""
    whole = blake2b(digest_size=16)
    for name in (CARD, WEIGHTS):
        try:
            whole.update(file_digest(folder / name).encode())
        except OSError as error:
            raise ModelError(f"{folder}: no classifier: {name}: {error.strerror}") from error
    return whole.hexdigest()


def look(classifier: Classifier, path: Path) -> Seen | Fault:
    """Look at one file. Where it cannot be used, that is said and not raised: the others go on.

    Raises ModelError where the classifier cannot answer at all.
    """
    try:
        status = path.stat()
        genres, digest = read_genres(path), file_digest(path)
        answer = classifier.predict(path)
        if stamp_of(path.stat()) != stamp_of(status):
            return Fault(str(path), "it was changed while it was read; run the command again")
    except (AudioError, DataError, TagError) as error:
        return Fault(str(path), str(error))
    except OSError as error:
        return Fault(str(path), error.strerror or str(error))
    except EarmarkError:
        raise
    except Exception as error:  # of one file in a million; it must not cost the others
        return Fault(str(path), f"internal error: {type(error).__name__}: {error}; this is a defect of earmark")
    heard = Heard(tuple(answer.probabilities.tolist()), answer.verdict)
    return Seen(stamp_of(status), status.st_size, digest, genres, heard)
