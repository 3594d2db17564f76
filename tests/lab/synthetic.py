"""Small courses made up for tests: lessons with every tag, exercises with solutions and hidden tests."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from coursekit.lessons import MODES

SECRET = "forty_two = 6 * 7"  # only ever in a solution
HIDDEN = "hidden_seed = 20261123"  # only ever in a hidden test
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def lesson(number: int = 1, *, title: str = "Loading weights", version: str = "one") -> NotebookNode:
    """A lesson whose modes each print their own name, with stored outputs."""
    cells = [
        _tagged(new_markdown_cell(f"# {title}\n\nVersion {version}.", id="opening"), "opening"),
        _tagged(_run("import math\nshown = []", "setup-1", ""), "setup"),
    ]
    for mode in MODES:
        about = (
            f"## {mode} part\n\nSee [the test](#the-test), [here](#{mode}-part), ![a plot](images/plot.png), `[a](b)`."
        )
        cells.append(_tagged(new_markdown_cell(about, id=f"{mode}-text"), f"mode-{mode}"))
        cells.append(
            _tagged(_run(f"shown.append({mode!r})\nprint(shown)", f"{mode}-code", "old output"), f"mode-{mode}")
        )
    cells.append(_tagged(_run("late = math.tau", "setup-2", ""), "setup"))
    cells.append(_tagged(new_markdown_cell("## the test", id="closing"), "closing"))
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    notebook.metadata["coursekit"] = {
        "title": title,
        "summary": f"What lesson {number} is about, in one sentence.",
        "objectives": [{"id": f"{number:02}.api", "text": "load weights"}],
        "minutes": {mode: 3 + position for position, mode in enumerate(MODES)},
    }
    return notebook


def exercises(number: int = 1, *, count: int = 2) -> NotebookNode:
    """Exercises as nbgrader stores them."""
    cells = [new_markdown_cell("# Exercises", id="top")]
    for one in range(1, count + 1):
        solution = _run(
            f"def answer_{one}():\n    ### BEGIN SOLUTION\n    {SECRET}\n    return forty_two\n    ### END SOLUTION",
            f"solution-{one}",
            "",
        )
        solution.metadata["nbgrader"] = _nbgrader(f"{number:02}-solution-{one}", solution=True)
        test = _run(
            f"assert answer_{one}() == 42\n### BEGIN HIDDEN TESTS\n{HIDDEN}\n### END HIDDEN TESTS", f"test-{one}", ""
        )
        test.metadata["nbgrader"] = _nbgrader(f"{number:02}-test-{one}", grade=True, locked=True, points=2)
        cells += [solution, test]
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def write_lesson(content: Path, number: int = 1, *, name: str = "", version: str = "one", count: int = 2) -> Path:
    """Write lesson ``number`` into ``content/notebooks`` and return its folder."""
    folder = content / "notebooks" / (name or f"{number:02}_lesson_{number}")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "images" / "plot.png").write_bytes(b"\x89PNG not really")
    nbformat.write(lesson(number, title=f"Lesson number {number}", version=version), folder / f"{folder.name}.ipynb")
    nbformat.write(exercises(number, count=count), folder / f"{number:02}_exercises.ipynb")
    return folder


def edit(path: Path, text: str = "a learner's own line") -> None:
    """Change a notebook as a learner would: one cell more, written as JupyterLab writes."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"].append({"id": "mine", "cell_type": "markdown", "metadata": {}, "source": text})
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def _run(source: str, cell_id: str, output: str) -> NotebookNode:
    cell = new_code_cell(source, id=cell_id)
    if output:
        cell.execution_count = 1
        cell.outputs = [new_output("stream", name="stdout", text=output)]
    return cell


def _tagged(cell: NotebookNode, *tags: str) -> NotebookNode:
    cell.metadata["tags"] = list(tags)
    return cell


def _nbgrader(name: str, *, solution: bool = False, grade: bool = False, locked: bool = False, points: int = 0) -> dict:
    about = {
        "grade": grade,
        "grade_id": name,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return about | ({"points": points} if grade else {})
