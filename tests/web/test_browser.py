"""The page in Chromium: a song is dropped, heard and explained; by keyboard, on a phone, in the dark, read aloud.

Where Playwright or Chromium is missing these tests are skipped; `.ci/run` brings both.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import running

from earmark.web.settings import Settings
from listeners import write_classifier, write_song

PATIENCE = 180_000  # ms


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    write_song(folder / "album" / "a song.flac", seed=1)
    return folder


@pytest.fixture(scope="module")
def address(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    model = write_classifier(tmp_path_factory.mktemp("model") / "small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("EARMARK_CACHE", str(tmp_path_factory.mktemp("cache")))
        settings = Settings(folder=music, runs=music / "none", model=str(model), workers=1, min_confidence=0.0)
        with running(settings) as address:
            yield address


@pytest.fixture
def page(chromium: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page Listen; nothing may go wrong on its console, and nothing may be asked of another host."""
    context = chromium.new_context(**getattr(request, "param", {"viewport": {"width": 1200, "height": 900}}))
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    own = (address, "blob:", "data:")
    page.on("request", lambda asked: None if asked.url.startswith(own) else wrong.append(asked.url))
    page.goto(address)
    yield page
    context.close()
    assert wrong == []


def drop(page: Any, song: Path) -> None:
    """What a person does with the mouse."""
    content = base64.b64encode(song.read_bytes()).decode()
    carried = page.evaluate_handle(
        """([content, name]) => {
            const carried = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            carried.items.add(new File([bytes], name, {type: "audio/flac"}));
            return carried;
        }""",
        [content, song.name],
    )
    page.dispatch_event("#drop", "dragover", {"dataTransfer": carried})
    assert "over" in page.get_attribute("#drop", "class")
    page.dispatch_event("#drop", "drop", {"dataTransfer": carried})


def answered(page: Any) -> str:
    """The verdict, once the whole track has been heard."""
    page.wait_for_selector("#why section")
    assert page.is_hidden("#at-work")
    assert page.is_hidden("#error")
    return str(page.inner_text("#verdict")).lower()


def wait_until(page: Any, true: str) -> None:
    """Playwright's own waiting would evaluate text inside the page, which its policy forbids."""
    for _ in range(PATIENCE // 50):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {true}")


def complaints(page: Any) -> list[str]:
    """What axe finds wrong, in its words."""
    axe = pytest.importorskip("axe_core_python.base", reason="axe-core-python is not installed")
    page.evaluate(axe.AXE_SCRIPT)
    found = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]


def painted(page: Any, canvas: str) -> int:
    """How many colours a canvas has."""
    return int(
        page.evaluate(
            """(id) => {
                const canvas = document.getElementById(id);
                const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
                return new Set(new Uint32Array(data.buffer)).size;
            }""",
            canvas,
        )
    )


def test_a_song_that_is_dropped_is_named_drawn_and_explained(page: Any, music: Path) -> None:
    drop(page, music / "album" / "a song.flac")
    assert answered(page) in ("jazz", "pop", "rock")
    assert page.inner_text("#name") == "a song.flac"
    assert re.search(r"\d+\u202f% likely, before (jazz|pop|rock) with", page.inner_text("#likely"))
    assert page.locator("#genres tbody tr").count() == 3
    assert painted(page, "spectrogram") > 50
    assert painted(page, "course") >= 3
    assert "The classifier" in page.inner_text("#why")
    assert complaints(page) == []


def test_it_plays_and_the_genre_follows(page: Any, music: Path) -> None:
    page.set_input_files("#file", music / "album" / "a song.flac")
    answered(page)
    page.click("#play")
    wait_until(page, "document.getElementById('seek').value > 0.2")
    assert page.get_attribute("#play", "aria-label") in ("Pause", "Play")
    assert page.evaluate("parseFloat(document.getElementById('head').style.left)") > 0
    assert re.search(r"\d+\u202f%", page.inner_text("#here"))


def test_all_goes_by_keyboard_alone(page: Any) -> None:
    def tab_to(wanted: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == wanted:
                return
        raise AssertionError(f"Tab never came to {wanted}")

    tab_to("browse")
    page.keyboard.press("Enter")
    page.wait_for_selector("#entries .folder")
    page.locator("#entries .folder").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#entries .file")
    assert complaints(page) == []
    page.locator("#entries .file").focus()
    page.keyboard.press("Enter")
    assert answered(page) in ("jazz", "pop", "rock")
    tab_to("seek")
    page.keyboard.press("ArrowRight")
    wait_until(page, "document.getElementById('seek').value > 1")
    assert re.match(r"0:0\d of 0:01, ", page.get_attribute("#seek", "aria-valuetext"))
    page.keyboard.press("Escape")
    assert "likely" in page.inner_text("#said"), "what a screen reader is told"


@pytest.mark.parametrize(
    "page", [{"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "has_touch": True}], indirect=True
)
def test_on_a_phone_in_the_dark_nothing_sticks_out(page: Any, music: Path) -> None:
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.set_input_files("#file", music / "album" / "a song.flac")
    answered(page)
    assert sum(int(number) for number in re.findall(r"\d+", dark)) < 150
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert complaints(page) == []
    page.emulate_media(color_scheme="light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_what_is_no_sound_is_said_and_another_song_may_follow(page: Any, music: Path, tmp_path: Path) -> None:
    bad = tmp_path / "<b>bad<b>.mp3"
    bad.write_bytes(b"no sound at all")
    page.set_input_files("#file", bad)
    page.wait_for_selector("#error:not([hidden])")
    assert page.inner_text("#error").startswith("<b>bad<b>.mp3: cannot be read as sound")
    bad.write_bytes(b"")
    page.set_input_files("#file", bad)
    assert page.inner_text("#error") == "<b>bad<b>.mp3 is empty."
    page.set_input_files("#file", music / "album" / "a song.flac")
    answered(page)


def test_what_the_microphone_hears_is_named(page: Any, address: str) -> None:
    page.context.grant_permissions(["microphone"], origin=address)
    page.click("#record")
    wait_until(page, "() => document.getElementById('record').textContent === 'Stop 0:03'")
    assert page.get_attribute("#record", "aria-pressed") == "true"
    page.click("#record")
    answered(page)
    assert page.inner_text("#name") == "Recording"
    assert page.inner_text("#record") == "Record"
    assert re.fullmatch("0:(0[3-9]|1.)", page.inner_text("#length"))  # stopping may take a while


def test_a_microphone_that_is_not_allowed_is_no_dead_end(page: Any, music: Path) -> None:
    page.click("#record")
    page.wait_for_selector("#error:not([hidden])")
    assert "was not allowed to use the microphone" in page.inner_text("#error")
    drop(page, music / "album" / "a song.flac")
    answered(page)
