"""The dashboard: lessons, minutes, modes, progress, and what to do next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from coursekit.errors import CourseError
from coursekit.lab.across import write_across
from coursekit.lab.page import bundle, html
from coursekit.lab.state import ALL, Standing
from coursekit.lab.views import write_view

HERE = Path(__file__).parent
WORKSPACE_VARIABLE = "COURSEKIT_WORKSPACE"  # set by ``coursekit lab``


class Dashboard(anywidget.AnyWidget):
    """The dashboard as a widget. The browser sends ``{"do": "open"}`` and ``{"do": "refresh"}``."""

    _esm = HERE / "dashboard.js"
    _css = HERE / "dashboard.css"
    html = traitlets.Unicode().tag(sync=True)
    folder = traitlets.Unicode(None, allow_none=True).tag(sync=True)  # of the start notebook in JupyterLab's tree

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workspace = Path.cwd()
        self.folder = _folder_in_tree(self.workspace)
        self.refresh()
        self.on_msg(self._told)

    def refresh(self) -> Standing:
        """Draw it as things stand now."""
        standing = Standing.now()
        self.html = html(standing, live=True)
        return standing

    def _told(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("do") == "refresh":
            self.refresh()
        elif content.get("do") == "open":
            self.send(self._open(str(content.get("lesson")), str(content.get("mode"))) | {"key": content.get("key")})

    def _open(self, lesson: str, mode: str) -> dict[str, str]:
        try:
            path = write_across(mode, self.workspace) if lesson == ALL else write_view(lesson, mode, self.workspace)
        except CourseError as error:
            return {"say": str(error)}
        inside = path.relative_to(self.workspace.resolve()).as_posix()
        return {"path": inside, "say": f"Opened {inside}"}

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and beside it the page for readers without a kernel or without widgets."""
        made = super()._repr_mimebundle_(**kwargs)
        if made is None:
            return None
        data, metadata = made if isinstance(made, tuple) else (made, {})
        return data | bundle(Standing.now(), styled=False), metadata


def dashboard() -> Dashboard:
    """The dashboard of this workspace; the last line of a cell shows it."""
    return Dashboard()


def _folder_in_tree(workspace: Path) -> str | None:
    """``""`` or ``"some/folder/"``, from JupyterLab's root; None where it was not started by ``coursekit lab``."""
    root = os.environ.get(WORKSPACE_VARIABLE)
    if not root:
        return None
    try:
        inside = workspace.resolve().relative_to(Path(root).resolve()).as_posix()
    except ValueError:
        return None
    return "" if inside == "." else f"{inside}/"
