"""Each session in a real JupyterLab: by mouse and by keyboard, dark and light, without a serious finding of axe."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from conftest import CHECKOUT
from playwright.sync_api import Locator, Page, expect

from .test_card_browser import Lab, browser, cells, contrast, focused, open_card, page, picture, violations

__all__ = ["browser", "page"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.slow]
THEMES = ["light", "dark"]
CALLS = {
    "practice": 'practice("01")',
    "predict": 'predict("01-predict-shape")',
    "test": 'test("01")',
    "challenge": 'challenge("01")',
    "review": "review()",
    "placement": "placement()",
    "graded": 'graded("01")',
}


@pytest.fixture(scope="module", params=THEMES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab in one theme, with a notebook for each session and the graded questions beside them."""
    folder = tmp_path_factory.mktemp(f"sessions-{request.param}")
    running = Lab(folder)
    running.theme(f"JupyterLab {request.param.capitalize()}")
    for name, call in CALLS.items():
        book = nbformat.v4.new_notebook()
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book.cells = [
            nbformat.v4.new_code_cell(f"from coursekit.quiz import {name}\n{call}"),
            nbformat.v4.new_code_cell("untouched = 1"),
        ]
        nbformat.write(book, folder / f"{name}.ipynb")
    questions = CHECKOUT / "notebooks" / "01_loading_weights" / "01_questions.json"
    (folder / "01_questions.json").write_bytes(questions.read_bytes())
    running.start()
    yield running
    running.stop()


def theme_of(page: Page) -> str:
    return "light" if page.locator("body").get_attribute("data-jp-theme-light") == "true" else "dark"


def looked_at(page: Page, card: Locator, name: str) -> None:
    """A screen as it should be in both themes: readable, without a finding, kept as a picture to be looked at."""
    assert violations(page) == []
    for selector in (".ck-heading", ".ck-place", ".ck-body", ".ck-stem", ".ck-text", ".ck-button", ".ck-feedback"):
        shown = card.locator(f"{selector}:visible")
        if shown.count() and shown.first.inner_text().strip():
            assert contrast(card, f"{selector}:visible") > 4.5, selector
    assert card.evaluate("root => root.scrollWidth - root.clientWidth") <= 0
    picture(card, f"{name}-{theme_of(page)}")


def press_button(card: Locator, page: Page, action: str, *, by: str) -> None:
    button = card.locator(f'[data-ck="button-{action}"]')
    if by == "mouse":
        button.click()
    else:
        button.focus()
        page.keyboard.press("Enter")


def answer(card: Locator, page: Page, *, by: str) -> None:
    """Some answer to whatever is asked, by mouse or by keyboard."""
    field = card.locator(".ck-input:visible")
    if field.count():
        text = "[7, 7]" if "shape" in card.inner_text().lower() else "7"
        if by == "mouse":
            field.click()
        else:
            field.focus()
            page.keyboard.press("Control+a")
        page.keyboard.type(text)
    elif card.locator("label.ck-line").count():
        first = card.locator("label.ck-line").first
        if by == "mouse":
            first.click()
        else:
            first.locator("input").focus()
            page.keyboard.press("Space")
    elif by == "mouse":
        card.locator(".ck-option").first.click()
    else:
        card.locator(".ck-stem").focus()
        page.keyboard.press("1")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_placement_asks_until_it_knows_where_to_start(page: Page, lab: Lab, by: str) -> None:
    card = open_card(page, lab, "placement")
    before = cells(page)
    looked_at(page, card, f"placement-welcome-{by}")
    press_button(card, page, "start", by=by)
    expect(card.locator(".ck-place")).to_contain_text("Question 1 of")
    looked_at(page, card, f"placement-question-{by}")
    answer(card, page, by=by)
    press_button(card, page, "keep", by=by)
    for number in range(2, 30):
        expect(card.locator(".ck-place")).to_contain_text(f"Question {number} of")
        assert card.locator(".ck-outcome").count() == 0  # nothing says what was right
        press_button(card, page, "pass", by=by)
        expect(card.locator(".ck-place")).not_to_contain_text(f"Question {number} of")
        if "where to start" in card.locator(".ck-heading").inner_text():
            break
    expect(card.locator(".ck-body")).to_contain_text("Start with lesson 01")
    expect(card.locator(".ck-body table")).to_be_visible()
    assert card.evaluate("root => root.contains(document.activeElement)")
    looked_at(page, card, f"placement-result-{by}")
    assert cells(page) == before
    press_button(card, page, "start", by=by)
    expect(card.locator(".ck-place")).to_contain_text("Question 1 of")
    for _ in range(30):
        if "where to start" in card.locator(".ck-heading").inner_text():
            break
        place = card.locator(".ck-place").inner_text()
        press_button(card, page, "pass", by=by)
        expect(card.locator(".ck-place")).not_to_have_text(place)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_graded_questions_are_answered_and_lie_in_the_folder(page: Page, lab: Lab, by: str) -> None:
    path = lab.folder / "01_answers.json"
    path.unlink(missing_ok=True)
    card = open_card(page, lab, "graded")
    before = cells(page)
    for number in range(1, 7):
        expect(card.locator(".ck-place")).to_contain_text(f"Question {number} of 6")
        answer(card, page, by=by)
        if number == 1:
            looked_at(page, card, f"graded-question-{by}")
        press_button(card, page, "keep", by=by)
        expect(card.locator(".ck-marks button").nth(number - 1)).to_have_attribute(
            "aria-label", f"Question {number}, answered"
        )
    expect(card.locator(".ck-feedback")).to_contain_text("Hand in the folder")
    assert card.locator(".ck-outcome").count() == 0
    looked_at(page, card, f"graded-done-{by}")
    assert {one["question"] for one in json.loads(path.read_text())["answers"]} == {f"q{n}" for n in range(1, 7)}
    assert cells(page) == before


