"""Run the course's own notebooks and keep them tidy in git: outputs stay, what changes by itself goes.

Usage::

    python -m coursekit.notebooks execute notebooks/01_loading_weights/01_loading_weights.ipynb
    python -m coursekit.notebooks tidy notebooks/*/*.ipynb

To edit a notebook as text: ``jupytext --to py:percent NOTEBOOK``, edit, ``jupytext --update --to ipynb SCRIPT``, remove
the script, then execute.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from coursekit.errors import CourseError
from coursekit.files import write_whole

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def execute(path: Path, *, timeout: int = 300) -> float:
    """Run a notebook from top to bottom, offline and with an empty home, and write it back with its outputs.

    The file is written only if every cell ran.

    Returns:
        How long the run took, in seconds, with the kernel's start.

    Raises:
        CourseError: if a cell fails; names the cell.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        settings = {
            "COURSEKIT_OFFLINE": "1",
            "COURSEKIT_HOME": home,
            "TORCH_HOME": home,
            "PYTHONHASHSEED": "0",
        }
        client = NotebookClient(
            notebook, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
        )
        try:
            client.execute(env={**os.environ, **settings})
        except CellExecutionError as error:
            failed = next((cell for cell in notebook.cells if _has_error(cell)), None)
            name = failed["id"] if failed else "?"
            raise CourseError(f"{path.name}, cell {name}: {error.ename}: {error.evalue}") from error
    seconds = time.perf_counter() - started
    write_whole(path, dumps(notebook).encode())
    return seconds


def _has_error(cell: Any) -> bool:
    return any(output.output_type == "error" for output in cell.get("outputs", []))


def tidy(notebook: Any) -> Any:
    """Take out, in place, what differs between two runs of the same cells: times, widgets' ids and state."""
    notebook.metadata = nbformat.from_dict(
        {
            **{key: value for key, value in notebook.metadata.items() if key not in ("widgets", "jupytext")},
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        for name in ("execution", "collapsed", "scrolled", "ExecuteTime", "lines_to_next_cell"):
            cell.metadata.pop(name, None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)  # its id names a widget of a kernel that is gone
            if output.get("metadata"):
                output.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Neighbouring pieces of one stream as one: where a kernel cuts them depends on its haste."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def dumps(notebook: Any) -> str:
    """The tidied notebook as text, ending in a newline."""
    nbformat.validate(tidy(notebook))
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m coursekit.notebooks", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("execute", "tidy"))
    parser.add_argument("notebooks", nargs="+", type=Path)
    chosen = parser.parse_args(arguments)
    for path in chosen.notebooks:
        try:
            if chosen.command == "execute":
                print(f"{path}: {execute(path):.1f} s")
            else:
                write_whole(path, dumps(nbformat.read(path, as_version=4)).encode())
        except (CourseError, OSError, nbformat.reader.NotJSONError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
