"""The card in a real JupyterLab: answered by keyboard, kept over a reload, quiet towards the notebook, readable."""

from __future__ import annotations

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest
from conftest import require_tool
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLOW = 120_000  # milliseconds
ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "quiz"
CELLS = {
    "practice": 'practice("01")',
    "predict": 'predict("01-predict-shape")',
    "test": 'test("01")',
    "challenge": 'challenge("01")',
    "review": 'review("01")',
}
SETTINGS = "@jupyterlab/apputils-extension"


class Lab:
    """A JupyterLab on loopback with one notebook for each session."""

    module = "jupyterlab"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.theme("JupyterLab Light")
        self.setting("notification", {"fetchNews": "false", "checkForUpdates": False})
        for name, call in CELLS.items():
            book = nbformat.v4.new_notebook()
            book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
            book.cells = [
                nbformat.v4.new_code_cell(f"from coursekit.quiz import {name}\n{call}"),
                nbformat.v4.new_code_cell("untouched = 1"),
                nbformat.v4.new_code_cell("untouched = 2"),
            ]
            nbformat.write(book, folder / f"{name}.ipynb")

    def setting(self, name: str, value: dict[str, object]) -> None:
        path = self.folder / "settings" / SETTINGS / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")

    def theme(self, name: str) -> None:
        self.setting("themes", {"theme": name})

    def start(self) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "MPL"))}
        for name in (
            "HOME",
            "COURSEKIT_HOME",
            "IPYTHONDIR",
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
        ):
            environment[name] = str(self.folder / name.lower())
        (self.folder / "home").mkdir(exist_ok=True)
        environment |= {"JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"), "COURSEKIT_OFFLINE": "1"}
        environment["JUPYTERLAB_WORKSPACES_DIR"] = str(self.folder / "workspaces")
        options = [f"--ServerApp.port={self.port}", "--IdentityProvider.token=local", "--allow-root", "--no-browser"]
        with (self.folder / "lab.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, *options, f"--ServerApp.root_dir={self.folder}"],
                env=environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(600):
            try:
                urlopen(f"http://127.0.0.1:{self.port}/api?token=local", timeout=5)
                return
            except OSError:
                time.sleep(0.5)
        raise RuntimeError((self.folder / "lab.log").read_text(errors="replace")[-2000:])

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/lab/workspaces/{name}/tree/{name}.ipynb?token=local"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = Lab(tmp_path_factory.mktemp("quiz-lab"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        launched = playwright.chromium.launch(executable_path=require_tool("chromium"), args=flags)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 1000}, reduced_motion="reduce")
    context.set_default_timeout(SLOW)
    yield context.new_page()
    context.close()


def open_card(page: Page, lab: Lab, name: str, *, run: bool = True) -> Locator:
    """The card of a session's notebook, in view; its cell is run unless it is only looked at again."""
    page.goto(lab.address(name), wait_until="domcontentloaded")
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    panel.locator(".jp-Cell").first.wait_for()
    if run:
        page.get_by_text("| Idle").first.wait_for()
        run_first_cell(page, panel)
    card = panel.locator(".ck-card")
    card.wait_for()
    return card


def run_first_cell(page: Page, panel: Page | Locator) -> None:
    """Click and Ctrl+Enter, again where the keys came before the editor was ready for them."""
    prompt = panel.locator(".jp-CodeCell .jp-InputPrompt").first
    for _ in range(10):
        panel.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Control+Enter")
        try:
            expect(prompt).to_contain_text(re.compile(r"\[(\*|\d+)\]"), timeout=5_000)
            return
        except AssertionError:
            continue
    raise AssertionError("the first cell does not run")


def cells(page: Page) -> list[str]:
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .cm-content").all_inner_texts()


def picture(card: Locator, name: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    card.screenshot(path=ARTIFACTS / f"{name}.png")


def violations(page: Page) -> list[str]:
    """axe-core's serious and critical findings inside the card."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".ck-card").response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def contrast(card: Locator, selector: str) -> float:
    """WCAG contrast of an element's text against the first ground behind it, as the browser paints them."""
    return card.locator(selector).first.evaluate(
        """node => {
            const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
            const light = colour => {
                canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(one => {
                    const part = one / 255;
                    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            let ground = node;
            const painted = one => getComputedStyle(one).backgroundColor;
            while (/^rgba\\(0, 0, 0, 0\\)$|^transparent$/.test(painted(ground))) ground = ground.parentElement;
            const pair = [light(painted(ground)), light(getComputedStyle(node).color)].sort((a, b) => b - a);
            return (pair[0] + 0.05) / (pair[1] + 0.05);
        }"""
    )


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.getAttribute('data-ck') ?? document.activeElement.className")


def pick(card: Locator, text: str) -> None:
    card.locator(".ck-option", has_text=text).click()


def test_practice_by_keyboard_alone_and_kept_over_reload_and_rerun(page: Page, lab: Lab) -> None:
    card = open_card(page, lab, "practice")
    before = cells(page)
    assert card.get_attribute("data-lm-suppress-shortcuts") == "true"
    assert violations(page) == []
    assert min(contrast(card, one) for one in (".ck-stem", ".ck-place", ".ck-letter", ".ck-button")) > 4.5
    card.locator(".ck-stem").focus()
    options = card.locator(".ck-text").all_inner_texts()
    wrong = next(n for n, text in enumerate(options) if "cleaned copy" in text)
    right = next(n for n, text in enumerate(options) if "Strong image models" in text)
    for key in ("a", "b", "d", "d", "x", "c", "y", "m", "z", "0", "0", "Escape", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)  # JupyterLab's own shortcuts: none may reach the notebook
    page.keyboard.press(str(wrong + 1))
    expect(card.locator(".ck-option input").nth(wrong)).to_be_checked()
    page.keyboard.press("Enter")
    expect(card.locator(".ck-outcome")).to_have_text("\u2717 Not right.")
    expect(card.locator("[role=status]")).to_contain_text("never touches your data set")
    assert focused(page) == f"option-{wrong}"
    picture(card, "practice-wrong-light")
    assert violations(page) == []
    page.keyboard.press("abcd"[right])
    page.keyboard.press("Enter")
    expect(card.locator(".ck-outcome")).to_have_text("\u2713 Right.")
    assert focused(page) == "button-next"
    page.keyboard.press("Enter")
    expect(card.locator(".ck-place")).to_contain_text("Question 2 of 5")
    assert focused(page) == "ck-stem"
    assert cells(page) == before
    assert page.locator(".jp-Dialog").count() == 0
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "option-1"

    page.keyboard.press("Control+s")  # the one shortcut that the card hands on
    for _ in range(100):
        if "widget-view" in (lab.folder / "practice.ipynb").read_text(encoding="utf-8"):
            break
        page.wait_for_timeout(200)
    page.reload(wait_until="domcontentloaded")
    card = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .ck-card")
    card.wait_for()
    card.locator(".ck-marks button").first.click()
    expect(card.locator(".ck-outcome")).to_have_text("\u2713 Right.")
    expect(card.locator(".ck-option input").nth(right)).to_be_checked()

    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    card = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .ck-card")
    expect(card.locator(".ck-place")).to_contain_text("Question 2 of 5")
    expect(card.locator(".ck-marks button").first).to_have_attribute("aria-label", "Question 1, right")


def test_keys_with_control_reach_jupyterlab_and_not_the_cells(page: Page, lab: Lab) -> None:
    card = open_card(page, lab, "predict")
    before = cells(page)
    card.locator(".ck-input").focus()
    page.keyboard.type("abc")
    bar = page.locator("#jp-left-stack")
    shown = bar.is_visible()
    page.keyboard.press("Control+b")  # the side bar, from inside the card
    expect(bar).to_be_visible(visible=not shown)
    page.keyboard.press("Control+b")
    expect(bar).to_be_visible(visible=shown)
    card.evaluate("root => { root.mark = 'the same card' }")
    for key in ("Control+Enter", "Control+m", "Control+Shift+ArrowDown", "Control+Backspace"):  # shortcuts of cells
        page.keyboard.press(key)
    page.keyboard.press("Control+a")
    page.keyboard.type("[5, 1000]")  # what was typed is replaced, not the notebook's cells
    expect(card.locator(".ck-input")).to_have_value("[5, 1000]")
    page.wait_for_timeout(1500)
    assert card.evaluate("root => root.mark") == "the same card"  # Ctrl+Enter has run nothing
    assert cells(page) == before


def test_feedback_comes_within_a_tenth_of_a_second(page: Page, lab: Lab) -> None:
    card = open_card(page, lab, "practice")
    card.locator(".ck-marks button").nth(1).click()
    expect(card.locator(".ck-place")).to_contain_text("Question 2")
    wrong = (
        card.locator(".ck-option").filter(has_text="load_resnet18"),
        card.locator(".ck-option").filter(has_text="torchvision."),
    )
    taken = []
    for number in range(20):
        wrong[number % 2].first.click()
        taken.append(
            card.evaluate(
                """root => new Promise(done => {
                    const place = root.querySelector('.ck-feedback');
                    const begun = performance.now();
                    new MutationObserver((_, seen) => { seen.disconnect(); done(performance.now() - begun); })
                        .observe(place, {childList: true});
                    root.querySelector('[data-ck="button-check"]').click();
                })"""
            )
        )
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    (ARTIFACTS / "feedback-ms.json").write_text(json.dumps(sorted(taken)))
    assert statistics.median(taken) < 100, sorted(taken)


def test_a_guess_is_typed_kept_and_compared(page: Page, lab: Lab) -> None:
    card = open_card(page, lab, "predict")
    card.locator(".ck-input").focus()
    page.keyboard.type("five rows")
    page.keyboard.press("Enter")
    expect(card.locator(".ck-feedback")).to_contain_text("Type the sizes in order")
    assert focused(page) == "input"
    page.keyboard.press("Control+a")
    page.keyboard.type("[5, 512]")
    page.keyboard.press("Enter")
    expect(card.locator(".ck-feedback")).to_contain_text("Your guess is kept")
    assert "[5, 1000]" not in card.inner_text()
    assert focused(page) == "button-compare"
    page.keyboard.press("Enter")
    expect(card.locator(".ck-feedback")).to_contain_text("512 features enter the last layer")
    expect(card.locator(".ck-feedback")).to_contain_text("[5, 1000]")
    assert violations(page) == []
    assert len(cells(page)) == 3


def test_the_test_ends_in_a_verdict_and_a_way_back(page: Page, lab: Lab) -> None:
    card = open_card(page, lab, "test")
    card.get_by_role("button", name="Start the test").click()
    for number in range(10):
        expect(card.locator(".ck-place")).to_contain_text(f"Question {number + 1} of 10")
        if card.locator(".ck-input").count():
            card.locator(".ck-input").fill("[7, 7]" if "shape" in card.inner_text() else "7")
        else:
            card.locator(".ck-option").first.click()
        assert card.locator(".ck-outcome").count() == 0
        card.locator('[data-ck="button-keep"]').click()
    card.get_by_role("button", name="Finish and see the verdict").click()
    expect(card.locator(".ck-heading")).to_have_text("Test: the verdict")
    expect(card.locator(".ck-body")).to_contain_text("Read again: section")
    assert violations(page) == []
    picture(card, "test-verdict-light")
    card.locator(".ck-marks button").first.click()
    expect(card.locator(".ck-panel").first).to_contain_text("Solution")
    assert violations(page) == []


def test_the_challenge_has_a_clock_and_two_attempts(page: Page, lab: Lab) -> None:
    card = open_card(page, lab, "challenge")
    card.get_by_role("button", name="Start", exact=True).click()
    card.get_by_role("button", name="Show the problem").click()
    expect(card.locator(".ck-clock")).to_contain_text("left")
    first = card.locator(".ck-clock").inner_text()
    for text in ("ResNet50_Weights.DEFAULT", "pretrained=True"):
        pick(card, text)
        card.locator('[data-ck="button-check"]').click()
        expect(card.locator(".ck-option[data-mark=wrong]")).to_contain_text(text)
    expect(card.locator(".ck-panel").first).to_contain_text("Solution")
    assert first
    assert violations(page) == []


def test_cards_are_turned_and_rated_by_keyboard(page: Page, lab: Lab) -> None:
    card = open_card(page, lab, "review")
    left = card.locator(".ck-place").inner_text()
    card.get_by_role("button", name="Show the answer").focus()
    page.keyboard.press("Enter")
    expect(card.locator(".ck-body")).to_contain_text("How well did you recall it?")
    assert focused(page) == "button-good"
    page.keyboard.press("Enter")
    expect(card.locator(".ck-place")).not_to_have_text(left)
    assert focused(page) == "button-show"
    assert violations(page) == []


def test_in_the_dark_and_on_a_narrow_screen(page: Page, lab: Lab) -> None:
    lab.theme("JupyterLab Dark")
    try:
        card = open_card(page, lab, "practice")
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        for number in range(5):
            card.locator(".ck-marks button").nth(number).click()
            expect(card.locator(".ck-place")).to_contain_text(f"Question {number + 1}")
            assert violations(page) == []
        assert contrast(card, ".ck-stem") > 7
        assert contrast(card, ".ck-place") > 4.5
        assert contrast(card, ".ck-stem pre") > 7
        picture(card, "practice-dark")
        page.keyboard.press("Control+b")  # the side bar away
        page.set_viewport_size({"width": 520, "height": 900})
        wide = card.evaluate("root => root.scrollWidth - root.clientWidth")
        assert wide <= 0
        picture(card, "practice-narrow")
    finally:
        lab.theme("JupyterLab Light")
