"""``coursekit lab`` as a process: what it prints, where it listens, how it ends."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from coursekit.errors import CourseError
from coursekit.lab.server import Lab, open_lab
from coursekit.lab.settings import write_settings
from coursekit.lessons import lessons

from .running import Running, end, free_port, start


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Running]:
    running = start(tmp_path / "my wörk", free_port())
    yield running
    if running.process.poll() is None:
        end(running)


def _gone(processes: list[psutil.Process], seconds: float = 60) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


@pytest.mark.slow
def test_it_answers_with_its_token_only_and_on_loopback_only(lab: Running) -> None:
    assert "/lab/tree/00_start_here.ipynb?token=" in lab.address
    assert json.loads(lab.get("/api/status"))["kernels"] == 0
    with pytest.raises(urllib.error.HTTPError) as refused:
        lab.get("/api/contents", token=False)
    assert refused.value.code == 403
    server = psutil.Process(lab.process.pid).children(recursive=True)
    listening = {c.laddr.ip for p in server for c in p.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    assert listening <= {"127.0.0.1", "::1"}
    assert lab.token not in " ".join(" ".join(process.cmdline()) for process in server)


@pytest.mark.slow
def test_a_learner_meets_no_news_no_instructors_tools_and_one_kernel_of_this_environment(lab: Running) -> None:
    page = json.loads(re.search(rb'id="jupyter-config-data"[^>]*>\s*(\{.*?\})\s*</script>', lab.get("/lab"), re.S)[1])
    assert "@jupyter/nbgrader" in page["disabledExtensions"]
    assert page["news"] == {"disabled": True}
    notification = json.loads(lab.get("/lab/api/settings/@jupyterlab/apputils-extension:notification"))
    assert notification["schema"]["properties"]["fetchNews"]["default"] == "false"
    specs = json.loads(lab.get("/api/kernelspecs"))["kernelspecs"]
    assert list(specs) == ["python3"]
    assert specs["python3"]["spec"]["argv"][0] == sys.executable
    with pytest.raises(urllib.error.HTTPError) as missing:
        lab.get("/formgrader")
    assert missing.value.code == 404
    names = [one["name"] for one in json.loads(lab.get("/api/contents"))["content"]]
    assert "00_start_here.ipynb" in names
    assert ".coursekit" not in names


@pytest.mark.slow
def test_ctrl_c_ends_the_server_and_its_kernels(lab: Running) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{lab.port}/api/kernels",
        data=b'{"name": "python3"}',
        headers={"Authorization": f"token {lab.token}"},
        method="POST",
    )
    urllib.request.urlopen(request, timeout=120).close()
    below = psutil.Process(lab.process.pid).children(recursive=True)
    assert len(below) >= 2  # the server and the kernel
    assert end(lab) == 0
    assert _gone(below)


@pytest.mark.slow
def test_when_it_is_killed_its_server_ends_too(lab: Running) -> None:
    below = psutil.Process(lab.process.pid).children(recursive=True)
    assert below
    lab.process.kill()
    assert _gone(below)


@pytest.mark.slow
def test_a_thread_that_never_ends_does_not_keep_the_server_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stuck = tmp_path / "stuck" / "jupyterlab"
    stuck.mkdir(parents=True)
    (stuck / "__init__.py").touch()
    (stuck / "labapp.py").write_text(
        "import threading\n"
        "def main():\n"
        "    threading.Thread(target=threading.Event().wait).start()\n"  # as anyio's workers after a stopped loop
        "    return 7\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(stuck.parent))
    assert open_lab(tmp_path / "ws", port=free_port(), browser=False) == 7
    assert "ended with status 7" in capsys.readouterr().err


@pytest.mark.slow
def test_a_taken_port_is_stepped_over(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = start(tmp_path / "ws", port)
        try:
            assert running.port != port
            assert json.loads(running.get("/api"))["version"]
        finally:
            assert end(running) == 0


@pytest.mark.slow
def test_when_the_server_fails_its_status_is_passed_on_and_its_last_words_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken" / "jupyterlab"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise SystemExit('this environment is broken')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    status = open_lab(tmp_path / "ws", port=free_port(), browser=False)
    assert status == 1
    told = capsys.readouterr()
    assert "this environment is broken" in told.err
    assert "coursekit doctor" in told.err
    assert "Open in a browser" not in told.out


@pytest.mark.slow
def test_when_the_lessons_cannot_be_delivered_the_server_that_is_starting_ends(tmp_path: Path) -> None:
    workspace = tmp_path / "ws"
    workspace.mkdir()
    (workspace / lessons()[0].name).write_text("something else stands here")
    before = {child.pid for child in psutil.Process().children(recursive=True)}  # other tests' warm kernels
    with pytest.raises(CourseError, match="Something else stands where a folder belongs"):
        open_lab(workspace, port=free_port(), browser=False)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_said_before_anything_is_written(tmp_path: Path, port: int) -> None:
    with pytest.raises(CourseError, match="65535"):
        open_lab(tmp_path / "ws", port=port, browser=False)
    assert not (tmp_path / "ws").exists()


def test_the_users_own_settings_of_jupyter_stay_and_its_look_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = Path(os.environ["JUPYTER_CONFIG_DIR"])
    users.mkdir(parents=True)
    (users / "jupyter_server_config.json").write_text('{"IdentityProvider": {"token": ""}}')
    monkeypatch.delenv("JUPYTERLAB_SETTINGS_DIR")
    environment = write_settings(tmp_path / "settings")
    assert environment["JUPYTERLAB_SETTINGS_DIR"] == str(users / "lab" / "user-settings")
    assert environment["JUPYTER_CONFIG_DIR"] != str(users)  # their server's settings are not this server's
    assert [path.name for path in users.rglob("*")] == ["jupyter_server_config.json"]


def test_kernels_of_the_users_own_come_after_this_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    theirs = Path(os.environ["JUPYTER_DATA_DIR"]) / "kernels" / "python3"
    theirs.mkdir(parents=True)
    (theirs / "kernel.json").write_text(
        '{"argv": ["/elsewhere/python"], "display_name": "theirs", "language": "python"}'
    )
    for name, value in write_settings(tmp_path / "settings").items():
        monkeypatch.setenv(name, value)
    assert KernelSpecManager().get_kernel_spec("python3").argv[0] == sys.executable


def test_settings_are_written_once(tmp_path: Path) -> None:
    write_settings(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    assert len(before) == 4
    time.sleep(0.01)
    write_settings(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")} == before


def test_the_token_is_new_at_each_start_and_never_an_argument(tmp_path: Path) -> None:
    one, two = (Lab(tmp_path, port=0, browser=False) for _ in range(2))
    assert one.token != two.token
    assert len(one.token) >= 32
    assert not any(one.token in argument for argument in one._arguments())
