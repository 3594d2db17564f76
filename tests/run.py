"""What `python3 course.py test` runs: system programs, lint, format, types, then pytest, whose summary ends the output.

    python3 course.py test [--fast] [arguments for pytest]

``--fast`` leaves out what is slow or needs a browser. ``CI=true`` skips nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {"bwrap": ("bubblewrap",), "chromium": ("chromium", "chromium-sandbox", "fonts-liberation")}  # and packages
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "--quiet"],
    "ruff format": ["-m", "ruff", "format", "--check", "--quiet"],
    "mypy": ["-m", "mypy", "--no-error-summary"],
}


def bring_programs() -> None:
    """Installs the missing system programs where that is allowed; else names them and what happens without them."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        packages = [package for program in missing for package in PROGRAMS[program]]
        print(f"Installing {', '.join(packages)} with apt-get.", flush=True)
        settings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            outcome = subprocess.run(["apt-get", "-qq", *command], env=settings, stdout=subprocess.PIPE, text=True)
            if outcome.returncode != 0:
                print(outcome.stdout, flush=True)
                break
        missing = [program for program in missing if shutil.which(program) is None]
    if missing:
        print(f"MISSING: {', '.join(missing)}. Tests that need them are skipped; with CI=true they fail.", flush=True)


def main(arguments: list[str]) -> int:
    """Runs everything, whatever fails on the way; 0 only if nothing failed."""
    fast = "--fast" in arguments
    chosen = [argument for argument in arguments if argument != "--fast"]
    bring_programs()
    verdicts = {}
    for name, command in CHECKS.items():
        verdicts[name] = subprocess.run([sys.executable, *command], cwd=ROOT).returncode == 0
        print(f"{name}: {'passed' if verdicts[name] else 'FAILED'}", flush=True)
    # tests/conftest.py repeats this line in pytest's summary, where it is seen.
    line = ", ".join(f"{name} {'passed' if passed else 'FAILED'}" for name, passed in verdicts.items())
    settings = {**os.environ, "COURSEKIT_CHECKS": line}
    # Whole files: the tests of a file share its lab and its browser. Their order is that of tests/conftest.py.
    workers = ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile", "--no-loadscope-reorder"]
    selection = ["-m", "not slow and not browser"] if fast else []
    command = [sys.executable, "-m", "pytest", *workers, *selection, *chosen]
    status = subprocess.run(command, cwd=ROOT, env=settings).returncode
    return status or int(not all(verdicts.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
