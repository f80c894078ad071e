"""Library, Teach, Runs and Lyrics in a real browser: with a mouse, with keys alone, on a phone, for a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from made import write_library
from serving import running

from earmark.library.tags import read_genres
from earmark.run import Run
from earmark.training.history import Epoch, write_history
from earmark.web.settings import Settings
from listeners import write_classifier

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

RECIPE = '[data]\nname = "synthetic"\n[features]\nname = "log_mel"\n[model]\nname = "vgg"\n[training]\nepochs = 9\n'
SHAPES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A library that was heard before, and the folder of the person's data."""
    root = tmp_path_factory.mktemp("browsed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_CACHE", str(root / "cache"))
        patch.setenv("EARMARK_DATA", str(root / "data"))
        yield write_library(root / "music", write_classifier(root / "small"))


@pytest.fixture(scope="module")
def site(music: Path) -> Iterator[str]:
    """A server's address."""
    run = Run(music.parent / "runs" / "study" / "under-way-s1")
    run.folder.mkdir(parents=True)
    run.recipe.write_text(RECIPE)
    write_history(run.history, [_epoch(1), _epoch(2)])
    model = str(music.parent / "small")
    settings = Settings(folder=music, runs=music.parent / "runs", model=model, min_confidence=0.0, workers=1)
    with running(settings) as address:
        yield address.rstrip("/")


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab whose scripts have raised nothing when the test ends."""
    context = chromium.new_context(viewport=SHAPES["desktop"])
    page = context.new_page()
    raised: list[str] = []
    page.on("pageerror", lambda error: raised.append(str(error)))
    page.on("console", lambda said: raised.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert raised == []


def _epoch(number: int) -> Epoch:
    return Epoch(number, 0.1, 2 / number, 0.4, 2.2 / number, 0.3 + number / 20, 1.5)


def listen(page: Page, site: str) -> None:
    """A new plan of the whole library, in which all that says nothing may be written."""
    # By then an earlier test's plan is there, and not taken for ours.
    page.goto(f"{site}/library", wait_until="networkidle")
    page.get_by_label("Suggest from").fill("0")
    with page.expect_response(lambda answer: "/library/files?" in answer.url):
        page.get_by_role("button", name="Listen").click()
    expect(page.get_by_role("heading", name="Suggestions")).to_be_visible()
    expect(page.locator("#total")).to_have_text("4 files")
    expect(page.locator("#choices")).to_have_text("0 accepted, 0 rejected, 4 open")


def contents(music: Path) -> dict[str, bytes]:
    return {str(path.relative_to(music)): path.read_bytes() for path in sorted(music.rglob("*.flac"))}


def test_files_are_accepted_written_and_undone(page: Page, site: str, music: Path) -> None:
    before = contents(music)
    listen(page, site)
    page.get_by_role("button", name="Accept the folder first").click()
    page.get_by_role("button", name="Reject 1.flac").click()
    expect(page.locator("#choices")).to_have_text("1 accepted, 1 rejected, 2 open")
    assert contents(music) == before
    page.get_by_role("button", name="Write 1 genre").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert contents(music) == before

    page.get_by_role("button", name="Write 1 genre").click()
    page.get_by_role("dialog").get_by_role("button", name="Write").click()
    expect(page.locator("#told")).to_have_text("1 file written.")
    after = contents(music)
    assert [name for name in before if after[name] != before[name]] == ["first/0.flac"]

    page.get_by_role("button", name="Undo what was written").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(page.locator("#told")).to_have_text("1 file restored.")
    assert contents(music) == before


def test_keys_alone_are_enough(page: Page, site: str, music: Path) -> None:
    before = contents(music)
    listen(page, site)
    page.locator("#text").focus()
    for _ in range(40):  # Tab leads to the list
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('file')"):
            break
    page.keyboard.press("ArrowDown")
    page.keyboard.press("a")
    expect(page.locator("#choices")).to_have_text("1 accepted, 0 rejected, 3 open")
    expect(page.locator(".file:focus")).to_have_attribute("data-choice", "accepted")  # drawn anew, and still in focus
    page.keyboard.press("ArrowUp")
    page.keyboard.press("r")
    expect(page.locator("#choices")).to_have_text("1 accepted, 1 rejected, 2 open")
    page.locator("#write").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("1 file written.")
    after = contents(music)
    assert [name for name in before if after[name] != before[name]] == ["first/1.flac"]
    (music / "first" / "1.flac").write_bytes(before["first/1.flac"])


def test_another_genre_is_taken_from_the_list(page: Page, site: str, music: Path) -> None:
    before = (music / "second" / "2.flac").read_bytes()
    listen(page, site)
    select = page.get_by_label("Genre for 2.flac")
    planned = select.locator("option").first.inner_text().split()[0]
    other = next(genre for genre in ("jazz", "pop", "rock") if genre != planned)
    select.select_option(other)
    page.get_by_role("button", name="Write 1 genre").click()
    page.get_by_role("dialog").get_by_role("button", name="Write").click()
    expect(page.locator("#told")).to_have_text("1 file written.")
    assert read_genres(music / "second" / "2.flac") == (other,)
    (music / "second" / "2.flac").write_bytes(before)


def test_a_genre_of_ones_own_is_typed_and_written(page: Page, site: str, music: Path) -> None:
    before = (music / "second" / "2.flac").read_bytes()
    listen(page, site)
    page.get_by_label("Genre for 2.flac").select_option("another …")
    box = page.get_by_label("Another genre for 2.flac")
    expect(box).to_be_focused()
    box.press("Escape")
    expect(page.locator("#choices")).to_have_text("0 accepted, 0 rejected, 4 open")
    page.get_by_label("Genre for 2.flac").select_option("another …")
    expect(box).to_be_focused()
    page.keyboard.type("Rare Groove")  # its letters are no keys of the list
    page.keyboard.press("Enter")
    expect(page.get_by_label("Genre for 2.flac").locator("option:checked")).to_have_text("Rare Groove")
    expect(page.locator(".file", has_text="2.flac").locator(".bar")).to_have_count(0)  # nobody knows how likely it is
    page.get_by_role("button", name="Write 1 genre").click()
    page.get_by_role("dialog").get_by_role("button", name="Write").click()
    expect(page.locator("#told")).to_have_text("1 file written.")
    assert read_genres(music / "second" / "2.flac") == ("Rare Groove",)
    (music / "second" / "2.flac").write_bytes(before)


def test_tracks_are_dragged_and_put_by_keys_into_genres(page: Page, site: str) -> None:
    page.goto(f"{site}/teach")
    for name in ("Kitchen", "Late"):
        page.get_by_label("New genre").fill(name)
        page.get_by_role("button", name="Add").click()
        expect(page.locator(f"#genres [data-genre={name}]")).to_be_visible()
    first = page.locator("#tracks li").first
    first.drag_to(page.locator("#genres [data-genre=Late]"))
    expect(page.locator("#genres [data-genre=Late]")).to_contain_text("1 track")
    first.get_by_role("checkbox").focus()
    page.keyboard.press("1")
    expect(page.locator("#genres [data-genre=Kitchen]")).to_contain_text("1 track")
    expect(page.locator("#genres [data-genre=Late]")).to_contain_text("0 tracks")
    page.get_by_role("button", name="Select all").click()
    page.get_by_label("Put into").select_option("in Late")
    page.get_by_role("button", name="Put", exact=True).click()
    expect(page.locator("#genres [data-genre=Late]")).to_contain_text("5 tracks")
    expect(page.locator("#ready")).to_contain_text("there is one yet")
    expect(page.get_by_role("button", name="Learn")).to_be_disabled()


def test_curves_follow_a_training(page: Page, site: str, music: Path) -> None:
    page.goto(f"{site}/runs")
    page.locator("#filter").fill("nothing like that")
    expect(page.locator("#matching")).to_have_text("0 runs")
    page.locator("#filter").fill("vgg")
    page.get_by_role("link", name="vgg").click()
    before = page.locator("#curves").inner_html()
    write_history(Run(music.parent / "runs" / "study" / "under-way-s1").history, [_epoch(i) for i in range(1, 6)])
    expect(page.locator("#epochs")).to_have_text("5")
    assert page.locator("#curves").inner_html() != before


@pytest.mark.parametrize(("shape", "scheme"), [("desktop", "light"), ("phone", "dark")])
@pytest.mark.parametrize("path", ["/library", "/teach", "/runs", "/runs/of/study/under-way-s1", "/lyrics"])
def test_it_can_be_read_aloud_and_fits(page: Page, site: str, path: str, shape: str, scheme: str) -> None:
    page.set_viewport_size(SHAPES[shape])
    page.emulate_media(color_scheme=scheme)
    if path == "/library":
        listen(page, site)
    else:
        page.goto(site + path)
        page.wait_for_load_state("networkidle")
    found = Axe().run(page)["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SHAPES[shape]["width"]
