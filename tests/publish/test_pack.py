"""Packs: the same classifier comes back, and nothing that is not what it says is used."""

from __future__ import annotations

import hashlib
import http.server
import json
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import fsspec
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from earmark.audio.waveform import Waveform
from earmark.classifier import Classifier, ClassifierCard, Fusion, build_model, is_classifier, load, write_card
from earmark.classifier.loading import SHIPPED
from earmark.classifier.packs import is_pack, unpacked
from earmark.errors import ModelError, UsageError
from earmark.features.log_mel import LogMel
from earmark.features.standardise import Standardiser
from earmark.publish.pack import Packed, pack
from earmark.recipe import Choice

RATE = 8000
CARD = ClassifierCard(
    genres=("jazz", "rock"),
    model=Choice("cnn_rnn", {}),
    shape=(16, 32),
    features=LogMel(sample_rate=RATE, n_fft=512, hop_length=256, n_mels=16, clip_seconds=1.0),
    standardiser=Standardiser((-40.0,), (20.0,)),
    trained_on="songs",
    synthetic=True,
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "a run: 1"
    folder.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = build_model(CARD.model, CARD.shape, len(CARD.genres))
    write_card(folder, CARD)
    save_file(model.state_dict(), folder / "weights.safetensors")
    (folder / "last.safetensors").write_bytes(b"not needed to answer")
    return folder


@pytest.fixture
def packed(run: Path, tmp_path: Path) -> Packed:
    return pack(run, tmp_path / "mine.earmark", licence="mit")


@pytest.fixture
def song(rng: np.random.Generator) -> Waveform:
    return Waveform(rng.normal(0, 0.1, 3 * RATE).astype(np.float32), RATE)


def said(model: Path | str, song: Waveform) -> np.ndarray:
    classifier = load(model)
    assert classifier.genres == CARD.genres
    return classifier.predict(song).over_time


def rewritten(packed: Packed, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A pack with other members."""
    with zipfile.ZipFile(packed.path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return target


def test_the_same_classifier_comes_back(run: Path, packed: Packed, song: Waveform) -> None:
    assert is_pack(packed.path)
    assert is_classifier(packed.path)
    again = load(packed.path)
    assert isinstance(again, Classifier)
    assert (again.card, again.name) == (CARD, "a_run_1")
    np.testing.assert_array_equal(said(packed.path, song), said(run, song))


def test_its_bytes_depend_on_the_classifier_alone(run: Path, packed: Packed, tmp_path: Path) -> None:
    again = pack(run, tmp_path / "again.earmark", licence="mit")
    assert again.sha256 == packed.sha256 == hashlib.sha256(packed.path.read_bytes()).hexdigest()
    assert again.size == packed.path.stat().st_size
    assert pack(run, tmp_path / "other.earmark").sha256 != packed.sha256


def test_it_holds_card_licence_and_checksums_and_nothing_of_the_training(packed: Packed) -> None:
    with zipfile.ZipFile(packed.path) as file:
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
        manifest = json.loads(file.read("pack.json"))
        names = set(file.namelist()) - {"pack.json"}
        assert file.read("a_run_1/LICENSE.txt") == b"mit\n"
        assert b"# a run: 1" in file.read("a_run_1/README.md")
        assert {name: hashlib.sha256(file.read(name)).hexdigest() for name in names} == manifest["files"]
    assert manifest["format"] == 1
    assert names == {f"a_run_1/{n}" for n in ("LICENSE.txt", "README.md", "classifier.json", "weights.safetensors")}


def test_a_fusion_keeps_its_voices_and_neighbours(tmp_path: Path) -> None:
    again, shipped = load(pack("default", tmp_path / "default.earmark").path), load(SHIPPED / "default")
    assert isinstance(again, Fusion)
    assert isinstance(shipped, Fusion)
    assert again.card == shipped.card
    assert [voice.card for voice in again.voices] == [voice.card for voice in shipped.voices]
    assert again.neighbours is not None
    assert shipped.neighbours is not None
    np.testing.assert_array_equal(again.neighbours.numbers, shipped.neighbours.numbers)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda m: m.update({"a_run_1/weights.safetensors": b"x"}), "weights.safetensors is damaged: its sha256 is"),
        (lambda m: m.update({"a_run_1/more.json": b"{}"}), "more.json is not named in pack.json; the pack was changed"),
        (lambda m: m.pop("a_run_1/classifier.json"), "classifier.json is missing; the pack was changed"),
        (lambda m: m.pop("pack.json"), "it is no pack: pack.json cannot be read"),
        (lambda m: m.update({"pack.json": b'{"name": "x", "earmark": "9", "files": {}, "format": 2}'}), "format 2 is"),
        (lambda m: m.update({"pack.json": b'{"name": "..", "earmark": "9", "files": {}}'}), "'..' is no folder in it"),
        (lambda m: m.update({"../evil": b"x"}), "'../evil' leads outside the archive"),
        (lambda m: m.update({"C:\\evil": b"x"}), "leads outside the archive"),
    ],
)
def test_what_was_changed_is_refused(
    change: Callable[[dict[str, bytes]], None], why: str, packed: Packed, tmp_path: Path, cache: Path
) -> None:
    with pytest.raises(ModelError, match=why.replace("..", r"\.\.")):
        load(rewritten(packed, tmp_path / "changed.earmark", change))
    assert not (tmp_path / "evil").exists()
    assert list((cache / "packs").iterdir()) == []


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.earmark"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("pack.json", bytes(50_000_000))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(ModelError, match="unpacks to more than"):
        load(bomb)


def test_what_is_cut_off_or_not_there_is_refused(packed: Packed, tmp_path: Path) -> None:
    cut = tmp_path / "cut.earmark"
    cut.write_bytes(packed.path.read_bytes()[:-200])
    with pytest.raises(ModelError, match=r"cut\.earmark: it is no pack"):
        load(cut)
    with pytest.raises(ModelError, match=r"gone\.earmark: the pack cannot be read: No such file"):
        load(tmp_path / "gone.earmark")


def test_a_damaged_copy_in_the_cache_is_made_anew(packed: Packed, song: Waveform) -> None:
    before = said(packed.path, song)
    weights = unpacked(packed.path) / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    np.testing.assert_array_equal(said(packed.path, song), before)


def test_it_is_read_from_an_address_and_once_where_its_digest_is_named(packed: Packed, song: Waveform) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/mine.earmark", packed.path.read_bytes())
    address = "memory://bucket/mine.earmark"
    np.testing.assert_array_equal(said(address, song), said(packed.path, song))
    with pytest.raises(ModelError, match=f"its sha256 is {packed.sha256}, not {'0' * 64}; it is another pack"):
        load(f"{address}#sha256={'0' * 64}")
    memory.rm("/bucket/mine.earmark")
    with pytest.raises(ModelError, match=f"{address}: cannot be fetched"):
        load(address)
    assert load(f"{address}#sha256={packed.sha256}").name == "a_run_1"  # it is there already
    with pytest.raises(UsageError, match="a SHA-256 is 64 hex digits"):
        load(f"{address}#sha256=12")
    with pytest.raises(ModelError, match="cannot be fetched: Protocol not known: nowhere"):
        load("nowhere://bucket/mine.earmark")


def test_what_reads_an_address_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(UsageError, match=r"what reads s3 addresses is not installed: .*; pip install 'earmark\[s3\]'"):
        load("s3://bucket/mine.earmark")


@pytest.fixture
def server(packed: Packed) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=packed.path.parent)) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


def test_it_is_fetched_over_http(server: str, song: Waveform, cache: Path) -> None:
    assert said(f"{server}/mine.earmark", song).shape == (3, 2)
    with pytest.raises(ModelError, match=r"gone\.earmark: cannot be fetched.*404"):
        load(f"{server}/gone.earmark")
    assert [path.name for path in (cache / "packs").iterdir() if path.name.startswith(".")] == []


def test_what_is_no_pack_to_write_is_refused(run: Path, packed: Packed) -> None:
    with pytest.raises(UsageError, match=r"mine\.earmark: it is packed already; copy it"):
        pack(packed.path)
    with pytest.raises(UsageError, match=r"mine\.zip: a pack's name ends in \.earmark"):
        pack(run, Path("mine.zip"))
