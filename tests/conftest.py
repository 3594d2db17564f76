"""What every test starts from: an empty home of its own, no network, few threads, no pop-ups."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

# Before anything imports torch or matplotlib. Two cores are shared by pytest's workers, their kernels and a browser.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# Threads that wait must not spin: two workers' kernels of two threads each would starve each other.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ["MPLBACKEND"] = "Agg"
# A shell that starts tests in the background has them ignore Ctrl+C, and what they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

CHECKOUT = Path(__file__).resolve().parent.parent
TRUE = ("1", "true", "yes")


def in_ci() -> bool:
    """Is this a run in which nothing may be skipped (``CI=true``)?"""
    return os.environ.get("CI", "").strip().lower() in TRUE


def require_tool(name: str) -> str:
    """The path of a program that the test cannot do without.

    Missing, the test is skipped with its reason in pytest's summary; with ``CI=true`` it fails instead.
    ``bwrap`` counts as missing too where the system forbids it to make a namespace.
    """
    path = shutil.which(name)
    reason = f"{name} is not on the path" if path is None else (_why_bwrap_fails(path) if name == "bwrap" else "")
    if path is not None and not reason:
        return path
    message = f"{reason}; `python3 course.py test` installs it where it may (root on Debian or Ubuntu)"
    if in_ci():
        pytest.fail(f"{message}. CI=true: nothing may be skipped.", pytrace=False)
    pytest.skip(message)


@cache
def _why_bwrap_fails(path: str) -> str:
    """Why bubblewrap cannot make a sandbox here; empty if it can."""
    command = [path, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "true"]
    try:
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bwrap does not run here ({error})"
    return "" if outcome.returncode == 0 else f"bwrap may not make a sandbox here ({outcome.stderr.strip()})"


@pytest.fixture(scope="session")
def _font_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests, made before any of them: matplotlib needs seconds for it, and says so on stderr."""
    folder = tmp_path_factory.mktemp("matplotlib")
    make = [sys.executable, "-c", "import matplotlib.font_manager"]
    subprocess.run(make, env={**os.environ, "MPLCONFIGDIR": str(folder)}, stderr=subprocess.DEVNULL, check=True)
    return folder


@pytest.fixture(autouse=True)
def _own_world(_font_cache: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's state, caches and settings lie in a folder of its own, and the network is forbidden."""
    world = tmp_path_factory.mktemp("world")
    for name, folder in {
        "HOME": "user",
        "COURSEKIT_HOME": "home",
        "TORCH_HOME": "torch",
        "JUPYTER_CONFIG_DIR": "jupyter-config",
        "JUPYTER_DATA_DIR": "jupyter-data",
        "JUPYTER_RUNTIME_DIR": "jupyter-runtime",
        "JUPYTERLAB_SETTINGS_DIR": "lab-settings",
        "JUPYTERLAB_WORKSPACES_DIR": "lab-workspaces",
        "IPYTHONDIR": "ipython",
        "XDG_DATA_HOME": "xdg-data",
        "XDG_CONFIG_HOME": "xdg-config",
    }.items():
        monkeypatch.setenv(name, str(world / folder))
    (world / "user").mkdir()
    monkeypatch.setenv("MPLCONFIGDIR", str(_font_cache))
    monkeypatch.setenv("COURSEKIT_OFFLINE", "1")
    monkeypatch.delenv("JUPYTER_DEFAULT_PROVISIONER_NAME", raising=False)


@pytest.fixture
def home() -> Path:
    """This test's own ``COURSEKIT_HOME``, made and empty."""
    folder = Path(os.environ["COURSEKIT_HOME"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def checkout() -> Path:
    """The repository's root folder."""
    return CHECKOUT


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lifts ``COURSEKIT_OFFLINE`` for a test that talks to a server of its own on loopback."""
    monkeypatch.delenv("COURSEKIT_OFFLINE")


@pytest.fixture
def chromium() -> str:
    """The path of Chromium."""
    return require_tool("chromium")


@pytest.fixture
def bwrap() -> str:
    """The path of bubblewrap, shown to work."""
    return require_tool("bwrap")


LONGEST = ("test_views_run.py", "test_notebooks.py")  # one for each of two workers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first, so that the workers end together."""
    rank = {"browser": 1, "quiz": 3}
    items.sort(key=lambda item: 0 if item.path.name in LONGEST else rank.get(item.path.parent.name, 2))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeats what lint and types said before the tests (tests/run.py), so that pytest's summary tells the whole."""
    line = os.environ.get("COURSEKIT_CHECKS")
    if line:
        terminalreporter.write_line(f"Before the tests: {line}", red="FAILED" in line)