def due(lab: Lab, item: str, **data: object) -> None:
    """Something that the learner saw ten days ago, and that is due since."""
    import fsrs

    then = datetime.now(UTC) - timedelta(days=10)
    state = fsrs.Card(card_id=1, due=then)
    event = {"session": "review", "rating": "good", "due": then.isoformat(), "state": state.to_dict(), **data}
    connection = sqlite3.connect(lab.folder / "coursekit_home" / "progress.sqlite3", timeout=30)
    with connection:
        connection.execute(
            "INSERT INTO events (uid, at, event, lesson, item, data) VALUES (?, ?, 'card', '01', ?, ?)",
            (f"{item}-{datetime.now(UTC).timestamp()}", datetime.now(UTC).isoformat(), item, json.dumps(event)),
        )
    connection.close()


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_review_of_everything_asks_cards_and_missed_questions(page: Page, lab: Lab, by: str) -> None:
    open_card(page, lab, "practice")  # which makes the progress file
    due(lab, "01-practice-load", what="question")
    due(lab, "01-card-call")
    card = open_card(page, lab, "review")
    seen = set()
    for _ in range(40):
        if "Nothing is due now" in card.inner_text():
            break
        place = card.locator(".ck-place").inner_text()
        if card.locator(".ck-field:visible").count():
            seen.add("question")
            looked_at(page, card, f"review-question-{by}")
            answer(card, page, by=by)
            press_button(card, page, "check", by=by)
            expect(card.locator(".ck-outcome")).to_be_visible()
            expect(card.locator(".ck-panel").first).to_contain_text("Solution")
            looked_at(page, card, f"review-answered-{by}")
            again = card.locator('[data-ck="button-again"]').count()
            press_button(card, page, "again" if again else "easy", by=by)
        else:
            seen.add("card")
            press_button(card, page, "show", by=by)
            expect(card.locator(".ck-body")).to_contain_text("How well did you recall it?")
            looked_at(page, card, f"review-card-{by}")
            press_button(card, page, "easy", by=by)
        expect(card.locator(".ck-place")).not_to_have_text(place)
    assert {"question", "card"} <= seen
    expect(card.locator(".ck-body")).to_contain_text("Nothing is due now")
    looked_at(page, card, f"review-nothing-{by}")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_practice_predict_challenge_and_test_in_both_themes(page: Page, lab: Lab, by: str) -> None:
    card = open_card(page, lab, "practice")
    # Each hand its own question: the other's answer may have been right, and then nothing is left to check.
    number = {"mouse": 3, "keyboard": 4}[by]
    card.locator(".ck-marks button").nth(number - 1).click()
    expect(card.locator(".ck-place")).to_contain_text(f"Question {number}")
    answer(card, page, by=by)
    press_button(card, page, "check", by=by)
    expect(card.locator(".ck-outcome")).to_be_visible()
    press_button(card, page, "solve", by=by) if card.locator('[data-ck="button-solve"]').count() else None
    looked_at(page, card, f"practice-{by}")

    card = open_card(page, lab, "predict")
    if card.locator('[data-ck="button-again"]').count():
        press_button(card, page, "again", by=by)
    elif card.locator('[data-ck="button-change"]').count():
        press_button(card, page, "change", by=by)
    answer(card, page, by=by)
    press_button(card, page, "keep", by=by)
    expect(card.locator(".ck-feedback")).to_contain_text("Your guess is kept")
    press_button(card, page, "compare", by=by)
    expect(card.locator(".ck-outcome")).to_be_visible()
    looked_at(page, card, f"predict-{by}")

    card = open_card(page, lab, "challenge")
    press_button(card, page, "start", by=by) if card.locator('[data-ck="button-start"]').count() else None
    if card.locator('[data-ck="button-open"]').count():
        press_button(card, page, "open", by=by)
        expect(card.locator(".ck-clock")).to_contain_text("left")
        answer(card, page, by=by)
        press_button(card, page, "check", by=by)
        expect(card.locator(".ck-outcome")).to_be_visible()
    looked_at(page, card, f"challenge-{by}")

    card = open_card(page, lab, "test")
    press_button(card, page, "start", by=by)
    for number in range(1, 11):
        expect(card.locator(".ck-place")).to_contain_text(f"Question {number} of 10")
        press_button(card, page, "skip", by=by) if number < 10 else None
    answer(card, page, by=by)
    press_button(card, page, "finish", by=by)
    expect(card.locator(".ck-heading")).to_have_text("Test: the verdict")
    looked_at(page, card, f"test-verdict-{by}")
    assert focused(page) == "button-start"  # never lost: on what can be done next
