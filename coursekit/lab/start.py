"""The start notebook as it is delivered: with a picture of the dashboard in it, to be seen before anything runs."""

from __future__ import annotations

import json
from typing import Any

from coursekit.errors import CourseError
from coursekit.lab.page import bundle
from coursekit.lab.state import Standing
from coursekit.paths import content_dir

NAME = "00_start_here.ipynb"
TAG = "dashboard"  # of the cell whose output shows the dashboard


def start_notebook() -> bytes | None:
    """The start notebook to deliver; None where the course has none.

    Its outputs are taken out, but for the dashboard's cell: that one shows where the learner stands, so that
    JupyterLab has something to show before the first cell runs.
    """
    source = content_dir() / "notebooks" / NAME
    if not source.is_file():
        return None
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = None
            cell["outputs"] = [_picture()] if TAG in cell["metadata"].get("tags", []) else []
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def _picture() -> dict[str, Any]:
    try:
        standing = Standing.now()
    except CourseError:  # progress of a newer coursekit; the dashboard itself will say so when it runs
        standing = Standing.of_a_newcomer()
    shown = bundle(standing)
    data = {mime: content.splitlines(keepends=True) for mime, content in shown.items()}
    return {"output_type": "display_data", "metadata": {}, "data": data}
