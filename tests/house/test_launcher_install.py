"""course.py installs, mends and explains: real pip and uv on tiny wheels, and programs that fail like them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.fake_project import FakeProject, make_wheel

UV = shutil.which("uv")
# Makes an environment quickly, writes down every call, and does what $1 of its own file says on `pip install`.
FAKE_UV = """
[ "$1" = --version ] && exit 0
echo "$*" >> {calls}
if [ "$1" = venv ]; then
    for last; do :; done
    mkdir -p "$last/bin" && ln -s {python} "$last/bin/python" && printf 'version = 3.99.0\\n' > "$last/pyvenv.cfg"
    printf '#!/bin/sh\\necho started\\n' > "$last/bin/coursekit" && chmod +x "$last/bin/coursekit"
    exit 0
fi
{install}
"""


def fake_uv(project: FakeProject, install: str) -> Path:
    """A uv whose ``pip install`` is this shell script; returns the file with its calls."""
    calls = project.root.parent / "uv-calls"
    project.tool("uv", FAKE_UV.format(calls=calls, python=shutil.which("python3"), install=install))
    return calls


def test_the_first_start_installs_what_the_lock_says_and_hands_over(project: FakeProject) -> None:
    if UV is None:
        project.without_uv()
    first = project.start("doctor", "--json")
    assert first.returncode == 7, first.stderr
    told = json.loads(first.stdout.splitlines()[-1])
    assert told["arguments"] == ["doctor", "--json"]
    assert told["prefix"] == str(project.venv)
    assert told["packages"]["smalldep"] == "1.0"
    assert told["packages"]["coursekit"] == "0.0.1"
    assert "First start. The download is about" in first.stderr
    assert project.note["set"] == "lab"

    second = project.start("doctor")
    assert second.stderr == ""
    assert second.returncode == 7


@pytest.mark.parametrize("tool", ["uv", pytest.param("pip", marks=pytest.mark.slow)])
def test_a_wheel_with_another_hash_is_refused_in_one_sentence(project: FakeProject, tool: str) -> None:
    if tool == "pip" or UV is None:
        project.without_uv()
    project.lock(f"smalldep==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    outcome = project.start("lab")
    assert outcome.returncode == 1
    assert "its hash differs" in outcome.stderr.splitlines()[-1]
    assert not list(project.venv.glob("**/smalldep.py"))
    assert not (project.venv / "course-installed.json").exists()


@pytest.mark.parametrize("tool", ["uv", pytest.param("pip", marks=pytest.mark.slow)])
def test_the_cpu_build_is_taken_from_its_own_index_whatever_other_settings_say(
    project: FakeProject, tool: str, tmp_path: Path
) -> None:
    if tool == "pip" or UV is None:
        project.without_uv()
    make_wheel(tmp_path / "index" / "torch", "torch", "2.0+cpu")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "index"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    # The folder of tiny wheels has torch 2.0; only the index has torch 2.0+cpu.
    settings = {"PIP_NO_INDEX": "0", "UV_NO_INDEX": "0", "COURSEKIT_TORCH_INDEX": address}
    # What another project, or whoever runs the machine, may have set.
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("smalldep<1\ntorch<2\n")
    settings |= {"PIP_CONSTRAINT": str(constraints), "UV_CONSTRAINT": str(constraints), "PYTHONPATH": str(tmp_path)}
    settings |= {"PIP_USER": "1", "PIP_TARGET": str(tmp_path / "elsewhere"), "UV_SYSTEM_PYTHON": "1"}
    outcome = project.start("--torch", "cpu", "lab", **settings)
    server.shutdown()
    server.server_close()
    assert outcome.returncode == 7, outcome.stderr
    assert f"with {tool if UV else 'pip'}." in outcome.stderr
    packages = json.loads(outcome.stdout.splitlines()[-1])["packages"]
    assert packages["torch"] == "2.0+cpu"
    assert packages["smalldep"] == "1.0"
    assert f"PyTorch without CUDA comes from {address}" in outcome.stderr
    assert "that index's own hashes" in outcome.stderr
    assert project.note["torch"] == "cpu"


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        ("error: failed to write: No space left on device (os error 28)", "The disk is full."),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "The disk is full.",
        ),
        ("error: There is not enough space on the disk. (os error 112)", "The disk is full."),
        ("error: Request failed after 3 retries: dns error: Temporary failure in name resolution", "cannot be reached"),
        (
            "ERROR: Could not find a version\nMax retries exceeded with url: /x/ (NewConnectionError)",
            "cannot be reached",
        ),
        ("error: operation timed out", "cannot be reached"),
        ("invalid peer certificate: UnknownIssuer", "certificate is not trusted"),
        ("ERROR: No matching distribution found for torch==2.15.0", "no build for this Python"),
        ("torch==2.15.0 has no wheels with a matching Python ABI tag", "no build for this Python"),
        ("something never seen before", "The install failed; the lines above say why."),
    ],
)
def test_a_failed_install_gets_one_clear_sentence(project: FakeProject, printed: str, sentence: str) -> None:
    calls = fake_uv(project, f"printf '%s\\n' '{printed}' >&2\nexit 1")
    outcome = project.start("lab")
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    *_, last = outcome.stderr.splitlines()
    assert last.startswith("course.py: ")
    assert sentence in last
    assert "Traceback" not in outcome.stderr
    assert len([line for line in calls.read_text().splitlines() if line.startswith("pip install")]) == 2  # tried twice
    assert not (project.venv / "course-installed.json").exists()


def test_offline_says_that_the_network_is_forbidden(project: FakeProject) -> None:
    fake_uv(project, "echo 'error: Network connectivity is disabled' >&2; exit 1")
    outcome = project.start("lab", COURSEKIT_OFFLINE="1")
    assert "COURSEKIT_OFFLINE=1 forbids the download" in outcome.stderr.splitlines()[-1]


def test_a_python_without_ensurepip_is_told_what_to_install(project: FakeProject) -> None:
    project.tool("uv", '[ "$1" = --version ] && exit 0\necho "ensurepip is not available" >&2\nexit 1\n')
    outcome = project.start("lab")
    assert "sudo apt install python3-venv" in outcome.stderr.splitlines()[-1]


def test_a_network_that_fails_once_is_forgiven(project: FakeProject, tmp_path: Path) -> None:
    once = tmp_path / "once"
    fake_uv(project, f"[ -e {once} ] && exit 0\ntouch {once}\necho 'error: connection reset by peer' >&2\nexit 1")
    outcome = project.start("lab")
    assert outcome.returncode == 0, outcome.stderr
    assert "Trying once more" in outcome.stderr


def test_a_full_disk_is_said_before_anything_is_fetched(
    launcher: ModuleType, project: FakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda path: usage(10**10, 10**10 - 10**6, 10**6))
    with pytest.raises(launcher.StartError, match=r"needs 7\.5 GB and has 0\.0 GB free|needs 2\.5 GB"):
        launcher.install(launcher.Environment(project.root), everything=False, torch="default")
    assert not project.venv.exists()


def test_an_install_that_was_killed_mends_itself(project: FakeProject) -> None:
    calls = fake_uv(project, f"touch {project.venv}/bin/half-a-package; exec sleep 60")
    running = subprocess.Popen(
        project.command("lab"), env=project.environment(), stderr=subprocess.DEVNULL, start_new_session=True
    )
    half = project.venv / "bin" / "half-a-package"
    for _ in range(600):
        if half.exists():
            break
        time.sleep(0.1)
    assert half.exists()
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()

    calls.unlink()
    fake_uv(project, "exit 0")
    outcome = project.start("lab")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout == "started\n"
    assert not half.exists()  # nothing half done was kept
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["venv", "pip", "pip"]
    assert sorted(path.name for path in project.venv.glob("course-inst*")) == ["course-installed.json"]


def test_two_starts_at_once_do_not_install_into_each_other(launcher: ModuleType, project: FakeProject) -> None:
    with launcher.only_one(project.root):
        outcome = project.start("lab")
    assert outcome.returncode == 1
    assert outcome.stderr.splitlines()[-1].endswith("Wait until it is done.")
    assert not project.venv.exists()


def test_an_environment_that_somebody_made_by_hand_is_kept(project: FakeProject) -> None:
    calls = fake_uv(project, "exit 0")
    project.pretend_installed()
    (project.venv / "course-installed.json").unlink()
    mine = project.venv / "mine"
    mine.touch()
    outcome = project.start("lab")
    assert outcome.returncode == 7, outcome.stderr
    assert mine.exists()
    assert not any(line.startswith("venv") for line in calls.read_text().splitlines())


def test_a_changed_lock_updates_in_place_and_keeps_the_tools_of_the_tests(project: FakeProject) -> None:
    project.pretend_installed(digest="of another lock")
    calls = fake_uv(project, "exit 0")
    outcome = project.start("lab")
    assert outcome.returncode == 7, outcome.stderr
    assert "Updating into" in outcome.stderr
    assert "requirements-test.lock" in calls.read_text()
    assert project.note["set"] == "test"


def test_a_moved_checkout_is_made_anew(project: FakeProject) -> None:
    project.pretend_installed(root="/where/it/was/before")
    stale = project.venv / "stale"
    stale.touch()
    fake_uv(project, "exit 0")
    assert project.start("lab").stdout == "started\n"
    assert not stale.exists()


def test_an_index_that_answers_and_does_not_deliver_gives_way_to_the_default(
    launcher: ModuleType, project: FakeProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Chosen by itself it falls back; asked for by hand it says what is wrong."""
    fake_uv(project, 'case "$*" in *"+cpu"*) echo "no wheels with 2.0+cpu" >&2; exit 1;; esac\nexit 0')
    monkeypatch.setenv("PATH", str(project.tools), prepend=os.pathsep)
    monkeypatch.setattr(launcher, "choose_torch", lambda asked: "cpu")
    with pytest.raises(launcher.CpuIndexError):
        launcher.install(launcher.Environment(project.root), everything=False, torch="cpu")
    launcher.install(launcher.Environment(project.root), everything=False, torch="auto")
    assert "Going on with the default PyTorch" in capsys.readouterr().err
    assert project.note["torch"] == "default"
