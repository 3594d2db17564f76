"""What tests/conftest.py promises to every other test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coursekit import paths
from tests.conftest import require_tool


def test_state_lies_in_a_folder_of_this_test_alone(home: Path, tmp_path: Path) -> None:
    assert paths.home_dir() == home
    assert tmp_path.parent in home.parents  # both under pytest's own folder
    assert Path.home().parent == home.parent  # HOME too: nothing of this user is read or written
    assert list(home.iterdir()) == []


def test_the_network_is_forbidden_unless_asked_for(request: pytest.FixtureRequest) -> None:
    assert paths.offline()
    request.getfixturevalue("online")
    assert not paths.offline()


def test_a_missing_program_is_skipped_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not on the path"):
        require_tool("no-such-program")


def test_in_ci_a_missing_program_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="nothing may be skipped"):
        require_tool("no-such-program")


def test_a_sandbox_that_may_not_be_made_counts_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(pytest.fail.Exception, match="uid map: Permission denied"):
        require_tool("bwrap")
