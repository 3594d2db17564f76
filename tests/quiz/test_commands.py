"""The sessions as commands: the same questions and progress, and an example in every help."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from coursekit import progress
from coursekit.cli import app
from coursekit.quiz.bank import Bank
from coursekit.quiz.sessions import Challenge, Placement, Review

from .test_sessions import Clock, key_of
from .test_sessions_review import miss_in_practice, right_now
from .test_terminal import talk

run = CliRunner().invoke


@pytest.mark.parametrize("command", ["practice", "test", "challenge", "review", "placement"])
def test_every_session_has_a_command_with_an_example(command: str) -> None:
    assert f"Example: coursekit {command}" in run(app, [command, "--help"]).output


@pytest.mark.parametrize("command", [["challenge", "01"], ["review", "01"], ["review"], ["placement"]])
def test_a_command_shows_its_first_screen_and_ends_with_the_input(command: list[str]) -> None:
    result = run(app, command, input="")
    assert result.exit_code == 0, result.output
    assert {"challenge": "Challenge", "review": "Review", "placement": "Placement"}[command[0]] in result.output


def test_a_lesson_that_does_not_exist_is_said() -> None:
    result = run(app, ["review", "77"])
    assert result.exit_code != 0
    assert "There is no quiz for lesson '77'" in str(result.exception)


def test_a_placement_is_answered_in_the_terminal(lesson01: Bank) -> None:
    said = talk(Placement([lesson01]), ["", *[":2"] * 8])
    assert "Start with lesson 01" in said
    assert "not known yet" in said
    assert progress.events("00", "placement")[0].data["start"] == "01"


def test_a_missed_question_is_reviewed_in_the_terminal(lesson01: Bank) -> None:
    clock = Clock()
    miss_in_practice(lesson01, clock)
    clock.on(days=2)
    session = Review([lesson01], now=clock)
    letter = "abcd"[right_now(session)]
    said = talk(session, [letter, ":2"])
    assert "a question you missed" in said
    assert "Right." in said
    assert "Nothing is due now" in said


def test_a_challenge_is_answered_in_the_terminal(lesson01: Bank) -> None:
    session = Challenge(lesson01, now=Clock())
    session.do("start")
    session.do("open")
    key = key_of(session)
    said = talk(session, ["abcd"[key] if isinstance(key, int) else str(key), ""])
    assert "Right." in said
    assert "Problem 2 of 5" in said
