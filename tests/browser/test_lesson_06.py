"""Lesson 06 in a real browser: it runs, and one threshold moves everything, by mouse, by keyboard and by button."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import SHOWN, SLOW, errors, picture, run_all, violations, wait_for_kernel

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]
expect.set_options(timeout=60_000)

Pages = Callable[[str], Page]
NAME = "06_thresholds.ipynb"


def open_lesson(page: Page) -> None:
    """The lesson at its own address."""
    wait_for_kernel(page)
    page.goto(
        page.url.split("/lab")[0] + f"/lab/tree/06_thresholds/{NAME}", wait_until="domcontentloaded", timeout=SLOW
    )
    expect(page.locator(".lm-TabBar-tabLabel", has_text=NAME)).to_have_count(1, timeout=SLOW)
    expect(page.locator(f"{SHOWN} .jp-Notebook h1").first).to_contain_text("Lesson 06", timeout=SLOW)


def explorer(page: Page) -> Locator:
    shown = page.locator(f"{SHOWN} .ck-threshold")
    shown.wait_for(state="attached", timeout=120_000)
    shown.scroll_into_view_if_needed()
    return shown


def drag(page: Page, svg: Locator, start: float, end: float) -> None:
    """Press at one share of the picture's width, move, and let go at another."""
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=6)
    page.mouse.up()


def recall(status: Locator) -> float:
    found = re.search(r"Recall ([\d.]+) %", status.inner_text())
    assert found is not None
    return float(found[1])


def test_the_lesson_runs_and_everything_moves_with_the_threshold(pages: Pages) -> None:
    page = pages("light")
    open_lesson(page)
    run_all(page)
    assert errors(page) == []

    shown = explorer(page)
    status = shown.locator("[role=status]")
    picture(page, "lesson-06-threshold-light")
    assert violations(page, ".ck-threshold") == []

    histogram = shown.locator("svg").first
    drag(page, histogram, 0.5, 0.95)
    high = recall(status)
    point = shown.locator("svg .ck-best")
    before = [point.nth(number).get_attribute("cx") for number in (0, 1)]
    flagged = shown.locator(".ck-matrix td").last.inner_text()
    drag(page, histogram, 0.5, 0.1)
    assert recall(status) > high
    assert [point.nth(number).get_attribute("cx") for number in (0, 1)] != before
    assert shown.locator(".ck-matrix td").last.inner_text() != flagged

    cells = page.locator(f"{SHOWN} .jp-Cell").count()
    slider = shown.get_by_label("Threshold", exact=True)
    slider.focus()
    said = status.inner_text()
    for key in ("b", "a", "d", "d", "x"):  # JupyterLab's own single keys
        page.keyboard.press(key)
    page.keyboard.press("End")
    expect(status).to_contain_text("precision undefined (nothing is flagged)")
    page.keyboard.press("Home")
    expect(status).to_contain_text("Recall 100.0 %")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    expect(status).not_to_have_text(said)
    assert page.locator(f"{SHOWN} .jp-Cell").count() == cells

    share = shown.get_by_label("Infected", exact=True)
    kept, said = recall(status), status.inner_text()
    share.focus()
    page.keyboard.press("Home")
    expect(status).not_to_have_text(said)
    assert recall(status) == kept, "the prevalence leaves recall alone"

    shown.get_by_role("button", name="Go to the cheapest threshold").click()
    expect(status).to_contain_text("no threshold costs less")
    shown.get_by_label("ROC").check()
    expect(shown.locator("svg").nth(1)).to_have_attribute("aria-label", re.compile("ROC curve"))


def test_impossible_costs_are_refused_in_words_and_the_rest_stays(pages: Pages) -> None:
    page = pages("light")
    shown = explorer(page)
    status, complaint = shown.locator("[role=status]"), shown.locator("[role=alert]")
    miss, alarm = shown.get_by_label("A miss costs"), shown.get_by_label("A false alarm costs")
    said = status.inner_text()
    for typed in ("-3", "", "1e9"):
        miss.fill(typed)
        expect(complaint).to_contain_text("A cost is a number from 0 to 1,000,000")
        assert status.inner_text() == said
    picture(page, "lesson-06-threshold-refused")
    miss.fill("0")
    alarm.fill("0")
    expect(complaint).to_contain_text("With both costs 0")
    miss.fill("1")
    alarm.fill("20")
    expect(complaint).to_have_text("")
    expect(status).not_to_have_text(said)
    assert violations(page, ".ck-threshold") == []


def test_it_fits_a_narrow_window_and_follows_the_dark_theme(pages: Pages) -> None:
    page = pages("light")  # where the lesson has run
    page.set_viewport_size({"width": 620, "height": 1000})
    shown = explorer(page)
    picture(page, "lesson-06-threshold-narrow")
    spill = shown.evaluate("shown => shown.scrollWidth - shown.clientWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert spill <= 1
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    shown = explorer(page)
    shown.get_by_label("precision and recall").check()
    picture(page, "lesson-06-threshold-dark")
    assert violations(page, ".ck-threshold") == []
    page.locator(f"{SHOWN} figure svg[role=img]").nth(2).scroll_into_view_if_needed()
    picture(page, "lesson-06-figure-dark")
