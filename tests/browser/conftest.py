"""One ``coursekit lab`` and one Chromium for a whole module; every page has the theme a test asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab.running import Running, end, free_port, start
from playwright.sync_api import Browser, Page, sync_playwright

SLOW = 400_000  # milliseconds; for what waits on a kernel or on JupyterLab's own code on a busy machine
ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "browser"
FOLDERS = {
    "HOME": "user",
    "COURSEKIT_HOME": "home",
    "TORCH_HOME": "torch",
    "IPYTHONDIR": "ipython",
    "MPLCONFIGDIR": "matplotlib",
    "JUPYTER_CONFIG_DIR": "jupyter-config",
    "JUPYTER_DATA_DIR": "jupyter-data",
    "JUPYTER_RUNTIME_DIR": "jupyter-runtime",
    "JUPYTERLAB_SETTINGS_DIR": "lab-settings",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty home and the workspace; as a newcomer's machine."""
    folder = tmp_path_factory.mktemp("newcomer")
    (folder / "user").mkdir()
    return folder


@pytest.fixture(scope="module")
def lab(world: Path) -> Iterator[Running]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    environment |= {name: str(world / folder) for name, folder in FOLDERS.items()}
    environment |= {"COURSEKIT_OFFLINE": "1", "OMP_NUM_THREADS": "2"}
    environment.pop("MPLBACKEND", None)  # the tests' own; a kernel draws inline
    running = start(world / "workspace", free_port(), environment)
    yield running
    if running.process.poll() is None:
        assert end(running) == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from conftest import require_tool

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=require_tool("chromium"), args=flags)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def pages(browser: Browser, lab: Running) -> Iterator[Callable[[str], Page]]:
    """The page of a theme, opened at its first use and kept."""
    opened: dict[str, Page] = {}

    def page(theme: str) -> Page:
        if theme not in opened:
            opened[theme] = open_page(browser, lab, theme)
        return opened[theme]

    yield page
    for one in opened.values():
        one.context.close()


def open_page(browser: Browser, lab: Running, theme: str) -> Page:
    """JupyterLab on the dashboard, in a browser that was never here before, on a system with this theme."""
    context = browser.new_context(color_scheme=theme, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())  # "leave this page?", where a notebook is not saved yet
    page.goto(lab.address, wait_until="domcontentloaded", timeout=SLOW)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=SLOW)
    return page


def wait_for_kernel(page: Page) -> None:
    """Until the status bar says that the kernel of the notebook in front is idle."""
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=SLOW)


def picture(page: Page, name: str) -> None:
    """Keep a screenshot as a test artefact."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def violations(page: Page, context: str) -> list[str]:
    """axe-core's serious and critical findings in what we draw, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=context).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"  # the notebook in front


def run_all(page: Page) -> None:
    """Menu, Run, Run All Cells; wait until every code cell has run, or one has failed."""
    wait_for_kernel(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        """shown => {
            const prompts = [...document.querySelectorAll(`${shown} .jp-CodeCell .jp-InputPrompt`)];
            const failed = document.querySelector(`${shown} [data-mime-type="application/vnd.jupyter.error"]`);
            return failed || (prompts.length > 0 && prompts.every(one => /\\[\\d+\\]/.test(one.textContent)));
        }""",
        arg=SHOWN,
        timeout=SLOW,
        polling=500,
    )


def errors(page: Page) -> list[str]:
    """What went wrong in the notebook in front, as a learner would see it."""
    kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
    return page.locator(", ".join(f'{SHOWN} [data-mime-type="{kind}"]' for kind in kinds)).all_inner_texts()
