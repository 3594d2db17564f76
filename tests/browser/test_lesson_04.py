"""Lesson 04 in a real browser: both explorers, each in its view, answer to mouse and keyboard, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from coursekit.lab.views import write_view

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
NAME = "04_fine_tuning"
Pages = Callable[[str], Page]


def test_the_epochs_are_moved_by_keyboard_and_mouse_in_both_themes(pages: Pages, world: Path) -> None:
    page = pages("light")
    path = write_view(NAME, "visualize", world / "workspace")
    open_notebook(page, path.relative_to(world / "workspace").as_posix())
    run_all(page)
    assert errors(page) == []

    epochs = explorer(page, "epoch by epoch")
    by_keyboard(page, epochs)
    by_mouse(epochs)
    assert violations(page, ".ck-explorer") == []
    picture(page, "lesson-04-epochs-light")
    dark(page)
    epochs.scroll_into_view_if_needed()
    assert violations(page, ".ck-explorer") == []
    picture(page, "lesson-04-epochs-dark")
    page.set_viewport_size({"width": 620, "height": 900})
    epochs.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    spill = epochs.evaluate("shown => shown.scrollWidth - shown.clientWidth")
    picture(page, "lesson-04-epochs-narrow")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert spill <= 1


def test_the_sizes_are_moved_by_mouse_and_keyboard(pages: Pages, world: Path) -> None:
    page = pages("light")
    path = write_view(NAME, "metrics", world / "workspace")
    open_notebook(page, path.relative_to(world / "workspace").as_posix())
    run_all(page)
    assert errors(page) == []

    sizes = explorer(page, "What labels buy")
    by_mouse(sizes)
    by_keyboard(page, sizes)
    said = sizes.locator(".ck-answer").inner_text()
    sizes.get_by_role("radio", name="from scratch").check()
    expect(sizes.locator(".ck-answer")).not_to_have_text(said)
    expect(sizes.locator(".ck-answer")).to_contain_text("(from scratch)")
    assert violations(page, ".ck-explorer") == []
    picture(page, "lesson-04-sizes")


def open_notebook(page: Page, path: str) -> None:
    """Open a notebook of the workspace by its address."""
    page.goto(re.sub(r"/lab.*", f"/lab/tree/{path}", page.url), wait_until="domcontentloaded")
    tab = page.locator(".lm-TabBar-tabLabel", has_text=path.rsplit("/", 1)[1])
    expect(tab).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_contain_text("Fine-tuning", timeout=SLOW)


def explorer(page: Page, title: str) -> Locator:
    found = page.locator(f"{SHOWN} .ck-answers").filter(has=page.locator("h3", has_text=title))
    found.wait_for(state="attached", timeout=120_000)
    found.scroll_into_view_if_needed()
    return found


def by_keyboard(page: Page, shown: Locator) -> None:
    """The arrow keys move the slider, the words follow, and the notebook's own keys do nothing."""
    slider, words = shown.locator("input[type=range]"), shown.locator(".ck-answer")
    slider.focus()
    page.keyboard.press("Home")
    before, cells = words.inner_text(), page.locator(f"{SHOWN} .jp-Cell").count()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(words).not_to_have_text(before)
    for key in ("b", "a", "x"):
        page.keyboard.press(key)
    assert page.locator(f"{SHOWN} .jp-Cell").count() == cells
    expect(slider).to_have_js_property("value", "2")
    assert shown.locator(".ck-tiles li").count() == 12


def by_mouse(shown: Locator) -> None:
    """A drag across the chart moves the mark to its end, and the words follow."""
    words, chart = shown.locator(".ck-answer"), shown.locator("svg")
    before = words.inner_text()
    box = chart.bounding_box()
    assert box is not None
    mouse, middle = shown.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] * 0.3, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    mouse.move(box["x"] + box["width"] * 0.76, middle, steps=4)
    mouse.up()
    expect(words).not_to_have_text(before)
    slider = shown.locator("input[type=range]")
    assert slider.input_value() == slider.get_attribute("max")


def dark(page: Page) -> None:
    """The system turns dark, and JupyterLab follows it."""
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false", timeout=60_000)
