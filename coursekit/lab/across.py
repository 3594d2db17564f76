"""What goes across all lessons, each in a notebook of its own: the placement, and the review of everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coursekit.errors import CourseError
from coursekit.lab.workspace import deliver, usable


@dataclass(frozen=True)
class Across:
    """A session over all lessons: its notebook, and what is said of it."""

    name: str
    title: str
    text: str

    @property
    def file(self) -> str:
        return f"{self.name}.ipynb"


PLACEMENT = Across(
    "placement",
    "Where to start",
    "A short test over all lessons. It chooses each question by your answers so far, and says at the end which lesson "
    "to start with, and how sure that is. Run the cell below.",
)
REVIEW = Across(
    "review",
    "Review",
    "Recall cards and questions you once missed, of all lessons, on the day you are about to forget them. Run the cell "
    "below.",
)


def write_across(name: str, workspace: Path) -> Path:
    """Write the notebook of a session over all lessons into the workspace, unless it is there; its path.

    Raises:
        CourseError: if there is no such session, or the folder cannot be a workspace.
    """
    import nbformat

    found = next((one for one in (PLACEMENT, REVIEW) if one.name == name), None)
    if found is None:
        raise CourseError(f"There is no session {name!r} over all lessons. There are: placement, review.")
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"# {found.title}\n\n{found.text}", id=f"{name}-text"),
            nbformat.v4.new_code_cell(f"from coursekit.quiz import {name}\n\n{name}()", id=f"{name}-card"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}},
    )
    folder = usable(workspace)
    delivery = deliver(folder, {found.file: (nbformat.writes(notebook, version=4) + "\n").encode("utf-8")})
    return folder / (delivery.beside[0][1] if delivery.beside else found.file)
