"""The wheel alone is the course: installed in an empty environment, it opens the lab."""

from __future__ import annotations

import json
import os
import re
import signal
import site
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def listed() -> list[str]:
    """The project's files, as git knows them; without the marks of empty folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True).stdout.decode().split("\0")
    return [name for name in names if name and (CHECKOUT / name).is_file() and not name.endswith(".gitkeep")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the files that git knows, as from a clean clone."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in listed():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((CHECKOUT / name).read_bytes())
    # What a working checkout collects, and no wheel may carry.
    for stray in ("notebooks/01_loading_weights/.ipynb_checkpoints/x.ipynb", "coursekit/__pycache__/x.pyc"):
        (source / stray).parent.mkdir(parents=True, exist_ok=True)
        (source / stray).write_text("stray")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_carries_notebooks_quizzes_weights_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"coursekit", "coursekit-0.1.0.dist-info"}
    for folder, target in (("notebooks", "coursekit/content/notebooks"), ("quizzes", "coursekit/content/quizzes")):
        expected = {name.replace(folder, target, 1) for name in listed() if name.startswith(f"{folder}/")}
        expected = {name for name in expected if "/graded/" not in name}
        assert expected
        assert {name for name in names if name.startswith(f"{target}/")} == expected
    assert any(re.fullmatch(r"coursekit/models/files/resnet18_shapes1k-[0-9a-f]{8}\.pth", name) for name in names)
    assert not [name for name in names if re.search(r"__pycache__|checkpoints|\.gitkeep|/tests?/|gradebook", name)]
    assert [name for name in listed() if name.startswith("quizzes/graded/")]
    assert not [name for name in names if "graded/" in name]  # the keys of graded questions stay with the instructor
    assert wheel.stat().st_size < 40e6


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {name for name in listed() if name.startswith("coursekit/")}
    assert expected <= names


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel; its dependencies are lent by the one of the tests.

    To fetch gigabytes again would prove nothing more: a test below holds what the wheel declares against what is lent.
    """
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    where = subprocess.run(
        [python, "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True, text=True, check=True
    ).stdout.strip()
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    outcome = subprocess.run(install, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    # JupyterLab's pages and the kernel's description lie beside the packages.
    for name in ("share", "etc"):
        (folder / name).symlink_to(Path(sys.prefix, name), target_is_directory=True)
    # A path alone: the .pth files of the lending environment, the checkout's own among them, are not read.
    Path(where, "lent.pth").write_text(site.getsitepackages()[0])
    return python


def outside(tmp_path: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


def test_the_declared_dependencies_are_enough_and_coursekit_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    program = (
        "import json, coursekit; from importlib import metadata; from coursekit.paths import content_dir;"
        "print(json.dumps([coursekit.__file__, str(content_dir()), metadata.requires('coursekit')]))"
    )
    outcome = subprocess.run(
        [installed, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path, env=outside(tmp_path)
    )
    package, content, declared = json.loads(outcome.stdout)
    assert Path(package).is_relative_to(installed.parent.parent)
    assert Path(content).is_relative_to(installed.parent.parent)
    assert not Path(package).is_relative_to(CHECKOUT)
    needed = [Requirement(text) for text in declared if "extra ==" not in text]
    assert len(needed) > 20
    for requirement in needed:
        assert requirement.specifier.contains(metadata.version(requirement.name)), requirement


def test_the_lab_opens_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    command = [installed.with_name("coursekit"), "lab", "--no-browser", "--port", "0", "--workspace", str(workspace)]
    lab = subprocess.Popen(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        env={**outside(tmp_path), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    lines: list[str] = []
    try:
        assert lab.stdout is not None
        deadline = time.monotonic() + 240
        address = None
        for line in lab.stdout:
            lines.append(line)
            address = re.search(r"http://127\.0\.0\.1:\d+/\S*token=\w+", line)
            if address or time.monotonic() > deadline:
                break
        assert address, "".join(lines)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        base, token = re.fullmatch(r"(http://[^/]+/).*token=(\w+)", address[0]).groups()  # type: ignore[union-attr]
        with opener.open(address[0], timeout=60) as page:
            assert page.status == 200
        with opener.open(f"{base}api/contents?token={token}", timeout=60) as listing:
            names = {one["name"] for one in json.load(listing)["content"]}
        assert {"00_start_here.ipynb", "01_loading_weights"} <= names
    finally:
        lab.send_signal(signal.SIGINT)
        try:
            lab.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(lab.pid, signal.SIGKILL)
    assert lab.returncode == 0
    exercises = json.loads((workspace / "01_loading_weights" / "01_exercises.ipynb").read_text(encoding="utf-8"))
    assert "BEGIN SOLUTION" not in json.dumps(exercises)
