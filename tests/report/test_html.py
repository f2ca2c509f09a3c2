"""The HTML report in a real browser: both languages, phone and paper, light and dark, and hostile text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from ccmdoctor.model import Diagnosis
from ccmdoctor.report import html, view
from ccmdoctor.report.words import words

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Sample = Callable[[str, str], Diagnosis]
SAMPLES = ["likely", "confirmed", "healthy", "insufficient", "hostile"]
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"


def _page(sample: Sample, name: str, *languages: str) -> str:
    return html.render({language: sample(name, language) for language in languages or ("ja", "en")})


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_is_one_file_that_asks_for_nothing(sample: Sample, name: str) -> None:
    page = _page(sample, name)
    assert "default-src 'none'" in unescape(page)
    assert not re.search(r"<(?:link|img|iframe|script[^>]*\ssrc|object|embed)", page)
    assert not re.search(r"url\(|@import|\sstyle=|\son\w+=\"", page)


def test_log_text_is_only_text(sample: Sample) -> None:
    page = _page(sample, "hostile")
    assert page.count("<script>") == 1 and "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page and "\u202e" not in page and "{{7*7}}" in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", SAMPLES)
def test_every_part_is_in_the_page(sample: Sample, name: str, language: str) -> None:
    diagnosis = sample(name, language)
    text = unescape(re.sub(r"<[^>]*>", "", _page(sample, name, language)))
    parts = [cause.id for cause in diagnosis.causes] + [one.id for one in diagnosis.ruled_out]
    parts += [
        view.harmless(step.command) for cause in view.parts(diagnosis).sure for step in cause.remedy if step.command
    ]
    parts += [view.short(quote.text) for cause in diagnosis.causes for quote in cause.quotes]
    parts += [view.line(item.artifact) for item in diagnosis.coverage] + [
        view.line(one.where) for one in diagnosis.troubles
    ]
    parts += [view.line(quote.as_written) for quote in diagnosis.timeline if quote.as_written]
    parts += view.checked(diagnosis, words(language)) + view.span(diagnosis, words(language))
    assert [part for part in parts if part not in text] == []


def test_languages_are_marked(sample: Sample) -> None:
    assert '<html lang="ja">' in _page(sample, "likely", "ja", "en")
    page = _page(sample, "likely", "en", "ja")
    assert '<html lang="en">' in page and '<main lang="ja"' in page and '<main lang="en"' in page
    assert page.index('<main lang="en"') < page.index('<main lang="ja"')


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        if os.environ.get("CCMDOCTOR_REQUIRE_BROWSER") == "1":
            raise AssertionError(f"{CHROMIUM} is missing")
        pytest.skip(f"the page tests need {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def shown(browser: Any, sample: Sample, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``shown("likely", width=360, scheme="dark")`` opens the report.

    Anything on the console, any dialog and any request but the file itself fails the test.
    """
    pages: list[Any] = []
    noise: list[str] = []

    def show(name: str, *languages: str, width: int = 1100, scheme: str = "light", script: bool = True) -> Any:
        path = tmp_path / f"{name}.html"
        path.write_text(_page(sample, name, *languages), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
        )
        page = context.new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("dialog", lambda dialog: noise.append(dialog.message))
        page.on("request", lambda request: None if request.url == path.as_uri() else noise.append(request.url))
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield show
    for page in pages:
        page.context.close()
    assert noise == []


def test_the_language_switch_needs_no_script(shown: Callable[..., Any]) -> None:
    page = shown("likely", script=False)
    assert page.locator("main.in-ja").is_visible() and not page.locator("main.in-en").is_visible()
    page.locator("label[for=in-en]").click()
    assert page.locator("main.in-en").is_visible() and not page.locator("main.in-ja").is_visible()
    assert page.locator("main.in-en h3").first.inner_text() == "The scan times out at the software update point"
    assert page.locator("button.copy:visible").count() == 0


