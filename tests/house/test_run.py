"""`course.py test` runs everything, whatever fails on the way, and says so in its status."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from tests import run as module


class Machine:
    """Stands in for the programs that tests/run.py starts, and writes down the calls."""

    def __init__(self, failing: tuple[str, ...] = ()) -> None:
        self.failing = failing
        self.calls: list[list[str]] = []
        self.settings: list[dict[str, str]] = []

    def run(self, command: list[str], **settings: object) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        self.settings.append(settings.get("env") or {})  # type: ignore[arg-type]
        failed = any(word in command for word in self.failing)
        return subprocess.CompletedProcess(command, int(failed), "", "")


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(module.shutil, "which", lambda program: f"/usr/bin/{program}")
    return module


def started(machine: Machine) -> list[str]:
    return [command[2] for command in machine.calls]


def test_lint_and_types_come_first_and_pytest_last(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(runner.subprocess, "run", machine.run)
    assert runner.main(["-k", "quiz"]) == 0
    assert started(machine) == ["ruff", "ruff", "mypy", "pytest"]
    assert machine.calls[-1][-2:] == ["-k", "quiz"]
    assert "not slow and not browser" not in machine.calls[-1]


def test_fast_leaves_out_what_is_slow_or_needs_a_browser(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(runner.subprocess, "run", machine.run)
    runner.main(["--fast"])
    assert machine.calls[-1][-2:] == ["-m", "not slow and not browser"]


@pytest.mark.parametrize("failing", ["ruff", "mypy", "pytest"])
def test_one_failure_is_enough_and_stops_nothing(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    machine = Machine((failing,))
    monkeypatch.setattr(runner.subprocess, "run", machine.run)
    assert runner.main([]) == 1
    assert started(machine) == ["ruff", "ruff", "mypy", "pytest"]
    told = machine.settings[-1]["COURSEKIT_CHECKS"]  # conftest.py repeats it in pytest's summary
    assert ("mypy FAILED" in told) == (failing == "mypy")


def test_missing_programs_are_installed_by_root_through_apt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = {"apt-get"}
    machine = Machine()

    def install(command: list[str], **settings: object) -> subprocess.CompletedProcess[str]:
        if "install" in command:
            there.update({"bwrap", "chromium"})
        return machine.run(command, **settings)

    monkeypatch.setattr(module.shutil, "which", lambda program: program if program in there else None)
    monkeypatch.setattr(module.os, "geteuid", lambda: 0)
    monkeypatch.setattr(module.subprocess, "run", install)
    module.bring_programs()
    assert [command[2] for command in machine.calls] == ["update", "install"]
    assert {"bubblewrap", "chromium"} <= set(machine.calls[-1])
    assert "MISSING" not in capsys.readouterr().out


def test_where_apt_may_not_be_used_the_missing_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine()
    monkeypatch.setattr(module.shutil, "which", lambda program: None)
    monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(module.subprocess, "run", machine.run)
    module.bring_programs()
    assert machine.calls == []
    assert "MISSING: bwrap, chromium." in capsys.readouterr().out


def test_what_failed_before_the_tests_stands_in_their_summary(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("COURSEKIT_CHECKS", "mypy FAILED")
    command = [sys.executable, "-m", "pytest", "-q", "tests/house/test_world.py", "-k", "network"]
    outcome = subprocess.run(command, cwd=module.ROOT, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout
    assert "Before the tests: mypy FAILED" in outcome.stdout
