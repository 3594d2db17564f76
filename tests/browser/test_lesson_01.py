"""A newcomer's first hour in a real browser, from ``coursekit lab`` to a question answered by keyboard alone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations, wait_for_kernel

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
expect.set_options(timeout=60_000)


Pages = Callable[[str], Page]
both = pytest.mark.parametrize("theme", ["light", "dark"])


def test_the_lessons_are_seen_before_anything_runs(pages: Pages) -> None:
    page = pages("light")
    shown = page.locator(f"{SHOWN} .ckd-dash")
    expect(shown).to_contain_text("Begin lesson 01")
    expect(shown.locator("button")).to_have_count(0)
    picture(page, "start-before-running")
    expect(page.get_by_text("Would you like to")).to_have_count(0)  # the news pop-up
    expect(page.get_by_text("nbgrader")).to_have_count(0)


@both
def test_the_dashboard_runs_follows_the_theme_and_has_no_serious_violation(pages: Pages, theme: str) -> None:
    page = pages(theme)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
    wait_for_kernel(page)
    page.locator(f"{SHOWN} .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    expect(page.locator(f"{SHOWN} button.ckd-mode").first).to_be_visible(timeout=SLOW)
    assert errors(page) == []
    page.locator(f"{SHOWN} .ckd-dash").first.scroll_into_view_if_needed()
    picture(page, f"dashboard-{theme}")
    paint = (
        "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"  # axe passes over white on white
    )
    ink, paper = page.locator(f"{SHOWN} button.ckd-mode").first.evaluate(paint)
    assert ink != paper
    assert violations(page, ".ckd-dash") == []


def test_the_dashboard_fits_a_narrow_window(pages: Pages) -> None:
    page = pages("light")
    page.set_viewport_size({"width": 620, "height": 900})
    try:
        page.wait_for_timeout(1000)
        spill = page.locator(f"{SHOWN} .ckd-dash").evaluate("shown => shown.scrollWidth - shown.clientWidth")
        picture(page, "dashboard-narrow")
        assert spill <= 1
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_mode_opens_as_a_notebook_of_its_own_by_keyboard(pages: Pages, world: Path) -> None:
    page = pages("light")
    page.locator(f'{SHOWN} button.ckd-mode[data-mode="idea"]').first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lm-TabBar-tabLabel", has_text="idea.ipynb")).to_have_count(1, timeout=SLOW)
    assert (world / "workspace" / "01_loading_weights" / "views" / "idea.ipynb").is_file()
    expect(page.locator(f"{SHOWN} .jp-Notebook")).to_contain_text("This is one of ten ways", timeout=SLOW)
    picture(page, "view-idea")
    close(page, "idea.ipynb")


def test_lesson_01_runs_and_a_question_is_answered_by_keyboard_and_kept(pages: Pages, world: Path) -> None:
    page = pages("light")
    page.locator(f"{SHOWN} .ckd-dash a", has_text="Open the lesson").click()
    expect(page.locator(".lm-TabBar-tabLabel", has_text="01_loading_weights.ipynb")).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_be_visible(timeout=SLOW)
    assert len(page.context.pages) == 1  # inside JupyterLab, not in another browser tab

    run_all(page)
    assert errors(page) == []

    card = practice(page)
    cells = page.locator(f"{SHOWN} .jp-Cell").count()
    reach(page, card)
    for key in ("b", "d", "d", "ArrowDown", "ArrowUp", "a", "y", "x"):  # JupyterLab's own single keys
        page.keyboard.press(key)
    page.keyboard.press("a")
    expect(card.locator('.ck-option input[value="0"]')).to_be_checked()
    page.keyboard.press("Enter")
    expect(card.locator(".ck-feedback")).to_contain_text(re.compile(r"Right\.|Not right\."))
    assert page.locator(f"{SHOWN} .jp-Cell").count() == cells
    said = card.locator(".ck-feedback").inner_text()
    picture(page, "practice-answered")
    assert violations(page, ".ck-card") == []
    answers = events(world, "answer")
    assert len(answers) == 1

    page.locator(f'{SHOWN} [data-jp-item-name="save"]').click()
    expect(page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty")).to_have_count(0)
    page.reload(wait_until="domcontentloaded", timeout=SLOW)
    wait_for_kernel(page)
    card = practice(page)
    expect(card.locator(".ck-feedback")).to_have_text(said, use_inner_text=True, timeout=SLOW)
    picture(page, "practice-kept")
    assert events(world, "answer") == answers

    close(page, "01_loading_weights.ipynb")
    page.locator(f"{SHOWN} .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")  # the reload has left the picture that was stored
    expect(page.locator(f"{SHOWN} .ckd-dash")).to_contain_text("Go on with the practice")
    picture(page, "dashboard-after")


def test_the_practice_card_follows_the_dark_theme(pages: Pages) -> None:
    page = pages("dark")
    page.locator(f'{SHOWN} button.ckd-mode[data-mode="practice"]').first.click()
    expect(page.locator(".lm-TabBar-tabLabel", has_text="practice.ipynb")).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook")).to_contain_text("This is one of ten ways", timeout=SLOW)
    run_all(page)
    assert errors(page) == []
    practice(page)
    picture(page, "practice-dark")
    assert violations(page, ".ck-card") == []


def practice(page: Page) -> Locator:
    """The card of the practice questions in the notebook in front."""
    heading = page.locator(".ck-heading", has_text=re.compile("practice", re.IGNORECASE))
    card = page.locator(f"{SHOWN} .ck-card").filter(has=heading).first
    card.wait_for(state="attached", timeout=120_000)
    card.scroll_into_view_if_needed()
    return card


def reach(page: Page, card: Locator) -> None:
    """Get into the card by Tab alone, from the cell above it."""
    card.locator("xpath=ancestor::div[contains(@class, 'jp-CodeCell')]").locator(".jp-InputPrompt").click()
    for _ in range(25):
        page.keyboard.press("Tab")
        if card.evaluate("card => card.contains(document.activeElement)"):
            return
    raise AssertionError("25 times Tab, and the question is not reached")


def close(page: Page, name: str) -> None:
    tab = page.locator(".lm-TabBar-tab", has=page.locator(".lm-TabBar-tabLabel", has_text=name))
    tab.locator(".lm-TabBar-tabCloseIcon").click()
    for label in ("Discard", "Don't Save"):
        if page.get_by_role("button", name=label).count():
            page.get_by_role("button", name=label).first.click()
    expect(tab).to_have_count(0)


def events(world: Path, event: str) -> list[tuple]:
    with sqlite3.connect(world / "home" / "progress.sqlite3") as connection:
        return connection.execute("SELECT lesson, item, data FROM events WHERE event = ?", (event,)).fetchall()
