"""How fast the quiz is: scoring, a bank of ten thousand questions, and the card in a real browser.

    python benchmarks/quiz.py                  # all of it
    python benchmarks/quiz.py --only scoring   # one part: scoring, bank or browser

``scoring``: answers read and scored a second, over all questions of the course, and variants drawn. ``bank``: reading
and linting a thousand and ten thousand questions, to see that it grows in proportion; each in a process of its own, for
its memory. ``browser``: the practice card in JupyterLab; first paint is from the key that runs the cell, with the
import of the quiz and once it is imported; feedback is from the click to the changed card, goal 100 ms.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUESTION = """
  - id: 01-question-{number}
    kind: number
    level: medium
    objective: 01.output
    uses: [practice]
    where: code
    stem: "Twice {{{{n}}}}?"
    params: {{n: {{low: 3, high: 50}}}}
    answer: n * 2
    proof: truth = n + n
    feedback: {{right: Yes., wrong: Add it to itself.}}
    slips: [{{answer: n, misconception: once, feedback: That is once.}}]
    hints: [Look again., Count them.]
    solution: [First this., Then that.]
    quick_check: Run it.
    mistakes: [Guessing.]
"""
CLICK = """root => new Promise(done => {
    const begun = performance.now();
    const painted = () => requestAnimationFrame(() => done(performance.now() - begun));
    new MutationObserver((_, seen) => { seen.disconnect(); painted(); })
        .observe(root.querySelector('.ck-feedback'), {childList: true});
    root.querySelector('[data-ck="button-check"]').click();
})"""


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description="How fast the quiz is.")
    parser.add_argument("--only", choices=["scoring", "bank", "browser"], help="one part")
    parser.add_argument("--lint-many", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.lint_many:
        lint_many(options.lint_many)
        return
    print(f"$ {' '.join([Path(sys.executable).name, *sys.argv])}")
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} before\n")
    parts: dict[str, Callable[[], None]] = {"scoring": show_scoring, "bank": show_bank, "browser": show_browser}
    for name, show in parts.items():
        if options.only in (None, name):
            show()


def show_scoring() -> None:
    """One learner after the other answers every question of the course, rightly."""
    from coursekit.lint import bank_files
    from coursekit.quiz.bank import read
    from coursekit.quiz.variants import draw, seed_for

    items = [item for path in bank_files() for bank in [read(path)[0]] if bank is not None for item in bank.items]
    begun = time.perf_counter()
    variants = [draw(item, seed_for(learner, "speed")) for learner in range(100) for item in items]
    drawn = time.perf_counter() - begun
    answers = [(variant, variant.item.raw(variant, variant.item.key(variant))) for variant in variants]
    begun = time.perf_counter()
    right = sum(variant.item.score(variant, variant.item.parse(variant, raw)).right for variant, raw in answers)
    scored = time.perf_counter() - begun
    print(f"{len(items)} questions of the course, 100 learners, {right} of {len(answers)} right")
    print(f"variants drawn    {len(variants) / drawn:10,.0f} a second")
    print(f"answers scored    {len(answers) / scored:10,.0f} a second\n")


def show_bank() -> None:
    """A thousand and ten thousand questions."""
    for count in (1_000, 10_000):
        subprocess.run([sys.executable, __file__, "--lint-many", str(count)], check=True)
    print()


def lint_many(count: int) -> None:
    """Read and lint so many questions, and say what it took."""
    from coursekit.lint import lint
    from coursekit.quiz.bank import read

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "01_many.yml"
        questions = "".join(QUESTION.format(number=number) for number in range(count))
        path.write_text(f'lesson: "01"\nitems:{questions}', encoding="utf-8")
        begun = time.process_time()
        bank, _, _ = read(path)
        reading = time.process_time() - begun
        assert bank is not None
        assert len(bank.items) == count
        del bank
        begun = time.process_time()
        lint(proofs=False, banks=[path])
        linting = time.process_time() - begun
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{count:6,} questions: read {reading:5.1f} s, linted {linting:5.1f} s, {most:4.0f} MB at most")


def show_browser() -> None:
    """The practice card of lesson 01 in JupyterLab."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from playwright.sync_api import sync_playwright

    from tests.quiz.test_card_browser import Lab, open_card

    paints, clicks = [], []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder))
        lab.start()
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            page = browser.new_page(viewport={"width": 1200, "height": 1000})
            page.set_default_timeout(120_000)
            card = open_card(page, lab, "practice")
            page.wait_for_timeout(1000)
            panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
            for round_ in range(8):
                if round_ == 0:
                    page.get_by_text("Kernel", exact=True).first.click()
                    page.get_by_text("Restart Kernel and Clear Outputs of All Cells").click()
                    page.get_by_role("button", name="Confirm Kernel Restart").click()
                    card.wait_for(state="detached")
                    page.get_by_text("| Idle").first.wait_for()
                    page.wait_for_timeout(1500)
                panel.locator(".jp-CodeCell .cm-content").first.click()
                page.evaluate("() => document.querySelector('.ck-card')?.setAttribute('data-old', '1')")
                begun = time.perf_counter()
                page.keyboard.press("Control+Enter")
                panel.locator(".ck-card:not([data-old])").wait_for()
                page.evaluate("() => new Promise(done => requestAnimationFrame(done))")
                paints.append(time.perf_counter() - begun)
            card.locator(".ck-marks button").nth(1).click()
            card.locator(".ck-option").filter(has_text="load_resnet18").wait_for()
            for number in range(20):
                wrong = ("load_resnet18", "torchvision.")[number % 2]
                card.locator(".ck-option").filter(has_text=wrong).first.click()
                clicks.append(card.evaluate(CLICK))
        finally:
            browser.close()
            lab.stop()
    low, middle, high = min(clicks), statistics.median(clicks), max(clicks)
    later = statistics.median(paints[1:]) * 1000
    print(f"first paint, quiz not yet imported {paints[0] * 1000:6.0f} ms")
    print(f"first paint after that             {later:6.0f} ms (median of {len(paints) - 1})")
    print(f"answer to feedback on the screen   {middle:6.0f} ms ({low:.0f} to {high:.0f}, {len(clicks)} clicks)")


if __name__ == "__main__":
    main()
