"""One file of a library looked at: what it is, what it says itself, and what the classifier says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path

from earmark.checksums import file_digest
from earmark.classifier import Classifier, Fusion, locate, located
from earmark.classifier.loading import load
from earmark.classifier.musicality import SHIPPED as MUSICALITY
from earmark.errors import AudioError, DataError, EarmarkError, ModelError, TagError
from earmark.library.answers import Heard, Seen, stamp_of
from earmark.library.tags import read_genres
from earmark.tracks import Fault

PARTS = frozenset({"classifier.json", "fusion.json", "weights.safetensors"})


@dataclass(frozen=True)
class Listening:
    """What each worker makes: a classifier, loaded once. Sent to other processes and machines.

    model: its name, or the path of its folder. digest: its own, as whoever sends it sees it.
    """

    model: str
    digest: str

    def __call__(self) -> Callable[[Path], Seen | Fault]:
        """Load the classifier. Raises ModelError where there is none on this machine, or another."""
        classifier = load(self.model)
        if _digest(locate(self.model), classifier) != self.digest:
            raise ModelError(
                f"{self.model}: a worker finds another classifier there than the command: other files, or it lacks the "
                "pretrained network, which `earmark fetch musicnn` brings"
            )
        return partial(look, classifier)


def listening(model: Path | str) -> tuple[Listening, Classifier | Fusion]:
    """What workers make of a classifier, by path, address or name, and the classifier.

    Raises ModelError as `load` does.
    """
    model = located(model)
    folder, classifier = locate(model), load(model)
    # A name is looked up by each machine for itself: what is shipped lies elsewhere there.
    sent = str(folder.resolve()) if folder.is_relative_to(model) else str(model)
    return Listening(sent, _digest(folder, classifier)), classifier


def _digest(folder: Path, classifier: Classifier | Fusion) -> str:
    """Changes with whatever changes answers: 32 hex digits. One that makes do without a part is another."""
    whole = blake2b(digest_size=16)
    for part in (folder, MUSICALITY):
        for path in sorted(path for path in part.rglob("*") if path.name in PARTS):
            whole.update(f"{path.relative_to(part).as_posix()} {file_digest(path)}\n".encode())
    whole.update(b"excerpt" if classifier.note is None else b"excerpt, makes do")
    return whole.hexdigest()


def look(classifier: Classifier | Fusion, path: Path) -> Seen | Fault:
    """Look at one file and listen to its middle. Where it cannot be used, that is said, not raised: the others go on.

    Raises ModelError where the classifier cannot answer at all.
    """
    try:
        status = path.stat()
        genres, digest = read_genres(path), file_digest(path)
        answer = classifier.predict(path, whole=False)
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
