"""What no file of the project may hold, and how large a room may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BINARY = {".png", ".pth", ".npz", ".db"}
HALL = 600  # lines; a file that needs more is two files


def files() -> list[Path]:
    """The files of the project, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [CHECKOUT / name for name in listed.split("\0") if name and (CHECKOUT / name).is_file()]


TEXTS = {path: path.read_text(encoding="utf-8") for path in files() if path.suffix not in BINARY}


def offences(pattern: str) -> list[str]:
    """Where a pattern occurs, as ``file:line: text``; this file aside, which has to spell the patterns."""
    found = []
    for path, text in TEXTS.items():
        if path != Path(__file__).resolve():
            for number, line in enumerate(text.splitlines(), start=1):
                if re.search(pattern, line):
                    found.append(f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()[:100]}")
    return found


def test_git_lists_the_project() -> None:
    names = {str(path.relative_to(CHECKOUT)) for path in TEXTS}
    assert {"course.py", "pyproject.toml", "coursekit/cli.py", "tests/house/test_hygiene.py"} <= names


def test_no_file_names_a_package_index() -> None:
    # Links to pages for people on the public index are allowed; addresses that an installer would use are not.
    assert offences(r"(index-url|find-links|extra-index)[ =:]+\S*(?<!download)\.(internal|local|corp|lan)\b") == []
    assert offences(r"://[^\s/]*(registry|artifactory|nexus|mirror|proxy)[^\s/]*/") == []
    assert offences(r"/simple/?[\"'\s]") == []


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    assert offences(r"(?<![\w.])/(home|Users)/[a-z]\w+/|(?<![\w.])/(root|work)/\w|[A-Z]:\\\\?Users") == []


def test_no_secret_lies_around() -> None:
    assert offences(r"(?i)(api[_-]?key|password|secret)\s*[=:]\s*[\"'][A-Za-z0-9+/_-]{12,}[\"']") == []
    assert offences("BEGIN [A-Z ]*PRIVATE") == []


def test_no_file_is_longer_than_a_hall() -> None:
    code = {path: text.count("\n") for path, text in TEXTS.items() if path.suffix in (".py", ".js", ".css", ".md")}
    assert {str(path.relative_to(CHECKOUT)): lines for path, lines in code.items() if lines > HALL} == {}


@pytest.mark.parametrize(
    "module", ["coursekit", "coursekit.cli", "coursekit.paths", "coursekit.lessons", "coursekit.progress"]
)
def test_importing_what_every_command_needs_loads_no_torch(module: str) -> None:
    heavy = "{'torch', 'matplotlib', 'jupyterlab', 'sklearn'}"
    program = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert outcome.stdout.strip() == "[]"


def test_every_python_file_says_what_it_is() -> None:
    code = {path: text for path, text in TEXTS.items() if path.suffix == ".py" and text}
    silent = [path for path, text in code.items() if ast.get_docstring(ast.parse(text)) is None]
    assert [str(path.relative_to(CHECKOUT)) for path in silent] == []
