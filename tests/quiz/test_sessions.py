"""Sessions: what is said when, what is kept, and what a new card finds after a restart."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import LEVELS
from coursekit.quiz.sessions import Challenge, Practice, Predict, Review, Session, Test, open_session
from coursekit.quiz.sessions.test import SHARES, choose


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def on(self, **ahead: float) -> None:
        self.time += timedelta(**ahead)


def key_of(session: Any) -> Any:
    """The right answer to what is asked now, as a learner gives it."""
    variant = _variant(session)
    return variant.item.raw(variant, variant.item.key(variant))


def wrong_of(session: Any) -> Any:
    variant = _variant(session)
    item = variant.item
    if item.control == "text":
        return item.raw(variant, item.value(variant, item.slips[0].answer))
    right = item.raw(variant, item.key(variant))
    others = [n for n in range(len(item.options)) if n not in [right, *(right if isinstance(right, list) else [])]]
    return others[0] if item.control == "one" else others[:1]


def _variant(session: Any) -> Any:
    if isinstance(session, Practice):
        return session.work[session.at].variant
    if isinstance(session, Test):
        return session.asked[session.at].variant
    return session.problems[session.at].variant if isinstance(session, Challenge) else session.variant


def buttons(session: Session) -> list[str]:
    return [one.action for one in session.screen().buttons]


# --- practice -------------------------------------------------------------------------------------------------------


def test_practice_says_at_once_what_a_wrong_pick_stands_for_and_lets_try_again(lesson01: Bank) -> None:
    session = Practice(lesson01)
    screen = session.do("check", wrong_of(session))
    assert (screen.outcome, screen.locked) == ("wrong", False)
    event = progress.events("01", "answer")[-1]
    assert event.data["right"] is False
    assert event.data["misconception"]
    screen = session.do("check", key_of(session))
    assert (screen.outcome, screen.locked) == ("right", True)
    assert [one.data["right"] for one in progress.events("01", "answer")] == [False, True]


def test_hints_come_in_order_and_the_solution_after_a_try(lesson01: Bank) -> None:
    session = Practice(lesson01)
    item = session.work[0].item
    assert "solve" not in buttons(session)
    session.do("hint")
    assert [panel.entries for panel in session.screen().panels] == [[item.hints[0]]]
    session.do("hint")
    assert [panel.title for panel in session.screen().panels] == ["Hint 1", "Hint 2"]
    assert "hint" not in buttons(session)
    session.do("solve")
    titles = [panel.title for panel in session.screen().panels]
    assert titles == ["Hint 1", "Hint 2", "Solution", "Quick check", "Common mistakes"]


def test_an_unreadable_answer_costs_no_try(lesson01: Bank) -> None:
    session = Practice(lesson01)
    for nonsense in (None, "z", 99, [], {"a": 1}, "<script>"):
        screen = session.do("check", nonsense)
        assert screen.outcome == "note"
        assert screen.said
    assert progress.events("01", "answer") == []


def test_practice_is_found_again_as_it_was_left(lesson01: Bank) -> None:
    session = Practice(lesson01)
    session.do("check", key_of(session))
    session.do("next")
    session.do("hint")
    left = session.do("check", wrong_of(session))
    found = Practice(lesson01)
    assert found.at == session.at == 1
    assert asdict(found.screen()) == asdict(left)
    found.do("go", 0)
    assert found.screen().outcome == "right"


def test_new_numbers_are_asked_for_and_kept(lesson01: Bank) -> None:
    session = Practice(lesson01)
    session.do("go", 2)
    assert "8 RGB images" in session.screen().question.stem  # type: ignore[union-attr]
    session.do("check", key_of(session))
    session.do("renew")
    screen = session.screen()
    assert screen.question is not None
    assert "8 RGB images" not in screen.question.stem
    assert (screen.given, screen.outcome) == (None, None)
    session.do("check", key_of(session))
    assert Practice(lesson01).work[2].variant.values == session.work[2].variant.values


def test_the_whole_practice_can_be_done(lesson01: Bank) -> None:
    session = Practice(lesson01)
    assert next(one.item.id for one in session.work) == "01-practice-purpose"
    for _ in session.work:
        session.do("check", key_of(session))
        session.do("next")
    assert session.screen().marks == ["right"] * 5
    assert progress.summary()["01"]["practice_right"] == 5


def test_a_changed_bank_does_not_break_what_was_kept(lesson01: Bank) -> None:
    progress.record("answer", lesson="01", item="01-practice-load", data={"session": "practice", "answer": 77})
    progress.record("answer", lesson="01", item="01-gone", data={"session": "practice", "answer": 0})
    progress.record("start", lesson="01", data={"session": "test", "run": "r", "items": ["01-gone"]})
    assert Practice(lesson01).screen().outcome is None
    assert buttons(Test(lesson01)) == ["start"]


# --- test -----------------------------------------------------------------------------------------------------------


def run_test(session: Test, right: Any) -> None:
    session.do("start")
    for number in range(len(session.asked)):
        session.do("keep", key_of(session) if right(number) else wrong_of(session))
    session.do("finish")


def test_ten_questions_over_all_levels_and_objectives(lesson01: Bank) -> None:
    import random

    for seed in range(50):
        drawn = choose(lesson01.used_for("test"), random.Random(seed), avoid=set())
        assert {level: sum(item.level == level for item in drawn) for level in LEVELS} == SHARES
        assert len({item.id for item in drawn}) == 10
        assert len({item.objective for item in drawn}) == 5


def test_the_test_gives_no_feedback_before_the_end(lesson01: Bank) -> None:
    session = Test(lesson01)
    session.do("start")
    for _ in range(9):
        screen = session.do("keep", wrong_of(session))
        assert screen.outcome in (None, "note")  # a note says how many are open
        assert not any(one.feedback in screen.said for one in getattr(_variant(session).item, "options", []))
        assert screen.panels == []
        assert set(screen.marks) <= {"open", "answered"}


@pytest.mark.parametrize(("share", "verdict"), [(10, "strong"), (0, "not yet")])
def test_the_verdict_and_what_is_weak(lesson01: Bank, share: int, verdict: str) -> None:
    session = Test(lesson01, objectives={"01.api": "Load weights."})
    run_test(session, lambda number: number < share)
    kept = progress.events("01", "verdict")[-1].data
    assert kept["verdict"] == verdict
    assert kept["right"] == share
    assert progress.summary()["01"]["test_verdict"] == verdict
    body = session.screen().body
    assert f"{share} of 10 right" in body
    assert ("Read again: section" in body) == (share < 10)
    if share == 0:
        assert "Load weights (0 of " in body


def test_a_test_is_taken_up_where_it_was_left_and_shown_again_when_done(lesson01: Bank) -> None:
    session = Test(lesson01)
    session.do("start")
    session.do("keep", key_of(session))
    session.do("skip")
    session.do("keep", wrong_of(session))
    found = Test(lesson01)
    assert [one.given for one in found.asked] == [one.given for one in session.asked]
    assert found.at == 1  # the first without an answer
    found.do("go", 9)
    found.do("finish")
    assert Test(lesson01).finished == found.finished
    assert "1 of 10 right" in Test(lesson01).screen().body


def test_an_answer_can_be_changed_before_the_end(lesson01: Bank) -> None:
    session = Test(lesson01)
    session.do("start")
    session.do("keep", wrong_of(session))
    session.do("go", 0)
    session.do("keep", key_of(session))
    found = Test(lesson01)
    assert found.asked[0].score is not None
    assert found.asked[0].score.right


def test_open_questions_count_as_wrong(lesson01: Bank) -> None:
    session = Test(lesson01)
    session.do("start")
    session.do("go", 9)
    screen = session.do("finish")
    assert "0 of 10 right" in screen.body
    assert "finish" not in [one.action for one in screen.buttons]
    assert buttons(Test(lesson01)) == ["start"]


def test_a_second_test_asks_what_the_first_did_not(lesson01: Bank) -> None:
    session = Test(lesson01)
    run_test(session, lambda _: True)
    first = {one.variant.item.id for one in session.asked}
    session.do("start")
    second = {one.variant.item.id for one in session.asked}
    assert len(second - first) >= 3


# --- challenge ------------------------------------------------------------------------------------------------------


def test_two_attempts_then_the_solution(lesson01: Bank) -> None:
    session = Challenge(lesson01, now=Clock())
    session.do("start")
    assert session.screen().question is None  # the clock starts when the problem is opened
    session.do("open")
    screen = session.do("check", wrong_of(session))
    assert "One attempt is left" in screen.said
    assert not screen.locked
    screen = session.do("check", wrong_of(session))
    assert screen.locked
    assert "The right answer" in screen.said
    assert next(panel.title for panel in screen.panels) == "Solution"


def test_a_late_answer_does_not_count_and_one_in_flight_does(lesson01: Bank) -> None:
    clock = Clock()
    session = Challenge(lesson01, now=clock)
    session.do("start")
    session.do("open")
    limit = session.screen().seconds_left
    assert limit == 60
    clock.on(seconds=61)
    assert session.do("check", key_of(session)).outcome == "right"
    session.do("next")
    session.do("open")
    clock.on(seconds=93)
    screen = session.do("check", key_of(session))
    assert screen.locked
    assert screen.said.startswith("The time is over.")
    assert len(progress.events("01", "answer")) == 1


def test_double_time_doubles_the_clock(lesson01: Bank) -> None:
    session = Challenge(lesson01, now=Clock())
    session.do("start_slow")
    assert session.do("open").seconds_left == 120


def test_the_clock_cannot_be_stopped_by_a_restart(lesson01: Bank) -> None:
    clock = Clock()
    session = Challenge(lesson01, now=clock)
    session.do("start")
    session.do("open")
    clock.on(seconds=40)
    assert Challenge(lesson01, now=clock).screen().seconds_left == 20


@pytest.mark.parametrize(("right", "earned"), [(5, True), (4, True), (3, False)])
def test_four_of_five_earn_the_badge_and_it_is_kept(lesson01: Bank, right: int, earned: bool) -> None:
    clock = Clock()
    session = Challenge(lesson01, now=clock)
    session.do("start")
    for number in range(5):
        session.do("open")
        session.do("check", key_of(session) if number < right else wrong_of(session))
        if number >= right:
            session.do("check", wrong_of(session))
        session.do("next")
    assert session.finished
    assert progress.summary()["01"]["challenge_badge"] is earned
    assert ("Badge earned" in Challenge(lesson01, now=clock).screen().body) is earned
    session.do("start")  # a new run cannot take it away
    assert progress.summary()["01"]["challenge_badge"] is earned


# --- predict and review ---------------------------------------------------------------------------------------------


def test_a_guess_is_kept_and_judged_only_on_request(lesson01: Bank) -> None:
    session = Predict(lesson01, "01-predict-shape")
    screen = session.do("keep", "[1, 1000]")
    assert screen.outcome == "kept"
    assert "1000" not in screen.said
    found = Predict(lesson01, "01-predict-shape")
    assert found.screen().given == "torch.Size([1, 1000])"
    assert found.screen().outcome == "kept"
    screen = found.do("compare")
    assert screen.outcome == "wrong"
    assert "[5, 1000]" in screen.said
    assert Predict(lesson01, "01-predict-shape").screen().outcome == "wrong"
    assert [one.event for one in progress.events("01")] == ["guess", "compare"]


def test_comparing_needs_a_guess_first(lesson01: Bank) -> None:
    session = Predict(lesson01, "01-predict-sum")
    screen = session.do("compare")
    assert screen.outcome is None
    assert progress.events("01") == []


def test_cards_come_back_when_they_are_about_to_be_forgotten(lesson01: Bank) -> None:
    clock = Clock()
    session = Review(lesson01, now=clock)
    first = session.due()[0]
    assert lesson01.cards[0].back not in session.screen().body
    session.do("good")  # not before the answer is shown
    assert progress.events("01", "card") == []
    session.do("show")
    assert lesson01.cards[0].back in session.screen().body
    session.do("easy")
    due = datetime.fromisoformat(progress.events("01", "card")[0].data["due"])
    assert due - clock() > timedelta(days=1)
    found = Review(lesson01, now=clock)
    assert first not in found.due()
    clock.time = due + timedelta(minutes=1)
    assert Review(lesson01, now=clock).due()[0] == first


def test_when_nothing_is_due_it_says_when(lesson01: Bank) -> None:
    clock = Clock()
    for _ in range(2):  # ten new cards at a sitting
        session = Review(lesson01, now=clock)
        while session.due():
            session.do("show")
            session.do("easy")
    assert "Nothing is due now. The next card comes back in " in session.screen().body
    assert progress.summary(now=clock())["01"]["cards_seen"] == len(lesson01.cards)


# --- all ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["practice", "test", "challenge", "review", "predict"])
@pytest.mark.parametrize("action", ["", "do", "screen", "__class__", "nonsense", "go", "check", "finish"])
@pytest.mark.parametrize("answer", [None, -1, 10**9, "x", [None], {"k": 1}, True, 1.5])
def test_no_action_of_a_browser_breaks_a_session(name: str, action: str, answer: object) -> None:
    session = open_session(name, "01", item="01-predict-none")
    session.do(action, answer)
    json.dumps(asdict(session.screen()))


def test_no_screen_before_an_answer_holds_the_key(lesson01: Bank) -> None:
    for session in (Practice(lesson01), Predict(lesson01, "01-predict-none"), Predict(lesson01, "01-predict-keys")):
        for number in range(len(session.screen().marks) or 1):
            screen = session.do("go", number) if session.screen().marks else session.screen()
            text = json.dumps(asdict(screen))
            item = _variant(session).item
            feedback = [o.feedback for o in item.options] if item.control != "text" else [item.feedback.right]
            assert not any(one.strip() in text for one in (*feedback, *item.solution))
            assert '"right"' not in text
            assert "misconception" not in text
