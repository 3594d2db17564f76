"""Make docs/screenshot.png: the practice of lesson 01 in JupyterLab, with a question answered.

    python docs/make_screenshot.py

Starts ``coursekit lab`` in a workspace of its own and drives Chromium. Offline, so that every machine gets the same.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TARGET = Path(__file__).with_name("screenshot.png")
SIZE = {"width": 1360, "height": 850}  # CSS pixels
MINUTE = 60_000  # milliseconds


def start_lab(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """The running lab and its address with the token."""
    command = [sys.executable, "-m", "coursekit.cli", "lab", "--no-browser", "--port", "0"]
    settings = {**os.environ, "COURSEKIT_OFFLINE": "1", "COURSEKIT_HOME": str(folder / "home"), "PYTHONUNBUFFERED": "1"}
    lab = subprocess.Popen(
        [*command, "--workspace", str(folder / "course")], stdout=subprocess.PIPE, text=True, env=settings
    )
    assert lab.stdout is not None
    for line in lab.stdout:
        address = re.search(r"http://\S+token=\w+", line)
        if address:
            return lab, address[0]
    raise SystemExit("The lab ended before it said where it is. Run: coursekit lab --no-browser")


def cut_view(folder: Path) -> str:
    """The practice of lesson 01 as a notebook of its own; its path inside the workspace."""
    workspace = folder / "course"
    command = [sys.executable, "-m", "coursekit.cli", "view", "01", "--mode", "practice", "--workspace", str(workspace)]
    written = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return Path(written).resolve().relative_to(workspace.resolve()).as_posix()


def photograph(page: Page, address: str, notebook: str) -> None:
    """Open the notebook, run it, answer its first question, take the picture."""
    base, token = address.split("/lab")[0], address.split("token=")[1]
    page.goto(f"{base}/lab/tree/{notebook}?token={token}")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=2 * MINUTE)
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=2 * MINUTE, state="attached")
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    select = page.locator(".jp-Dialog button.jp-mod-accept")  # JupyterLab may ask for the kernel first
    notebook_area = page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer").first
    card = page.locator(".ck-card").first
    for _ in range(180):  # seconds
        if select.is_visible():
            select.click()
        elif card.is_visible():
            break
        notebook_area.evaluate("area => area.scrollBy(0, 400)")  # only what is near is drawn
        page.wait_for_timeout(1000)
    card.locator("input[type=radio]").first.check()
    card.locator('.ck-button[data-primary="true"]').click()
    card.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)  # the feedback, and the theme's fonts
    page.screenshot(path=str(TARGET))


def main() -> None:
    """Make the picture, then end what was started."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not on the path. On Debian or Ubuntu: sudo apt install chromium")
    with tempfile.TemporaryDirectory() as folder:
        lab, address = start_lab(Path(folder))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
                )
                photograph(browser.new_page(viewport=SIZE), address, cut_view(Path(folder)))  # type: ignore[arg-type]
                browser.close()
        finally:
            lab.send_signal(signal.SIGINT)
            lab.wait(60)
    print(TARGET)


if __name__ == "__main__":
    main()
