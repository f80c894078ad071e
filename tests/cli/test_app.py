"""What every command shares: how it starts, how it fails, how it stops."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from earmark import catalog
from earmark.catalog import Catalog
from earmark.errors import AudioError, DataError, EarmarkError, ModelError, UsageError

HEAVY = ("torch", "sklearn", "scipy", "matplotlib", "jinja2", "soundfile", "numpy")


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `earmark models` fail."""

    def names(_: Catalog) -> list[str]:
        raise error

    monkeypatch.setattr(Catalog, "names", names)


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom earmark.cli.app import run\n"
        f"assert run(['--help']) == 0\nprint('loaded:', *sorted(set({HEAVY}) & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded:"
    assert "predict" in done.stdout


def test_without_a_command_there_is_help(earmark):
    code, out, _ = earmark()
    assert code == 0
    assert "Usage: earmark" in out


def test_version(earmark):
    assert earmark("--version") == (0, "earmark 0.1.0\n", "")


def test_an_unknown_command_is_answered_with_the_known(earmark):
    code, out, err = earmark("evalute")
    assert (code, out) == (2, "")
    assert err.startswith("earmark: no command 'evalute'; did you mean 'evaluate'?; known: predict, explain, train,")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["predict"], "earmark: Missing argument 'files'; see earmark predict --help"),
        (
            ["train", "--sed", "3"],
            "earmark: No such option: --sed (Possible options: --seed, --set); see earmark train",
        ),
        (["study", "course", "--jobs", "0"], "earmark: Invalid value for '--jobs'"),
        (["models", "--json", "x"], "earmark: Got unexpected extra argument"),
        (["data", "folder", "--path"], "earmark: Option '--path' requires an argument"),
        (["data", "gtzn"], "earmark: no data set 'gtzn'; did you mean 'gtzan'?; known: "),
        (["data", "gtzan", "--set", "pth=x"], "earmark: data set 'gtzan' has no option 'pth'; did you mean 'path'?"),
        (["data", "gtzan", "--set", "path"], "earmark: --set 'path': write it as key=value"),
        (["data", "synthetic", "--set", "songs=few"], "earmark: data set 'synthetic': songs = 'few': Expected `int`"),
        (["train", "demmo"], "earmark: no recipe 'demmo'; did you mean 'demo'?; known: audio_transfer/"),
        (["train"], "earmark: earmark train takes a recipe, or --resume with a run"),
        (["train", "demo", "--resume", "x"], "earmark: earmark train takes a recipe, or --resume with a run"),
        (["train", "--resume", "x", "--seed", "1"], "earmark: --resume goes on with the run's own recipe"),
        (["train", "demo", "--more-epochs", "1"], "earmark: --more-epochs goes with --resume RUN"),
        (["train", "demo", "--set", "model.name=vgg16"], "earmark: no model 'vgg16'; did you mean 'vgg'?; known: "),
        (["train", "demo", "--set", "trainig.epochs=1"], "unknown key 'trainig'; did you mean 'training'?"),
        (["train", "demo", "--set", "training.epoch=1"], "unknown key 'training.epoch'; did you mean 'epochs'?"),
        (["train", "demo", "--set", "training.epochs=many"], "Expected `int`, got `str` - at `$.training.epochs`"),
        (["train", "demo", "--set", "augment=[{name='shift', farthest='x'}]"], "augmentation 'shift': farthest = 'x'"),
        (["recipes", "curse"], "earmark: no recipe 'curse'"),
        (
            ["study", "curse"],
            "earmark: no study 'curse'; did you mean 'course'?; "
            "known: audio_transfer, by_song, cifar100, cifar100_block2, course, honest, images, lyrics, lyrics_others, "
            "or a path",
        ),
        (["study", "course", "--seeds", "one"], "earmark: --seeds 'one': write whole numbers with commas between"),
        (
            ["study", "course", "--only", "cnn_rn"],
            "course: no recipe 'cnn_rn'; did you mean 'cnn_rnn'?; known: cnn_rnn",
        ),
        (["evaluate", "x", "--part", "tset"], "earmark: --part 'tset' is not one of train, valid, test"),
        (
            ["split", "synthetic", "x.csv", "--kind", "by_sound"],
            "earmark: earmark split: Invalid enum value 'by_sound'",
        ),
        (["fetch", "gtzn"], "did you mean 'gtzan'?"),
        (["predict", "x", "--json", "--csv"], "--json and --csv exclude each other"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_and_code_2(earmark, words, said):
    code, out, err = earmark(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate", "nowhere"], "earmark: nowhere: neither a run nor a folder of runs"),
        (["report", "nowhere"], "earmark: nowhere: neither a run nor a folder of runs"),
        (["train", "--resume", "nowhere"], "earmark: nowhere: neither a run nor a folder of runs"),
        (["predict", "--model", "nowhere", "x.mp3"], "earmark: nowhere: neither a classifier's folder nor the name of"),
        (["data", "gtzan", "--set", "path=nowhere"], "earmark: nowhere: no such folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_input_that_cannot_be_used_is_one_line_and_code_3(earmark, words, said):
    code, out, err = earmark(*words)
    assert (code, out) == (3, "")
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("kind", [EarmarkError, AudioError, DataError, ModelError, UsageError])
def test_each_kind_of_error_has_its_code(earmark, monkeypatch, kind):
    failing(monkeypatch, kind("song.mp3: of two\n  lines"))
    assert earmark("models") == (2 if kind is UsageError else 3, "", "earmark: song.mp3: of two lines\n")


def test_a_defect_says_so_in_one_line(earmark, monkeypatch):
    failing(monkeypatch, ZeroDivisionError("division by zero"))
    code, out, err = earmark("models")
    assert (code, out) == (70, "")
    assert err == (
        "earmark: internal error: ZeroDivisionError: division by zero; "
        "this is a defect of earmark: run with --debug and report it\n"
    )


@pytest.mark.parametrize("words", [("--debug", "models"), ("models", "--debug")])
def test_debug_shows_the_traceback_at_any_place(earmark, monkeypatch, words):
    failing(monkeypatch, ZeroDivisionError("division by zero"))
    code, _, err = earmark(*words)
    assert code == 70
    assert err.startswith("Traceback (most recent call last)")
    assert err.splitlines()[-1].startswith("earmark: internal error")


def test_what_the_library_says_meanwhile_is_heard_once(earmark, monkeypatch):
    monkeypatch.setattr(
        "earmark.cli.models.print_table", lambda *_, **__: logging.getLogger("earmark.x").info("fetching")
    )
    for _ in range(2):
        assert earmark("models") == (0, "", "fetching\n")


def test_what_the_system_refuses_is_no_defect(earmark, monkeypatch):
    failing(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "runs/weights"))
    assert earmark("models") == (3, "", "earmark: runs/weights: No space left on device\n")


def test_ctrl_c_ends_with_130(earmark, monkeypatch):
    failing(monkeypatch, KeyboardInterrupt())
    assert earmark("models") == (130, "", "earmark: stopped\n")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("earmark.models.gone:Gone", "ModuleNotFoundError: No module named 'earmark.models.gone'"),
        ("earmark.models.vgg:VGGG", "AttributeError: module 'earmark.models.vgg' has no attribute 'VGGG'"),
        ("broken_entry:Model", "SyntaxError: invalid syntax"),
    ],
)
def test_a_broken_entry_of_a_catalog_is_one_line(earmark, monkeypatch, tmp_path, entry, said):
    (tmp_path / "broken_entry.py").write_text("def\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(catalog, "MODELS", Catalog("model", "models", {"odd": entry}))
    code, _, err = earmark("models")
    assert code == 2
    assert err.startswith(f"earmark: model 'odd' cannot be loaded from {entry}: {said}")
    assert len(err.splitlines()) == 1


def test_the_reader_of_a_pipe_may_go_away():
    command = [sys.executable, "-m", "earmark.cli", "recipes"]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_completion_is_offered():
    asked = {"_EARMARK_COMPLETE": "complete_bash", "COMP_WORDS": "earmark ev", "COMP_CWORD": "1"}
    done = subprocess.run([Path(sys.executable).with_name("earmark")], env={**os.environ, **asked}, capture_output=True)
    assert done.stdout.split() == [b"evaluate"]
