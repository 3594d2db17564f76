"""How fast the course starts, each claim beside its peer in one run.

    python benchmarks/startup.py                # all of it
    python benchmarks/startup.py --only import  # one part: lab, import or notebooks

``lab``: seconds until the server answers, and until the start notebook is visible in Chromium, of ``coursekit lab``
(first start: a new workspace; second start: the same one) and of a bare ``jupyter lab`` on a copy of that workspace.
``import``: ``import coursekit`` beside an empty program. ``notebooks``: each notebook run by nbclient, kernel start
included. Starts alternate, so that a machine busy with something else slows all of them alike.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOTEBOOK = "00_start_here.ipynb"
SECONDS = 600.0  # after which a start counts as failed
Times = dict[str, list[float]]


def main() -> None:
    """Measure what was asked for and print a table."""
    parser = argparse.ArgumentParser(description="How fast the course starts, beside its peers.")
    parser.add_argument("--rounds", type=int, default=3, help="how often each start is measured")
    parser.add_argument("--only", choices=["lab", "import", "notebooks"], help="one part")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="empty: servers only")
    options = parser.parse_args()
    print(f"$ {' '.join([Path(sys.executable).name, *sys.argv])}")
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} before, {options.rounds} rounds, medians\n")
    if options.only in (None, "import"):
        show_import(options.rounds)
    if options.only in (None, "lab"):
        show_lab(options.rounds, options.chromium)
    if options.only in (None, "notebooks"):
        show_notebooks()


def show_import(rounds: int) -> None:
    """The cost of ``import coursekit`` over an empty program."""
    times: Times = {"pass": [], "import coursekit": []}
    for _ in range(max(rounds, 5)):
        for code, taken in times.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            taken.append(time.perf_counter() - started)
    empty, ours = (statistics.median(taken) for taken in times.values())
    print(f"python -c pass              {empty:7.3f} s")
    print(f"python -c import coursekit  {ours:7.3f} s   {ours - empty:+.3f} s (goal: under +0.200 s)\n")


def show_lab(rounds: int, chromium: str | None) -> None:
    """``coursekit lab``, first and second start, beside a bare ``jupyter lab``."""
    answers: Times = {"jupyter lab": [], "first": [], "second": []}
    visible: Times = {"jupyter lab": [], "first": [], "second": []}
    with tempfile.TemporaryDirectory() as temporary, _eyes(chromium) as see:
        for turn in range(rounds + 1):  # the first turn only warms the disk's cache
            world = Path(temporary) / str(turn)
            workspace = world / "workspace"
            environment = _world(world)
            for name in ("first", "second", "jupyter lab"):
                start = _bare(world, environment) if name == "jupyter lab" else _ours(workspace, environment)
                with start as (address, seconds, started):
                    if turn:
                        answers[name].append(seconds)
                    if see:
                        see(address)
                        if turn:
                            visible[name].append(time.perf_counter() - started)
    _table("server answers", answers)
    if chromium:
        _table("notebook visible", visible)


def _world(world: Path) -> dict[str, str]:
    """Environment of a machine that never ran the course."""
    world.mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "COURSEKIT"))}
    return environment | {"HOME": str(world), "COURSEKIT_HOME": str(world / "state"), "COURSEKIT_OFFLINE": "1"}


@contextmanager
def _ours(workspace: Path, environment: dict[str, str]) -> Iterator[tuple[str, float, float]]:
    command = [sys.executable, "-m", "coursekit.cli", "lab", "--no-browser", "--workspace", str(workspace)]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://\S+", line):
                yield found[0], time.perf_counter() - started, started
                break
        else:
            raise SystemExit(f"coursekit lab ended with {process.wait()}")
    finally:
        _end(process)


@contextmanager
def _bare(world: Path, environment: dict[str, str]) -> Iterator[tuple[str, float, float]]:
    folder = world / "bare"
    shutil.copytree(world / "workspace", folder, ignore=shutil.ignore_patterns(".coursekit"))
    token, port = secrets.token_hex(16), 18888
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment | {"JUPYTER_TOKEN": token}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}/api"):
            if process.poll() is not None or time.perf_counter() - started > SECONDS:
                raise SystemExit(f"jupyter lab ended with {process.poll()}")
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        yield f"http://127.0.0.1:{port}/lab/tree/{NOTEBOOK}?token={token}", seconds, started
    finally:
        _end(process)


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


@contextmanager
def _eyes(chromium: str | None) -> Iterator[Callable[[str], None] | None]:
    """A function that returns when the notebook at an address is visible, in a browser that was never there before."""
    if not chromium:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])

        def see(address: str) -> None:
            page = browser.new_page()  # a context of its own: nothing is cached
            page.goto(address, wait_until="commit", timeout=SECONDS * 1000)
            page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=SECONDS * 1000)
            page.close()

        yield see
        browser.close()


def _end(process: subprocess.Popen[Any]) -> None:
    process.send_signal(signal.SIGTERM)  # both end their kernels on it
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _table(title: str, times: Times) -> None:
    bare = statistics.median(times["jupyter lab"])
    print(title)
    for name, taken in times.items():
        label = name if name == "jupyter lab" else f"coursekit lab, {name} start"
        middle = statistics.median(taken)
        spread = f"{min(taken):.2f} to {max(taken):.2f}"
        print(f"  {label:28} {middle:7.2f} s  ({spread})  {middle / bare:5.2f} of bare")
    print("  goal: within 1.10 of bare\n" if title == "notebook visible" else "")


def show_notebooks() -> None:
    """How long each notebook takes from nothing to its last cell."""
    import nbformat
    from nbclient import NotebookClient

    from coursekit.paths import content_dir

    print("notebook, run from nothing (goal for a lesson: under 60 s on 2 cores)")
    for path in sorted((content_dir() / "notebooks").rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        notebook = nbformat.read(path, as_version=4)
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            NotebookClient(
                notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}}
            ).execute()
        print(f"  {path.name:36} {time.perf_counter() - started:7.1f} s")


if __name__ == "__main__":
    main()
