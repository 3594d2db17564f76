"""A checkout in miniature for the launcher's tests: the real course.py beside tiny locks, wheels and a tiny package."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

CHECKOUT = Path(__file__).resolve().parents[2]

# Builds the tiny package's editable wheel with nothing but the standard library, where the real one has hatchling.
BACKEND = """
import zipfile, os
def get_requires_for_build_editable(settings=None): return []
def build_editable(folder, settings=None, metadata=None):
    name = "coursekit-0.0.1-py3-none-any.whl"
    info = "coursekit-0.0.1.dist-info/"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("coursekit_link.pth", os.getcwd())
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: coursekit\\nVersion: 0.0.1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "entry_points.txt", "[console_scripts]\\ncoursekit = tiny_course:main\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""
PROGRAM = """
import importlib.metadata, json, os, sys
def main():
    found = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    print(json.dumps({"arguments": sys.argv[1:], "packages": found, "prefix": sys.prefix, "path": os.environ["PATH"]}))
    return 7
"""


def load_launcher(root: Path = CHECKOUT) -> ModuleType:
    """course.py as a module."""
    spec = importlib.util.spec_from_file_location("course_under_test", root / "course.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_wheel(folder: Path, name: str, version: str) -> tuple[Path, str]:
    """An empty wheel and its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info/"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        wheel.writestr(info + "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(info + "RECORD", f"{name}.py,,\n{info}METADATA,,\n{info}WHEEL,,\n{info}RECORD,,\n")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


class FakeProject:
    """A folder with course.py in it, and ways to start it as a user does."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.wheels = folder / "wheels"
        self.tools = folder / "tools"
        for one in (self.root, self.wheels, self.tools):
            one.mkdir(parents=True)
        shutil.copy(CHECKOUT / "course.py", self.root)
        (self.root / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "tiny_backend"\nbackend-path = ["."]\n'
            '[project]\nname = "coursekit"\nversion = "0.0.1"\n'
        )
        (self.root / "tiny_backend.py").write_text(BACKEND)
        (self.root / "tiny_course.py").write_text(PROGRAM)
        _, small = make_wheel(self.wheels, "smalldep", "1.0")
        _, torch = make_wheel(self.wheels, "torch", "2.0")
        self.lock(f"smalldep==1.0 \\\n    --hash=sha256:{small}\n", f"torch==2.0 \\\n    --hash=sha256:{torch}\n")

    def lock(self, *blocks: str) -> None:
        for name in ("requirements.lock", "requirements-test.lock"):
            (self.root / name).write_text("".join(blocks))

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def note(self) -> dict[str, str]:
        return dict(json.loads((self.venv / "course-installed.json").read_text()))

    def tool(self, name: str, script: str) -> Path:
        """Puts a program first on the path of what is started here."""
        path = self.tools / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return path

    def without_uv(self) -> None:
        self.tool("uv", "exit 1\n")  # a uv that does not run counts as none

    def environment(self, **more: str) -> dict[str, str]:
        """No index but the tiny wheels; the tools first on the path."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "COURSEKIT_"))}
        kept["PATH"] = str(self.tools) + os.pathsep + kept["PATH"]
        kept.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.wheels), UV_NO_INDEX="1", UV_FIND_LINKS=str(self.wheels))
        kept.update(UV_CACHE_DIR=str(self.root.parent / "uv-cache"), PIP_CACHE_DIR=str(self.root.parent / "pip-cache"))
        return {**kept, "NO_PROXY": "*", **more}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "course.py"), *arguments]

    def start(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        settings = self.environment(**more)
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, env=settings, timeout=300)

    def pretend_installed(self, **changes: str) -> None:
        """A finished environment without the cost of one: the running Python, and a `coursekit` that tells its call."""
        launcher = load_launcher(self.root)
        env = launcher.Environment(self.root)
        env.programs.mkdir(parents=True)
        env.python.symlink_to(sys.executable)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        (env.folder / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\nversion = {version}.0\n")
        program = env.programs / "coursekit"
        program.write_text('#!/bin/sh\necho "coursekit called with: $*"\nexit 7\n')
        program.chmod(0o755)
        note = {"root": str(self.root), "python": version, "set": "test", "torch": "default", "digest": env.digest()}
        env.note.write_text(json.dumps({**note, **changes}))
