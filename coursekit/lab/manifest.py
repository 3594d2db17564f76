"""What was delivered into a workspace: how a learner's own changes are told from files that are as they came."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from coursekit.errors import CourseError
from coursekit.files import write_whole

FORMAT = 1


# JupyterLab writes these into a notebook that is merely opened.
OF_THE_KERNEL = ("kernelspec", "language_info")


def digest(data: bytes, *, outputs: bool = True) -> str:
    """SHA-256 of a file's content, in hex; of a notebook's cells and metadata, however they are written down.

    Opening a notebook is not a change: JupyterLab then saves it with its kernel's name, and in its own layout.

    Args:
        data: the file.
        outputs: do outputs, and the numbers of the runs, count as content of a notebook?
    """
    try:
        notebook = json.loads(data)
        cells = [_joined(cell, outputs=outputs) for cell in notebook["cells"]]
        metadata = {name: value for name, value in notebook["metadata"].items() if name not in OF_THE_KERNEL}
    except (ValueError, KeyError, TypeError, AttributeError):  # another kind of file
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha256(json.dumps([metadata, cells], sort_keys=True).encode()).hexdigest()


def _joined(cell: dict[str, Any], *, outputs: bool) -> dict[str, Any]:
    """A cell with its text as one string each, not as lists of lines."""
    if not outputs:
        metadata = {name: value for name, value in cell["metadata"].items() if name != "execution"}
        return {"source": _text(cell["source"]), "metadata": metadata, "type": cell["cell_type"]}
    shown = [
        one
        | {"text": _text(one.get("text")), "data": {mime: _text(part) for mime, part in one.get("data", {}).items()}}
        for one in cell.get("outputs", [])
    ]
    return cell | {"source": _text(cell["source"]), "outputs": shown}


def _text(lines: Any) -> Any:
    return "".join(lines) if isinstance(lines, list) and all(isinstance(one, str) for one in lines) else lines


@dataclass
class Entry:
    """One path of the workspace."""

    known: list[str] = field(default_factory=list)  # digests of all that was, or was about to be, written there
    latest: str = ""  # digest of the newest version the learner has, in place or beside their own


@dataclass
class Manifest:
    """The record itself, ``.coursekit/delivered.json``; paths are relative to the workspace, with slashes."""

    path: Path
    files: dict[str, Entry] = field(default_factory=dict)
    stored: bytes = b""

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read the record. A lost or damaged one is an empty one: then every file that differs is the learner's.

        Raises:
            CourseError: if a newer coursekit wrote it.
        """
        try:
            stored = path.read_bytes()
            content = json.loads(stored)
            made_by = int(content["format"])
            files = {name: Entry([str(one) for one in e["known"]], str(e["latest"])) for name, e in _files(content)}
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return cls(path)
        if made_by > FORMAT:
            raise CourseError(
                f"{path.parent.parent} was last used by a newer coursekit. It was left as it is. "
                "Update coursekit, or choose another folder with --workspace."
            )
        return cls(path, files, stored)

    def entry(self, name: str) -> Entry:
        """The entry of a path, made if it is not there."""
        return self.files.setdefault(name, Entry())

    def save(self) -> None:
        """Write the record, if it differs from what is stored."""
        files = {name: asdict(entry) for name, entry in sorted(self.files.items())}
        data = json.dumps({"format": FORMAT, "files": files}, indent=1).encode()
        if data != self.stored:
            write_whole(self.path, data)
            self.stored = data


def _files(content: dict[str, dict[str, dict[str, str]]]) -> list[tuple[str, dict[str, str]]]:
    return list(content["files"].items())
