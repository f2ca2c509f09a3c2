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
from ccmdoctor.report import html

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
Diagnosed = Callable[[str, str], Diagnosis]
BUNDLES = ["demo", "healthy", "possible", "hostile"]


def _page(diagnosed: Diagnosed, bundle: str, *languages: str) -> str:
    return html.render({language: diagnosed(bundle, language) for language in languages or ("ja", "en")})


@pytest.mark.parametrize("bundle", BUNDLES)
def test_the_page_is_one_file_that_asks_for_nothing(diagnosed: Diagnosed, bundle: str) -> None:
    page = _page(diagnosed, bundle)
    assert "default-src 'none'" in unescape(page)
    assert not re.search(r"<(?:link|img|iframe|script[^>]*\ssrc|object|embed)", page)
    assert not re.search(r"url\(|@import", page)


def test_log_text_is_only_text(diagnosed: Diagnosed) -> None:
    page = _page(diagnosed, "hostile")
    assert (
        page.count("<script>") == 1 and "&lt;script&gt;alert(1)" in page and "\x1b" not in page and "\u202e" not in page
    )


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
def shown(browser: Any, diagnosed: Diagnosed, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``shown("demo", width=360, scheme="dark")`` opens the report; anything on the console or the network fails."""
    pages: list[Any] = []
    noise: list[str] = []

    def show(bundle: str, *, width: int = 1100, scheme: str = "light", script: bool = True) -> Any:
        path = tmp_path / f"{bundle}.html"
        path.write_text(_page(diagnosed, bundle), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
        )
        page = context.new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("dialog", lambda dialog: noise.append(dialog.message))
        page.on("request", lambda request: None if request.url.startswith("file:") else noise.append(request.url))
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield show
    for page in pages:
        page.context.close()
    assert noise == []


def test_the_language_switch_needs_no_script(shown: Callable[..., Any]) -> None:
    page = shown("demo", script=False)
    assert page.locator("main.in-ja").is_visible() and not page.locator("main.in-en").is_visible()
    page.locator("label[for=in-en]").click()
    assert page.locator("main.in-en").is_visible() and not page.locator("main.in-ja").is_visible()
    assert page.locator("main.in-en h3").first.inner_text().startswith("The software update point")
    assert page.locator("button.copy:visible").count() == 0


@pytest.mark.parametrize("bundle", BUNDLES)
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_wider_than_the_screen(shown: Callable[..., Any], bundle: str, width: int) -> None:
    page = shown(bundle, width=width)
    for language in ("ja", "en"):
        page.locator(f"label[for=in-{language}]").click()
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_command_is_copied(shown: Callable[..., Any]) -> None:
    page = shown("demo")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator("main.in-ja button.copy").first
    button.click()
    page.wait_for_function("document.querySelector('main.in-ja button.copy').textContent === 'コピーしました'")


def test_hostile_text_makes_no_element(shown: Callable[..., Any]) -> None:
    page = shown("hostile")
    assert page.locator("main script, main img, main iframe").count() == 0
    assert "<script>alert(1)</script>" in page.locator("main.in-ja figure pre").first.inner_text()


CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const ground = node => { for (; node; node = node.parentElement) { const c = colour(getComputedStyle(node).backgroundColor); if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const worst = [];
  for (const node of document.querySelectorAll('main.in-ja *')) {
    if (![...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) continue;
    if (!node.checkVisibility()) continue;
    const [a, b] = [light(colour(getComputedStyle(node).color).slice(0, 3)), light(ground(node))].sort((x, y) => y - x);
    worst.push([(a + 0.05) / (b + 0.05), node.className + ' ' + node.textContent.slice(0, 40)]);
  }
  return worst.sort((x, y) => x[0] - y[0]).slice(0, 3);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("bundle", ["demo", "healthy", "possible"])
def test_every_text_can_be_read(shown: Callable[..., Any], bundle: str, scheme: str) -> None:
    worst = shown(bundle, scheme=scheme).evaluate(CONTRAST)
    assert worst and all(ratio >= 4.5 for ratio, _ in worst), worst


def test_on_paper_everything_is_open(shown: Callable[..., Any]) -> None:
    page = shown("demo")
    page.emulate_media(media="print")
    assert page.locator("main.in-ja .excluded li").first.is_visible() and page.locator("main.in-ja table").is_visible()
    assert not page.locator("nav.languages").is_visible() and page.locator("button.copy:visible").count() == 0


def test_a_single_language_needs_no_switch(browser: Any, diagnosed: Diagnosed, tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text(_page(diagnosed, "demo", "en"), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "one.html").as_uri())
    assert page.locator("main.in-en").is_visible() and page.locator("input.switch").count() == 0
    page.close()