def test_the_language_switch_works_with_the_keyboard(shown: Callable[..., Any]) -> None:
    page = shown("likely")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("main.in-en").is_visible() and not page.locator("main.in-ja").is_visible()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_single_language_needs_no_switch(shown: Callable[..., Any], language: str) -> None:
    page = shown("likely", language)
    assert page.locator(f"main.in-{language}").is_visible() and page.locator("input.switch").count() == 0


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_wider_than_the_screen(shown: Callable[..., Any], name: str, width: int) -> None:
    page = shown(name, width=width)
    for language in ("ja", "en"):
        page.locator(f"label[for=in-{language}]").click()
        page.evaluate(OPEN_ALL)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_stages_stand_beside_each_other_or_below_each_other(shown: Callable[..., Any]) -> None:
    for width, across in ((1100, True), (360, False)):
        boxes = [rung.bounding_box() for rung in shown("likely", width=width).locator("main.in-ja .ladder li").all()]
        assert len(boxes) == 9 and (len({round(box["y"]) for box in boxes}) == 1) is across


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_stage_name_is_broken(shown: Callable[..., Any], language: str) -> None:
    page = shown("likely", language)
    heights = {round(one.bounding_box()["height"]) for one in page.locator(".ladder strong").all()}
    assert len(heights) == 1


def test_a_command_is_copied(shown: Callable[..., Any], sample: Sample) -> None:
    from playwright.sync_api import expect

    page = shown("likely")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    buttons = page.locator("main.in-ja .steps button.copy")
    for index in (0, 1):
        buttons.nth(index).click()
        expect(buttons.nth(index)).to_have_text("コピーしました")
        assert page.evaluate("navigator.clipboard.readText()") == sample("likely", "ja").causes[0].remedy[index].command


def test_hostile_text_makes_no_element(shown: Callable[..., Any]) -> None:
    page = shown("hostile")
    page.evaluate(OPEN_ALL)
    assert page.locator("main script, main img, main iframe, main b, main i, main u").count() == 0
    assert page.locator("main [onerror], main [onmouseover]").count() == 0
    assert "<script>alert(1)</script>" in page.locator("main.in-ja figure pre").first.inner_text()
    links = page.locator("main a").evaluate_all("all => all.map(one => one.href)")
    assert links and all(link.startswith("https://") for link in links)


CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const ground = node => { for (; node; node = node.parentElement) { const c = colour(getComputedStyle(node).backgroundColor); if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const worst = [];
  for (const node of document.querySelectorAll('body *')) {
    if (![...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) continue;
    if (!node.checkVisibility()) continue;
    const [a, b] = [light(colour(getComputedStyle(node).color).slice(0, 3)), light(ground(node))].sort((x, y) => y - x);
    worst.push([(a + 0.05) / (b + 0.05), node.className + ' ' + node.textContent.slice(0, 40)]);
  }
  return worst.sort((x, y) => x[0] - y[0]).slice(0, 3);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", SAMPLES)
def test_every_text_can_be_read(shown: Callable[..., Any], name: str, scheme: str) -> None:
    page = shown(name, scheme=scheme)
    page.evaluate(OPEN_ALL)
    worst = page.evaluate(CONTRAST)
    assert len(worst) == 3 and all(ratio >= 4.5 for ratio, _ in worst), worst


def test_light_and_dark_differ(shown: Callable[..., Any]) -> None:
    grounds = {
        shown("likely", scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert len(grounds) == 2


@pytest.mark.parametrize("name", ["likely", "confirmed"])
def test_on_paper_everything_is_open_and_light(shown: Callable[..., Any], name: str) -> None:
    page = shown(name, scheme="dark", script=False)
    page.emulate_media(media="print", color_scheme="dark")
    folded = page.locator("main.in-ja details > :not(summary)").all()
    assert folded and all(part.bounding_box()["height"] > 0 for part in folded)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("main.in-ja .sources a").first.inner_text().startswith("https://")
    assert not page.locator("nav.languages").is_visible() and page.locator("button.copy:visible").count() == 0
    assert all(ratio >= 4.5 for ratio, _ in page.evaluate(CONTRAST))


def test_printing_opens_what_is_folded_and_folds_it_again(shown: Callable[..., Any]) -> None:
    page = shown("likely")
    folded = page.locator("details:not([open])").count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folded > 0 and page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded
