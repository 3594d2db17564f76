"""Every kind of question on the card in a real browser: by mouse and by keyboard, dark and light, wide and narrow.

The card runs against a session in this process, with JupyterLab's own theme files and without any network. What needs
a notebook around the card is in ``test_card_browser.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import require_tool
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from coursekit.quiz.items import Item
from coursekit.quiz.kinds import names
from coursekit.quiz.sessions import Practice
from coursekit.quiz.variants import Variant
from coursekit.quiz.widget import STATIC, QuizCard

from .nine import nine
from .test_card_browser import contrast, focused, picture, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KINDS = names()
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Card</title>
<meta name="viewport" content="width=device-width"><style>%(theme)s
body { background: var(--jp-layout-color1); color: var(--jp-content-font-color1); margin: 8px; }
%(card)s</style></head><body><main id="room"></main><script type="module">
import card from "/card.js";
const heard = new Set();
const model = {
  screen: await window.first(),
  get: (name) => model[name],
  on: (_, listener) => heard.add(listener),
  off: (_, listener) => heard.delete(listener),
  send: async (message) => { model.screen = await window.act(message); for (const one of heard) one(); },
};
card.render({ model, el: document.getElementById("room") });
</script></body></html>"""


class Shown:
    """A card of the nine kinds on a page, and the session behind it."""

    def __init__(self, page: Page, session: Practice) -> None:
        self.page, self.session, self.asked_for = page, session, []
        self.root: Locator = page.locator(".ck-card")

    @property
    def variant(self) -> Variant:
        return self.session.work[self.session.at].variant

    @property
    def item(self) -> Item:
        return self.variant.item

    @property
    def key(self) -> Any:
        """The right answer as a learner gives it."""
        return self.item.raw(self.variant, self.item.key(self.variant))

    def go(self, kind: str) -> None:
        """To the question of this kind, by its mark."""
        self.root.locator(".ck-marks button").nth(KINDS.index(kind)).click()
        expect(self.root.locator(".ck-place")).to_contain_text(f"Question {KINDS.index(kind) + 1} of")

    def check(self) -> None:
        self.root.locator('[data-ck="button-check"]').click()

    def said(self, text: str) -> None:
        expect(self.root.locator(".ck-outcome")).to_contain_text(text)

    def order(self) -> list[int]:
        return [int(one.get_attribute("data-step") or "") for one in self.root.locator(".ck-step").all()]


def theme_css(name: str) -> str:
    folder = Path(sys.prefix, "share", "jupyter", "lab", "themes", "@jupyterlab", f"theme-{name}-extension")
    return (folder / "index.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=require_tool("chromium"), args=flags)
        yield launched
        launched.close()


Open = Callable[..., Shown]


@pytest.fixture
def open_nine(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    contexts = []

    def open_(theme: str = "light", *, width: int = 900, touch: bool = False) -> Shown:
        session = Practice(nine(tmp_path))
        card = QuizCard(session)
        context = browser.new_context(
            viewport={"width": width, "height": 900}, has_touch=touch, is_mobile=touch, reduced_motion="reduce"
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        shown = Shown(page, session)
        text = PAGE % {"theme": theme_css(theme), "card": (STATIC / "card.css").read_text(encoding="utf-8")}
        script = (STATIC / "card.js").read_text(encoding="utf-8")

        def serve(route: Route) -> None:
            if route.request.url == "http://card.test/":
                route.fulfill(body=text, content_type="text/html")
            elif route.request.url == "http://card.test/card.js":
                route.fulfill(body=script, content_type="text/javascript")
            else:
                shown.asked_for.append(route.request.url)
                route.abort()

        def act(message: dict[str, Any]) -> dict[str, Any]:
            card._act(card, message, [])
            return card.screen

        page.route("**/*", serve)
        page.expose_function("first", lambda: card.screen)
        page.expose_function("act", act)
        page.goto("http://card.test/")
        shown.root.wait_for()
        return shown

    yield open_
    for context in contexts:
        context.close()


def by_mouse(shown: Shown) -> None:
    root, key = shown.root, shown.key
    match shown.item.control:
        case "one":
            root.locator(".ck-option").nth(key).click()
        case "several":
            for one in key:
                root.locator(".ck-option").nth(one).click()
        case "text":
            root.locator(".ck-input").click()
            root.locator(".ck-input").fill(key)
        case "order":
            for place, step in enumerate(key):
                while (at := shown.order().index(step)) != place:
                    root.locator(".ck-step").nth(at).locator(".ck-move").first.click()
        case "line":
            root.locator(f'.ck-line[data-line="{key}"] .ck-code').click()
        case "matrix":
            for row, column in shown.item.asked():  # type: ignore[attr-defined]
                root.locator(f'[data-ck="cell-{row}-{column}"]').fill(str(key[row][column]))
    shown.check()


def by_keyboard(shown: Shown) -> None:
    """From the question on by keys alone, never a pointer."""
    root, page, key = shown.root, shown.page, shown.key
    root.locator(".ck-stem").focus()
    match shown.item.control:
        case "one":
            page.keyboard.press("abcd"[key])
        case "several":
            for one in key:
                page.keyboard.press("abcd"[one])
        case "text":
            page.keyboard.press("Tab")
            for number, line in enumerate(key.split("\n")):
                if number:
                    page.keyboard.press("Shift+Enter")
                page.keyboard.type(line)
        case "order":
            for place, step in enumerate(key):
                while focused(page) not in (f"up-{step}", f"down-{step}"):
                    page.keyboard.press("Tab" if shown.order().index(step) >= place else "Shift+Tab")
                    assert root.evaluate("root => root.contains(document.activeElement)")
                while shown.order().index(step) != place:
                    page.keyboard.press("ArrowUp")
                root.locator(".ck-stem").focus()
        case "line":
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            while focused(page) != f"line-{key}":
                page.keyboard.press("ArrowDown")
        case "matrix":
            for row, column in shown.item.asked():  # type: ignore[attr-defined]
                page.keyboard.press("Tab")
                assert focused(page) == f"cell-{row}-{column}"
                page.keyboard.type(str(key[row][column]))
    page.keyboard.press("Enter")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", [by_mouse, by_keyboard])
def test_a_right_answer_is_taken(open_nine: Open, kind: str, way: Callable[[Shown], None]) -> None:
    shown = open_nine()
    shown.go(kind)
    key = shown.key
    way(shown)
    shown.said("Right.")
    assert shown.session.work[KINDS.index(kind)].given == key
    if way is by_keyboard:
        assert focused(shown.page) == "button-next"
    assert violations(shown.page) == []
    shown.go(KINDS[0])  # and it is still there on the way back
    shown.go(kind)
    shown.said("Right.")
    if kind == "order":
        assert shown.order() == key
    assert shown.asked_for == []  # code, maths and all: nothing came over a network


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_read_in_both_themes(open_nine: Open, kind: str, theme: str) -> None:
    shown = open_nine(theme)
    shown.go(kind)
    assert violations(shown.page) == []
    texts = [
        ".ck-stem",
        ".ck-text",
        ".ck-code",
        ".ck-cell",
        ".ck-known",
        ".ck-move",
        ".ck-number",
        "legend",
        ".ck-input",
    ]
    for selector in texts:
        if shown.root.locator(selector).count():
            assert contrast(shown.root, selector) > 4.5, selector
    picture(shown.root, f"kind-{kind}-{theme}")


@pytest.mark.parametrize("kind", KINDS)
def test_it_fits_a_phone(open_nine: Open, kind: str) -> None:
    shown = open_nine(width=320, touch=True)
    shown.go(kind)
    picture(shown.root, f"kind-{kind}-phone")
    assert shown.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert shown.root.evaluate("root => root.scrollWidth - root.clientWidth") <= 0
    targets = shown.root.locator("button:visible, .ck-option, label.ck-line, .ck-cell, .ck-input, .ck-grip")
    for target in targets.all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 24, target
        assert box["width"] >= 24, target


def test_a_step_is_dragged_and_each_move_is_said(open_nine: Open) -> None:
    shown = open_nine()
    shown.go("order")
    before = shown.order()
    first, last = shown.root.locator(".ck-step").first, shown.root.locator(".ck-step").last
    first.locator(".ck-grip").hover()
    shown.page.mouse.down()
    box = last.bounding_box()
    assert box is not None
    shown.page.mouse.move(box["x"] + 20, box["y"] + box["height"] - 2, steps=12)
    shown.page.mouse.up()
    assert shown.order() == [*before[1:], before[0]]
    expect(shown.root.locator("[role=status]")).to_contain_text("Place 4 of 4")
    up = shown.root.locator(f'[data-ck="up-{before[0]}"]')
    up.click()
    expect(shown.root.locator("[role=status]")).to_contain_text("Place 3 of 4")
    assert focused(shown.page) == f"up-{before[0]}"
    for _ in range(6):  # past the first place: nothing is lost
        shown.page.keyboard.press("ArrowUp")
    assert shown.order() == before
    assert focused(shown.page) == f"up-{before[0]}"
    expect(up).to_have_attribute("aria-disabled", "true")
    expect(shown.root.locator(".ck-number").first).to_have_text("1.")


def test_a_step_is_dragged_by_touch(open_nine: Open) -> None:
    shown = open_nine(width=320, touch=True)
    shown.go("order")
    before = shown.order()
    grip, last = shown.root.locator(".ck-grip").first, shown.root.locator(".ck-step").last
    grip.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), last.bounding_box()
    assert start is not None
    assert end is not None
    x, y = start["x"] + 8, start["y"] + 8
    client = shown.page.context.new_cdp_session(shown.page)
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for part in range(1, 11):
        to = y + (end["y"] + end["height"] - 3 - y) * part / 10
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": to}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(shown.root.locator("[role=status]")).to_contain_text("Place 4 of 4")
    assert shown.order() == [*before[1:], before[0]]


@pytest.mark.parametrize(
    ("kind", "says"),
    [("order", "Put all 4 steps into order"), ("bug", "Pick one line"), ("matrix", "Fill in every cell")],
)
def test_nothing_done_is_no_answer(open_nine: Open, kind: str, says: str) -> None:
    shown = open_nine()
    shown.go(kind)
    shown.check()
    expect(shown.root.locator(".ck-feedback")).to_contain_text(says)
    assert shown.session.work[KINDS.index(kind)].tries == 0


def test_a_wrong_line_is_marked_by_more_than_colour_and_can_be_changed(open_nine: Open) -> None:
    shown = open_nine()
    shown.go("bug")
    shown.root.locator('.ck-line[data-line="6"]').click()
    shown.check()
    shown.said("Not right.")
    expect(shown.root.locator('.ck-line[data-line="6"] .ck-verdict')).to_have_text("\u2717")
    expect(shown.root.locator(".ck-feedback")).to_contain_text("adds up each row")
    assert focused(shown.page) == "button-check"
    assert shown.root.locator(".ck-line input").count() == 4  # not the empty line, not the comment
    by_mouse(shown)
    shown.said("Right.")


def test_part_of_a_matrix_is_part_of_the_credit_and_stays_to_be_mended(open_nine: Open) -> None:
    shown = open_nine()
    shown.go("matrix")
    cells = shown.root.locator(".ck-cell")
    assert cells.count() == 3
    key = shown.key
    for cell, text in zip(cells.all(), [str(key[0][0]), "999", str(key[1][0])], strict=True):
        cell.fill(text)
    shown.check()
    shown.said("Partly right.")
    expect(shown.root.locator(".ck-feedback")).to_contain_text("2 of 3 cells are right")
    expect(cells.nth(1)).to_have_value("999")
    cells.nth(1).fill(str(key[0][1]))
    cells.nth(1).press("Enter")
    shown.said("Right.")
