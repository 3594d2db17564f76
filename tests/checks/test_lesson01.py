"""Lesson 01's exercises, beyond what holds for all lessons: a hostile file, and what a learner sees of an outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coursekit.checks import check, judge
from coursekit.checks.core import NotPassed

from .mutants_01 import MUTANTS
from .test_exercises import answer


def test_the_hostile_file_does_harm_nowhere_but_in_its_own_folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    judge("01.repair", MUTANTS["01.repair", "trusts-pickle"], seed=4)
    assert not any(tmp_path.iterdir())


def test_check_says_so_records_it_and_stops_the_cell(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from coursekit.progress import events

    with pytest.raises(NotPassed, match=r"01\.load: not yet right\."):
        check("01.load", MUTANTS["01.load", "train-mode"])
    check("01.load", answer("01.load", solved=True))
    seen = [(event.item, event.data["status"], event.data["misconception"]) for event in events("01", "exercise")]
    assert seen == [("01.load", "failed", "train-mode"), ("01.load", "passed", None)]


def test_a_failed_cell_shows_one_line_and_no_traceback() -> None:
    assert NotPassed("01.load: not yet right.")._render_traceback_() == ["01.load: not yet right."]
