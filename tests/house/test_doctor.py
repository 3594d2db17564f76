"""`coursekit doctor` names every part, and for what is wrong the mend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from coursekit import doctor
from coursekit.doctor import Finding

PARTS = ["Python", "Packages", "PyTorch", "torchvision", "Device", "Weights", "Lessons", "State", "Workspace"]
PARTS += ["JupyterLab", "Kernels", "nbgrader", "Chromium", "bubblewrap", "Network"]


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_every_part_is_named_and_a_good_machine_needs_no_mend() -> None:
    command = [sys.executable, "-m", "coursekit.cli", "doctor", "--json"]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=300)
    told = json.loads(outcome.stdout)
    assert [finding["part"] for finding in told["findings"]] == PARTS
    assert {one["part"]: one["detail"] for one in told["findings"] if one["state"] == "missing"} == {}
    assert told["ok"] is True
    assert outcome.returncode == 0
    assert all(one["mend"] for one in told["findings"] if one["state"] != "ok")


def test_the_status_is_1_only_if_a_learner_lacks_something(capsys: pytest.CaptureFixture[str]) -> None:
    warning = Finding("Chromium", "warning", "not on the path", "install it")
    missing = Finding("PyTorch", "missing", "not installed", "install that")
    assert doctor.show([warning]) == 0
    assert "Everything that a learner needs is here." in capsys.readouterr().out
    assert doctor.show([warning, missing]) == 1
    text = capsys.readouterr().out
    assert "mend: install that" in text
    assert text.endswith("Missing: PyTorch.\n")
    assert doctor.show([missing], as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0] == {
        "part": "PyTorch",
        "state": "missing",
        "detail": "not installed",
        "mend": "install that",
    }


@pytest.mark.parametrize(
    ("status", "stderr", "expected"),
    [
        (-4, "", "no AVX"),
        (0xC000001D, "", "no AVX"),
        (1, "RuntimeError: operator torchvision::nms does not exist\n", "are not a pair"),
        (-9, "", "killed by signal 9"),
        (1, "Traceback\nModuleNotFoundError: No module named 'torch'\n", "No module named 'torch'"),
    ],
)
def test_a_torch_that_does_not_import_is_explained(status: int, stderr: str, expected: str) -> None:
    finding = doctor._why_torch_failed("PyTorch", status, stderr)
    assert finding.state == "missing"
    assert expected in finding.detail
    assert finding.mend


def test_a_torch_that_kills_its_process_is_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor without AVX: the import ends by SIGILL."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = only(list(doctor._torch()))
    assert (finding.part, finding.state) == ("PyTorch", "missing")
    assert "no AVX" in finding.detail


def test_packages_of_wrong_versions_and_missing_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = ["numpy>=999", "no-such-package>=1", "pyyaml>=5", "unneeded>=1; extra == 'test'"]
    monkeypatch.setattr(metadata, "requires", lambda name: declared)
    finding = only(list(doctor._packages()))
    assert finding.state == "missing"
    assert finding.detail == (f"numpy is {metadata.version('numpy')}, expected >=999; no-such-package is not installed")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    finding = only(list(doctor._folder("State", file / "below")))
    assert finding.state == "missing"
    assert str(file) in finding.detail
    assert "COURSEKIT_HOME" in finding.mend


def test_looking_changes_nothing(tmp_path: Path) -> None:
    finding = only(list(doctor._folder("Workspace", tmp_path / "not" / "there")))
    assert finding.state == "ok"
    assert "not there yet" in finding.detail
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("free", "state"), [(5e9, "ok"), (5e8, "warning"), (1e7, "missing")])
def test_a_full_disk_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    usage = type(doctor.shutil.disk_usage("/"))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage(10**12, 0, int(free)))
    assert only(list(doctor._folder("Workspace", tmp_path))).state == state


def test_a_sandbox_that_may_not_be_made_is_told_from_one_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert only(list(doctor._bubblewrap())).detail == "not on the path"
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    finding = only(list(doctor._bubblewrap()))
    assert finding.state == "warning"
    assert "No permissions to create new namespace" in finding.detail
    assert "user namespaces" in finding.mend


def test_a_part_that_is_broken_in_a_new_way_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("never seen")

    monkeypatch.setattr(doctor, "_nbgrader", broken)
    monkeypatch.setattr(doctor, "_torch", lambda: iter(()))  # slow, and tested above
    findings = doctor.examine()
    assert any("ValueError: never seen" in finding.detail for finding in findings)
    assert findings[-1].part == "Network"


def test_offline_the_network_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    monkeypatch.setattr(httpx, "head", lambda *a, **k: pytest.fail("asked the network"))
    assert os.environ["COURSEKIT_OFFLINE"] == "1"
    assert only(list(doctor._network())).state == "ok"


def test_a_server_that_refuses_is_a_warning_only(monkeypatch: pytest.MonkeyPatch, online: None) -> None:
    import httpx

    def refuse(*arguments: object, **settings: object) -> None:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(httpx, "head", refuse)
    finding = only(list(doctor._network()))
    assert finding.state == "warning"
    assert "None needed" in finding.mend
