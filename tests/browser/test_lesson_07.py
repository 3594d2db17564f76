"""Lesson 07 in a real browser: it runs, and its explorer is moved by mouse, keyboard and typing, in both themes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations, wait_for_kernel

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
expect.set_options(timeout=60_000)

Pages = Callable[[str], Page]
NAME = "07_metric_pitfalls"


def test_the_lesson_runs_and_the_explorer_follows_keyboard_typing_and_mouse(pages: Pages, world: Path) -> None:
    page = pages("light")
    run_notebook(page, f"{NAME}/{NAME}.ipynb")
    shown = explorer(page, 1)  # in metrics: the accuracy is what a report claims
    words = shown.locator("[role=status]")
    expect(words).to_contain_text("200 are infected: 24 found, 176 missed")
    picture(page, "prevalence-light")
    assert violations(page, ".ck-explorer") == []

    cells = page.locator(f"{SHOWN} .jp-Cell").count()
    prevalence = shown.get_by_role("slider", name="Prevalence")
    prevalence.focus()
    page.keyboard.press("ArrowRight")
    expect(words).to_contain_text("Impossible: 220 of 10,000 cells are missed, so the accuracy is at most 97.8 %")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(words).to_contain_text("150 are infected: 18 found, 132 missed")
    assert page.locator(f"{SHOWN} .jp-Cell").count() == cells

    box = shown.get_by_role("spinbutton", name="Prevalence in percent")
    box.fill("150")
    expect(words).to_have_text("Prevalence must be a number from 0 to 100 %; seen 150.")
    expect(box).to_have_attribute("aria-invalid", "true")
    picture(page, "prevalence-problem")
    box.fill("")
    expect(words).to_contain_text("must be a number from 0 to 100 %; seen nothing")
    box.fill("1.25")
    expect(words).to_contain_text("125 are infected: 15 found, 110 missed")

    shown.get_by_label("the false-alarm rate").check()
    expect(words).to_contain_text("Accuracy 98.9 %, precision 100.0 %")
    alarms = shown.get_by_role("slider", name="False-alarm rate")
    drag_to_the_end(page, alarms)
    expect(words).to_contain_text("healthy ones are flagged. Accuracy 0.1 %")
    shown.get_by_role("spinbutton", name="Prevalence in percent").fill("0")
    expect(words).to_contain_text("recall means nothing")


def test_it_follows_the_dark_theme_and_a_narrow_window(pages: Pages) -> None:
    page = pages("dark")
    open_in_front(page, f"{NAME}/{NAME}.ipynb", NAME)
    source = page.locator(f"{SHOWN} .jp-CodeCell", has_text="from coursekit.explorers import PrevalenceExplorer").first
    source.scroll_into_view_if_needed()
    source.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    shown = page.locator(f"{SHOWN} .ck-explorer").first
    shown.wait_for(timeout=SLOW)
    shown.scroll_into_view_if_needed()
    expect(shown.locator("[role=status]")).to_contain_text("1,000 are infected: 0 found, 1,000 missed")
    picture(page, "prevalence-dark")
    assert violations(page, ".ck-explorer") == []
    page.set_viewport_size({"width": 480, "height": 900})
    page.wait_for_timeout(1000)
    shown.scroll_into_view_if_needed()
    picture(page, "prevalence-narrow")
    assert shown.evaluate("one => one.scrollWidth - one.clientWidth") <= 1


def open_in_front(page: Page, path: str, name: str) -> None:
    """Open a notebook of the workspace, and wait for its kernel."""
    base = page.url.split("/lab")[0]
    page.goto(f"{base}/lab/tree/{path}", wait_until="domcontentloaded", timeout=SLOW)
    expect(page.locator(".lm-TabBar-tabLabel", has_text=f"{name}.ipynb")).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_be_visible(timeout=SLOW)
    wait_for_kernel(page)


def run_notebook(page: Page, path: str) -> None:
    open_in_front(page, path, NAME)
    run_all(page)
    assert errors(page) == []


def explorer(page: Page, place: int) -> Locator:
    """One of the lesson's explorers, in view."""
    text = "PrevalenceExplorer(prevalence=" + ("10", "2")[place]
    cell = page.locator(f"{SHOWN} .jp-CodeCell", has_text=text)
    cell.scroll_into_view_if_needed()
    shown = cell.locator(".ck-explorer")
    shown.wait_for(timeout=SLOW)
    shown.scroll_into_view_if_needed()
    return shown


def drag_to_the_end(page: Page, slider: Locator) -> None:
    """Take the handle with the mouse and pull it to the right edge."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, y, steps=5)
    page.mouse.move(box["x"] + box["width"] + 20, y, steps=5)
    page.mouse.up()
