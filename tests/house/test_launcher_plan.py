"""Which PyTorch course.py chooses, and the commands that it composes."""

from __future__ import annotations

import http.server
import itertools
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

LOCK = Path("requirements.lock")
PINS = ["torch==2.15.0", "torchvision==0.29.2"]


class Index(http.server.BaseHTTPRequestHandler):
    """``/good/torch/`` answers, ``/slow/torch/`` answers after three seconds, everything else is not there."""

    def do_HEAD(self) -> None:
        if self.path.startswith("/slow/"):
            time.sleep(3)
        self.send_response(200 if self.path in ("/good/torch/", "/slow/torch/") else 404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server on loopback."""
    monkeypatch.setenv("NO_PROXY", "*")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def plain_linux(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, online: None) -> ModuleType:
    """course.py on Linux, on a usual processor, without an NVIDIA GPU."""
    monkeypatch.setattr(launcher.sys, "platform", "linux")
    monkeypatch.setattr(launcher.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(launcher, "has_nvidia_gpu", lambda: False)
    return launcher


def test_the_cpu_index_is_used_where_it_answers(
    plain_linux: ModuleType, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_linux, "CPU_INDEX", index + "/good")
    assert plain_linux.choose_torch("auto") == "cpu"


@pytest.mark.parametrize("where", ["/nothing-here", "/slow"])
def test_an_index_that_is_empty_or_slow_is_left_alone_within_two_seconds(
    plain_linux: ModuleType, index: str, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(plain_linux, "CPU_INDEX", index + where)
    start = time.monotonic()
    assert plain_linux.choose_torch("auto") == "default"
    assert time.monotonic() - start < plain_linux.CPU_INDEX_PATIENCE + 0.7  # the server would take three
    assert plain_linux.CPU_INDEX_PATIENCE == 2.0


def test_an_index_that_refuses_is_left_alone(plain_linux: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_linux, "CPU_INDEX", "http://127.0.0.1:9/whl")  # the discard port: nobody listens
    assert plain_linux.choose_torch("auto") == "default"


def test_a_name_that_is_never_resolved_costs_two_seconds_at_most(
    plain_linux: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*arguments: object, **settings: object) -> list[object]:
        time.sleep(4)
        raise OSError("no such name")

    monkeypatch.setattr("socket.getaddrinfo", hang)
    monkeypatch.setenv("NO_PROXY", "*")
    start = time.monotonic()
    assert not plain_linux.answers("http://index.invalid/whl")
    assert time.monotonic() - start < 2.7


@pytest.mark.parametrize(
    ("name", "value"),
    [("gpu", True), ("system", "darwin"), ("system", "win32"), ("machine", "riscv64"), ("offline", "1")],
)
def test_the_index_is_not_even_asked_where_it_would_not_help(
    plain_linux: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    def asked(address: str) -> bool:
        raise AssertionError(f"asked {address}")

    monkeypatch.setattr(plain_linux, "answers", asked)
    if name == "gpu":
        monkeypatch.setattr(plain_linux, "has_nvidia_gpu", lambda: True)
    elif name == "system":
        monkeypatch.setattr(plain_linux.sys, "platform", value)
    elif name == "machine":
        monkeypatch.setattr(plain_linux.platform, "machine", lambda: value)
    else:
        monkeypatch.setenv("COURSEKIT_OFFLINE", value)
    assert plain_linux.choose_torch("auto") == "default"
    assert plain_linux.choose_torch("cpu") == "cpu"  # by hand it is the user's word that counts


def test_the_lock_without_cuda_keeps_everything_else(launcher: ModuleType, checkout: Path) -> None:
    whole = (checkout / "requirements.lock").read_text(encoding="utf-8")
    part, pins = launcher.split_lock(whole)

    def names(text: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))

    gone = names(whole) - names(part)
    assert {"torch", "torchvision", "triton"} < gone
    assert {name for name in gone if not name.startswith(("nvidia-", "cuda-"))} == {"torch", "torchvision", "triton"}
    assert {"torchmetrics", "numpy", "jupyterlab", "hatchling"} <= names(part)
    assert [pin.partition("==")[0] for pin in pins] == ["torch", "torchvision"]
    assert all(f"\n{pin} " in f"\n{whole}" for pin in pins)
    assert len(re.findall("--hash=", part)) == sum(  # no hash is left behind without its package
        len(re.findall("--hash=", block)) for block in re.split(r"\n(?=\S)", whole) if names(block) & names(part)
    )


@pytest.fixture
def planned(launcher: ModuleType, tmp_path: Path, online: None, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(launcher, "CPU_INDEX", "https://index.example/cpu")
    return launcher


@pytest.mark.parametrize("uv", [None, "/usr/bin/uv"])
@pytest.mark.parametrize("pins", [[], PINS])
def test_every_command_installs_exact_wheels_into_the_environment_and_resolves_nothing(
    planned: ModuleType, tmp_path: Path, uv: str | None, pins: list[str]
) -> None:
    env = planned.Environment(tmp_path)
    plan = planned.plan_install(env, uv, LOCK, pins)
    assert len(plan) == (3 if pins else 2)
    for command in plan:
        assert "--no-deps" in command
        if uv:
            assert command[:5] == [uv, "pip", "install", "--python", str(env.python)]
        else:
            assert command[:4] == [str(env.python), "-m", "pip", "install"]
    for command in plan[:-1]:
        assert "--no-build" in command if uv else ("--only-binary", ":all:") in itertools.pairwise(command)


@pytest.mark.parametrize("uv", [None, "/usr/bin/uv"])
def test_only_the_lock_is_installed_by_default_and_with_its_hashes(
    planned: ModuleType, tmp_path: Path, uv: str | None
) -> None:
    packages, link = planned.plan_install(planned.Environment(tmp_path), uv, LOCK, [])
    assert packages[-3:] == ["--require-hashes", "-r", "requirements.lock"]
    assert "https://index.example/cpu" not in packages
    assert link[-3:] == ["--no-build-isolation", "-e", str(tmp_path)]  # isolation would fetch what no lock pins


@pytest.mark.parametrize(("uv", "option"), [(None, "--index-url"), ("/usr/bin/uv", "--default-index")])
def test_the_cpu_build_comes_first_and_from_its_index_alone(
    planned: ModuleType, tmp_path: Path, uv: str | None, option: str
) -> None:
    torch, packages, _ = planned.plan_install(planned.Environment(tmp_path), uv, LOCK, PINS)
    assert torch[-4:] == [option, "https://index.example/cpu", "torch==2.15.0+cpu", "torchvision==0.29.2+cpu"]
    assert "--require-hashes" in packages
    assert option not in packages


def test_offline_nothing_is_asked_of_any_index(
    planned: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEKIT_OFFLINE", "1")
    env = planned.Environment(tmp_path)
    assert all("--no-index" in command for command in planned.plan_install(env, None, LOCK, PINS))
    assert all("--offline" in command for command in planned.plan_install(env, "uv", LOCK, PINS))
