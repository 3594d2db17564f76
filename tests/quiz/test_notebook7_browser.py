"""The card in Notebook 7: from the list of files to an answer by keyboard, kept over a reload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .test_card_browser import SLOW, Lab, browser, cells, focused, page, picture, run_first_cell, violations

__all__ = ["browser", "page"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Notebook(Lab):
    """The same notebooks in Notebook 7."""

    module = "notebook"

    def tree(self) -> str:
        return f"http://127.0.0.1:{self.port}/tree?token=local"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    running = Notebook(tmp_path_factory.mktemp("notebook7"))
    running.start()
    yield running
    running.stop()


def test_a_question_is_answered_by_keyboard(page: Page, notebook: Notebook) -> None:
    page.goto(notebook.tree(), wait_until="domcontentloaded", timeout=SLOW)
    with page.context.expect_page(timeout=SLOW) as opened:
        page.locator(".jp-DirListing-item", has_text="practice.ipynb").dblclick()
    book = opened.value
    book.wait_for_load_state("domcontentloaded")
    assert "/notebooks/practice.ipynb" in book.url
    book.locator(".jp-Cell").first.wait_for()
    book.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=SLOW)
    run_first_cell(book, book)
    card = book.locator(".ck-card")
    card.wait_for(timeout=SLOW)
    before = cells(book)

    card.locator(".ck-stem").focus()
    texts = card.locator(".ck-text").all_inner_texts()
    right = next(place for place, text in enumerate(texts) if "Strong image models" in text)
    for key in ("b", "d", "d", "x", "y", "ArrowDown", "a"):  # shortcuts of cells, none of which may reach them
        book.keyboard.press(key)
    book.keyboard.press("abcd"[right])
    book.keyboard.press("Enter")
    expect(card.locator(".ck-outcome")).to_have_text("\u2713 Right.")
    assert focused(book) == "button-next"
    assert cells(book) == before
    assert violations(book) == []
    picture(card, "notebook7")

    book.keyboard.press("Control+s")
    for _ in range(100):
        if "widget-view" in (notebook.folder / "practice.ipynb").read_text(encoding="utf-8"):
            break
        book.wait_for_timeout(200)
    book.on("dialog", lambda dialog: dialog.accept())
    book.reload(wait_until="domcontentloaded")
    card = book.locator(".ck-card")
    card.wait_for(timeout=SLOW)
    expect(card.locator(".ck-marks button").first).to_have_attribute("aria-label", "Question 1, right")
