"""Review: what was missed comes back with other numbers, beside the recall cards, in one lesson or across all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.sessions import Challenge, Practice, Review, Test, open_session

from .test_sessions import Clock, key_of, run_test, wrong_of


def questions(session: Review) -> list[str]:
    return [name for name in session.due() if session.entries[name].asks]


def miss_in_practice(bank: Bank, clock: Clock, number: int = 0) -> str:
    session = Practice(bank, now=clock)
    session.do("go", number)
    session.do("check", wrong_of(session))
    return session.work[number].item.id


def right_now(session: Review) -> Any:
    return session.variant.item.raw(session.variant, session.variant.item.key(session.variant))


def test_a_question_missed_in_practice_comes_back_the_day_after(lesson01: Bank) -> None:
    clock = Clock()
    missed = miss_in_practice(lesson01, clock)
    assert questions(Review(lesson01, now=clock)) == []
    clock.on(days=1, minutes=1)
    session = Review(lesson01, now=clock)
    assert questions(session) == [missed]
    assert session.due()[0] == missed  # before cards never seen
    screen = session.screen()
    assert screen.question is not None
    assert screen.heading == "Review: a question you missed"


def test_many_tries_in_a_row_are_one_miss(lesson01: Bank) -> None:
    clock = Clock()
    for _ in range(3):
        miss_in_practice(lesson01, clock)
        clock.on(minutes=2)
    assert len(progress.events("01", "card")) == 1


def test_what_was_answered_right_does_not_come_back(lesson01: Bank) -> None:
    clock = Clock()
    session = Practice(lesson01, now=clock)
    session.do("check", key_of(session))
    clock.on(days=30)
    assert questions(Review(lesson01, now=clock)) == []


def test_what_a_test_missed_comes_back_only_when_it_is_finished(lesson01: Bank) -> None:
    clock = Clock()
    session = Test(lesson01, now=clock)
    session.do("start")
    session.do("keep", wrong_of(session))
    assert progress.events("01", "card") == []  # it would tell that the answer is wrong
    session.do("go", 9)
    session.do("finish")
    missed = [one.variant.item.id for one in session.asked]
    clock.on(days=2)
    assert set(questions(Review(lesson01, now=clock))) == set(missed)  # those left open too


def test_only_what_a_test_missed_comes_back(lesson01: Bank) -> None:
    clock = Clock()
    session = Test(lesson01, now=clock)
    run_test(session, lambda number: number != 4)
    clock.on(days=2)
    assert questions(Review(lesson01, now=clock)) == [session.asked[4].variant.item.id]


def test_what_a_challenge_missed_comes_back(lesson01: Bank) -> None:
    clock = Clock()
    session = Challenge(lesson01, now=clock)
    session.do("start")
    session.do("open")
    session.do("check", wrong_of(session))
    clock.on(days=2)
    assert questions(Review(lesson01, now=clock)) == [session.problems[0].variant.item.id]


def test_it_has_other_numbers_each_time(lesson01: Bank) -> None:
    clock = Clock()
    number = next(n for n, item in enumerate(lesson01.used_for("practice")) if item.params)
    miss_in_practice(lesson01, clock, number)
    clock.on(days=2)
    seeds, values = [Practice(lesson01).work[number].variant.seed], []
    for _ in range(4):
        session = Review(lesson01, now=clock)
        seeds.append(session.variant.seed)
        values.append(tuple(session.variant.values.items()))
        session.do("check", right_now(session))
        session.do("good")
        clock.on(days=400)
    assert len(set(seeds)) == 5
    assert len(set(values)) > 1


def test_a_right_answer_sends_it_further_away_and_a_wrong_one_brings_it_back(lesson01: Bank) -> None:
    clock = Clock()
    missed = miss_in_practice(lesson01, clock)
    ahead = []
    for right in (True, True, False):
        clock.on(days=400)
        session = Review(lesson01, now=clock)
        answer = right_now(session)
        screen = session.do("check", answer if right else (answer + 1) % 4)
        assert screen.outcome == ("right" if right else "wrong")
        assert screen.panels[0].title == "Solution"
        assert [one.action for one in screen.buttons] == (["hard", "good", "easy"] if right else ["again"])
        session.do("good" if right else "again")
        state = progress.events("01", "card")[-1]
        assert state.item == missed
        ahead.append(datetime.fromisoformat(state.data["due"]) - clock())
    assert ahead[1] > ahead[0] >= timedelta(days=1)
    assert ahead[2] < ahead[1]


def test_the_rating_must_wait_for_the_answer(lesson01: Bank) -> None:
    clock = Clock()
    miss_in_practice(lesson01, clock)
    clock.on(days=2)
    before = len(progress.events("01", "card"))
    session = Review(lesson01, now=clock)
    session.do("easy")
    assert session.do("check", "nonsense").outcome == "note"
    session.do("good")
    assert len(progress.events("01", "card")) == before


def test_across_lessons_everything_due_comes_and_nothing_new(lesson01: Bank) -> None:
    clock = Clock()
    items = [item.model_copy(update={"id": "02" + item.id[2:]}) for item in lesson01.items]
    second = lesson01.model_copy(update={"lesson": "02", "items": items, "cards": []})
    assert "Nothing to review yet" in Review([lesson01, second], now=clock).screen().body
    first_missed = miss_in_practice(lesson01, clock)
    second_missed = miss_in_practice(second, clock, 1)
    clock.on(days=2)
    session = Review([lesson01, second], now=clock)
    assert session.due() == [first_missed, second_missed]
    assert session.screen().place == "Lesson 01, 2 to go"
    session.do("check", right_now(session))
    session.do("good")
    assert session.screen().place == "Lesson 02, 1 to go"
    session.do("check", right_now(session))
    session.do("good")
    assert "Nothing is due now" in session.screen().body
    assert progress.events("02", "card")[-1].data["rating"] == "good"
    assert progress.summary(now=clock())["02"]["cards_due"] == 0


def test_the_dashboard_counts_missed_questions_among_what_is_due(lesson01: Bank) -> None:
    clock = Clock()
    miss_in_practice(lesson01, clock)
    assert progress.summary(now=clock())["01"]["cards_due"] == 0
    clock.on(days=2)
    assert progress.summary(now=clock())["01"]["cards_due"] == 1


def test_a_question_that_its_author_took_out_is_left_out(lesson01: Bank) -> None:
    clock = Clock()
    missed = miss_in_practice(lesson01, clock)
    clock.on(days=2)
    without = lesson01.model_copy(update={"items": [one for one in lesson01.items if one.id != missed]})
    assert questions(Review(without, now=clock)) == []


def test_review_opens_with_and_without_a_lesson() -> None:
    assert open_session("review", "01").lesson == "01"
    assert open_session("review").lesson == "00"


@pytest.mark.parametrize("name", ["test", "challenge", "practice"])
def test_answers_of_another_machine_keep_their_numbers(
    lesson01: Bank, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from coursekit.portable import export_to, import_from

    def shown(session: Any) -> list[tuple[Any, ...]]:
        return [(one.variant.seed, one.variant.values, one.given) for one in session_entries(session)]

    session = {"test": Test, "challenge": Challenge, "practice": Practice}[name](lesson01)  # type: ignore[operator]
    if name == "practice":
        session.do("go", 2)
        session.do("check", key_of(session))
        session.do("renew")
        session.do("check", key_of(session))
        session_entries = lambda one: [one.work[2]]  # noqa: E731
    else:
        session.do("start")
        if name == "challenge":
            session.do("open")
        session.do("keep" if name == "test" else "check", key_of(session))
        session_entries = lambda one: one.asked if name == "test" else one.problems  # noqa: E731
    before = shown(session)
    export_to(tmp_path / "there.json")
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "here"))
    progress.record("guess", lesson="01", item="01-x")  # something was done here, so this machine keeps its seed
    progress.learner_seed()
    import_from(tmp_path / "there.json")
    found = type(session)(lesson01)
    assert shown(found) == before
