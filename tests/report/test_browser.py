"""The page as people meet it: in a browser, on a desk and on a telephone, by day and by night, and read aloud."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lsif.config import Settings
from lsif.for_people import Text
from lsif.report.night import Night
from lsif.report.page import SECTIONS, write
from lsif.tables import Tables
from tests.report import made
from tests.report.conftest import MODEL

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OUTSIDE = """() => [...document.querySelectorAll('body *')].filter(one => {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    return box.width > 1 && box.height > 1 && style.position !== 'absolute' && box.right > innerWidth + 1;
}).map(one => one.outerHTML.slice(0, 120))"""
"""What reaches past the right edge."""
OVERLAPS = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const told = [], range = document.createRange();
    while (texts.nextNode()) {
        const node = texts.currentNode;
        const text = node.data.trim().slice(0, 40), within = node.parentElement;
        if (!text || !within.checkVisibility() || within.closest('thead')) continue;
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) if (box.width > 1) told.push({box, text});
    }
    const found = [];
    told.sort((a, b) => a.box.top - b.box.top);
    told.forEach((one, place) => {
        for (const other of told.slice(place + 1)) {
            if (other.box.top > one.box.bottom) break;
            const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
            const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
            if (wide > 2 && high > 6) found.push([one.text, other.text]);
        }
    });
    return found;
}"""
"""Lines of text that stand on each other."""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed: apt-get install chromium")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["BrowserContext"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        profile = tmp_path_factory.mktemp("profile")
        opened = driver.chromium.launch_persistent_context(
            profile, executable_path=BROWSER, headless=True, args=ARGUMENTS
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(request: pytest.FixtureRequest, ten_nights: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    language = getattr(request, "param", "en")
    settings = ten_nights.model_copy(update={"text": Text(language=language)})
    return write(Night(Tables(settings.tables), made.DS, settings, MODEL), tmp_path_factory.mktemp("reports"))


@pytest.fixture
def shown(browser: "BrowserContext") -> Iterator["Page"]:
    """A page that fails the test by what its console says, or by asking for anything but files."""
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:")) else said.append(asked.url))
    yield page
    page.close()
    assert said == []


def show(page: "Page", file: Path, width: int) -> None:
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details:not(.person ~ .person)').forEach(one => one.open = true)")


@pytest.mark.parametrize(("file", "width"), [("en", 1280), ("en", 390), ("zh", 390)], indirect=["file"])
def test_a_night_is_whole_and_readable(shown: "Page", file: Path, width: int) -> None:
    show(shown, file, width)
    sections = shown.evaluate("[...document.querySelectorAll('main > section')].map(one => one.innerText.length)")
    assert len(sections) == len(SECTIONS) + 1 and min(sections) > 40
    assert shown.evaluate("document.documentElement.scrollWidth") == width and shown.evaluate(OUTSIDE) == []
    assert shown.evaluate(OVERLAPS) == []
    assert violations(shown) == []
    shown.emulate_media(color_scheme="dark")
    assert violations(shown, "color-contrast") == []


def violations(page: "Page", *rules: str) -> list[Any]:
    """What axe finds against WCAG and good practice: rule and elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": list(rules)} if rules else {}).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


def test_the_index_leads_to_the_night_and_back(shown: "Page", file: Path) -> None:
    show(shown, file.with_name("index.html"), 390)
    assert violations(shown) == [] and shown.evaluate(OUTSIDE) == []
    shown.click("a.when")
    assert shown.url == file.as_uri() and shown.locator("h1").count() == 1
    shown.click("nav a[href='#people']")
    assert shown.locator("#people").bounding_box()["y"] < 900  # type: ignore[index]
    shown.click("header a")
    assert shown.url.endswith("index.html")


def test_it_shows_in_a_frame_that_runs_nothing(shown: "Page", file: Path) -> None:
    """As MLflow shows an artefact."""
    shown.set_content("<iframe sandbox='' style='width:100%;height:900px'></iframe>")
    shown.evaluate("text => document.querySelector('iframe').srcdoc = text", file.read_text("utf-8"))
    frame = shown.frame_locator("iframe")
    assert frame.locator("h1").inner_text() and frame.locator("section").count() == len(SECTIONS) + 1
