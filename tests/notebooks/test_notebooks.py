"""Every notebook runs from top to bottom and prints what is stored in it: here, and with the network cut off.

nbval compares text and HTML to the letter, after ``sanitize.cfg`` has taken out what differs between two runs;
figures and widgets are compared by their kinds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SANITIZE = Path(__file__).with_name("sanitize.cfg")
NOTEBOOKS = sorted(path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "notebooks").rglob("*.ipynb"))
FIRST = [name for name in NOTEBOOKS if name.split("/")[1].startswith(("00", "01"))]
SECONDS_A_CELL = 120

# In the learner's own code and where torchvision says that an argument is going away; a cell that shows such a
# warning on purpose catches it.
WARNINGS = ",".join(
    [
        "error::DeprecationWarning:__main__",
        "error::FutureWarning:__main__",
        "error::PendingDeprecationWarning:__main__",
        "error:The parameter 'pretrained' is deprecated:UserWarning",
        "error:Arguments other than a weight enum:UserWarning",
    ]
)


def run_nbval(notebook: str, home: Path, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run one notebook in a process of its own with an empty home."""
    for name in ("user", "cache", "tmp"):
        (home / name).mkdir(parents=True)
    environment = {
        **os.environ,
        "HOME": str(home / "user"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "TMPDIR": str(home / "tmp"),
        "COURSEKIT_HOME": str(home / "course"),
        "TORCH_HOME": str(home / "torch"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "COURSEKIT_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONWARNINGS": WARNINGS,
    }
    environment.pop("PYTEST_ADDOPTS", None)
    command = [
        *prefix,
        sys.executable,
        *("-W", "ignore", "-m", "pytest", "-c", os.devnull, "--rootdir", str(CHECKOUT)),
        *("-p", "no:cacheprovider", "-p", "no:xdist", "-q", "--no-header", "--nbval"),
        *("--nbval-sanitize-with", str(SANITIZE), "--nbval-cell-timeout", str(SECONDS_A_CELL)),
        notebook,
    ]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=540)


def assert_ran(outcome: subprocess.CompletedProcess[str], notebook: str) -> None:
    tail = outcome.stdout[-6000:] + outcome.stderr[-2000:]
    assert outcome.returncode == 0, f"{notebook}\n{tail}"
    assert " passed" in outcome.stdout, tail


def test_there_are_notebooks() -> None:
    assert "notebooks/00_start_here.ipynb" in NOTEBOOKS
    assert any("exercises" in name for name in NOTEBOOKS)


def cage(bwrap: str, home: Path) -> tuple[str, ...]:
    """A network namespace of its own, which has a loopback and nothing else, on a read-only system."""
    shared = os.environ["MPLCONFIGDIR"]
    return (
        *(bwrap, "--die-with-parent", "--unshare-net", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *("--bind", str(home), str(home), "--chdir", str(CHECKOUT), "--bind", shared, shared),
    )


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_cage_has_no_network(tmp_path: Path, bwrap: str) -> None:
    probe = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    tried = subprocess.run([*cage(bwrap, tmp_path), sys.executable, "-c", probe], capture_output=True, text=True)
    assert "unreachable" in tried.stderr


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_stored_outputs_are_what_comes_out_without_any_network(notebook: str, tmp_path: Path, bwrap: str) -> None:
    assert_ran(run_nbval(notebook, tmp_path, cage(bwrap, tmp_path)), notebook)


@pytest.mark.slow
@pytest.mark.parametrize("notebook", FIRST)
def test_the_same_outside_the_cage(notebook: str, tmp_path: Path) -> None:
    """What a cage takes away makes no difference. The other notebooks would take long to say the same."""
    assert_ran(run_nbval(notebook, tmp_path), notebook)


def test_a_wrong_stored_output_is_noticed(tmp_path: Path) -> None:
    """The comparison itself works: a number that the cell does not print makes the run fail."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    for text, passes in (("2\n", True), ("3\n", False)):
        cell = new_code_cell(
            "print(1 + 1)", outputs=[new_output("stream", name="stdout", text=text)], execution_count=1
        )
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        path = tmp_path / f"says-{text.strip()}.ipynb"
        nbformat.write(new_notebook(cells=[cell], metadata=kernel), path)
        outcome = run_nbval(str(path), tmp_path / f"home-{text.strip()}")
        assert (outcome.returncode == 0) == passes, outcome.stdout


def test_a_deprecated_call_is_an_error(tmp_path: Path) -> None:
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    calls = {
        "old-flag": "import torchvision\n_ = torchvision.models.resnet18(pretrained=False)",
        "own-code": "import warnings\nwarnings.warn('old', DeprecationWarning)",
    }
    for name, source in calls.items():
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(source)], metadata=kernel), path)
        outcome = run_nbval(str(path), tmp_path / f"home-{name}")
        assert outcome.returncode != 0, outcome.stdout
        assert "Warning" in outcome.stdout
