"""Placement: it names the right start, stops by its rule, tells no key, and is found again as it was left."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict
from types import ModuleType

import numpy as np
import pytest
from conftest import CHECKOUT
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import progress
from coursekit.errors import CourseError
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import LEVELS
from coursekit.quiz.placing import A_LESSON, KNOWN, LEAST, MOST, Picture, enough, picture_of
from coursekit.quiz.sessions import Placement, Test, all_banks, open_session
from coursekit.quiz.verdict import Answered, chance_right


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("placement_benchmark", CHECKOUT / "benchmarks" / "placement.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def course(bank: Bank, count: int = 9) -> list[Bank]:
    """As many lessons as asked for, with the questions of one under ids of their own."""

    def renamed(number: str) -> Bank:
        items = [item.model_copy(update={"id": number + item.id[2:]}) for item in bank.items]
        return bank.model_copy(update={"lesson": number, "title": f"Lesson {number}", "items": items})

    return [renamed(f"{number:02}") for number in range(1, count + 1)]


def go_through(session: Placement, knows: int, *, most: int = 99) -> None:
    """Answer right in the first ``knows`` lessons and say "I do not know" in the rest."""
    while not session.finished and most:
        most -= 1
        assert session.next is not None
        variant = session.variant
        if session.next[1] < knows:
            session.do("keep", variant.item.raw(variant, variant.item.key(variant)))
        else:
            session.do("pass")


@pytest.mark.parametrize("knows", range(10))
def test_who_knows_the_first_lessons_starts_at_the_next(lesson01: Bank, knows: int) -> None:
    session = Placement(course(lesson01))
    session.do("start")
    go_through(session, knows)
    kept = progress.events("00", "placement")[-1].data
    assert kept["start"] == (f"{knows + 1:02}" if knows < 9 else None)
    assert LEAST <= kept["asked"] <= MOST
    body = session.screen().body
    if knows == 9:
        assert "Everything here looks known" in body
    else:
        assert f"Start with lesson {knows + 1:02}: Lesson {knows + 1:02}." in body
    assert [chance["chance"] >= 0.5 for chance in kept["lessons"].values()] == [n < knows for n in range(9)]


def test_the_result_says_how_sure_it_is_and_what_was_left_out(lesson01: Bank) -> None:
    session = Placement(course(lesson01, 3), left_out=["Lesson 04 has no questions yet."])
    assert "Lesson 04 has no questions yet." in session.screen().body
    session.do("start")
    go_through(session, 1)
    body = session.screen().body
    assert "the chance that this is the very place is" in body
    assert "Lesson 04 has no questions yet." in body
    assert sum(line.startswith("| 0") for line in body.splitlines()) == 3  # a row a lesson
    assert "known" in body
    assert "not known yet" in body
    assert " 100%" not in body
    assert " 0%" not in body


def test_only_questions_of_tests_are_asked_and_none_twice(lesson01: Bank) -> None:
    session = Placement(course(lesson01, 2))
    session.do("start")
    asked = []
    while not session.finished:
        asked.append(session.variant.item)
        session.do("pass")
    assert all("test" in item.uses for item in asked)
    assert len({item.id for item in asked}) == len(asked)
    assert max(sum(item.id.startswith(number) for item in asked) for number in ("01", "02")) <= A_LESSON


def test_its_variants_are_not_those_of_the_tests(lesson01: Bank) -> None:
    with_numbers = {item.id for item in lesson01.used_for("test") if item.params}
    session, differ = Placement([lesson01]), []
    test = Test(lesson01)
    test.do("start")
    drawn = {one.variant.item.id: one.variant.seed for one in test.asked}
    session.do("start")
    while not session.finished:
        if session.variant.item.id in drawn:
            differ.append(session.variant.seed != drawn[session.variant.item.id])
        session.do("pass")
    assert with_numbers
    assert differ
    assert all(differ)


def test_it_tells_no_answer_neither_during_nor_after(lesson01: Bank) -> None:
    session = Placement(course(lesson01, 2))
    session.do("start")
    while not session.finished:
        item = session.variant.item
        session.do("keep", 0 if item.control != "text" else "7")
        text = json.dumps(asdict(session.screen()))
        told = [*item.solution, *(one.feedback for one in getattr(item, "options", []))]
        assert not any(one.strip() in text for one in told)
        if session.screen().question is not None:
            session.do("pass")
    assert session.screen().marks == []


def test_it_is_taken_up_where_it_was_left_and_shown_when_done(lesson01: Bank) -> None:
    banks = course(lesson01)
    session = Placement(banks)
    session.do("start")
    go_through(session, 4, most=5)
    found = Placement(banks)
    assert asdict(found.screen()) == asdict(session.screen())
    assert "Question 6 of" in found.screen().place
    go_through(found, 4)
    assert Placement(banks).screen().body == found.screen().body
    assert [one.action for one in found.screen().buttons] == ["start"]


def test_a_changed_course_begins_the_placement_afresh(lesson01: Bank) -> None:
    session = Placement(course(lesson01, 3))
    session.do("start")
    go_through(session, 1, most=3)
    assert Placement(course(lesson01, 4)).run is None
    changed = course(lesson01, 3)
    gone = session.asked[0].item.id
    changed = [bank.model_copy(update={"items": [i for i in bank.items if i.id != gone]}) for bank in changed]
    assert Placement(changed).run is None


def test_a_kill_before_the_result_was_written_loses_nothing(lesson01: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    banks = course(lesson01)
    session = Placement(banks)
    session.do("start")
    monkeypatch.setattr(session, "_finish", lambda: setattr(session, "finished", True))
    go_through(session, 2)
    assert progress.events("00", "placement") == []
    assert "Start with lesson 03" in Placement(banks).screen().body
    assert len(progress.events("00", "placement")) == 1


def test_it_marks_no_lesson_as_begun(lesson01: Bank) -> None:
    session = Placement(course(lesson01))
    session.do("start")
    go_through(session, 4)
    assert set(progress.summary()) == {"00"}


def test_a_lesson_without_questions_is_left_out_and_named() -> None:
    banks, left_out = all_banks()
    assert "01" in [bank.lesson for bank in banks]
    assert all("no questions yet" in one or "cannot be read" in one for one in left_out)
    with pytest.raises(CourseError, match="nothing to place by"):
        Placement([])
    assert "Placement" in open_session("placement").screen().heading


# --- the model ------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(LEVELS), st.sampled_from([0.0, 0.25, 0.5]), st.booleans()),
        max_size=20,
    )
)
def test_whatever_is_answered_the_picture_stays_one(answers: list[tuple[int, str, float, bool]]) -> None:
    picture = picture_of(5, [(place, Answered(level, guess, right)) for place, level, guess, right in answers])  # type: ignore[arg-type]
    assert picture.start().sum() == pytest.approx(1)
    assert 0 <= picture.best() <= 5
    assert all(0 <= one.chance <= 1 and one.deviation > 0 for one in picture.known())
    for covariance in picture.covariances:
        assert np.linalg.eigvalsh(covariance).min() > 0


def test_a_right_answer_speaks_for_its_lesson_and_less_for_the_others() -> None:
    before, picture = Picture(5).known(), Picture(5)
    picture.learn(2, Answered("medium", 0.25, True))
    gains = [after.chance - one.chance for after, one in zip(picture.known(), before, strict=True)]
    assert max(gains) == gains[2]
    assert gains[2] > 0.1
    assert min(gains[0], gains[1], gains[3]) > 0


def test_one_lesson_alone_is_read_as_the_exact_posterior_reads_it() -> None:
    answers = [Answered("medium", 0.25, True), Answered("hard", 0.0, False), Answered("easy", 0.25, True)]
    picture = picture_of(1, [(0, one) for one in answers])
    grid = np.linspace(-6, 6, 2001)
    start = Picture(1)
    density = sum(
        weight / np.sqrt(cov[0, 0]) * np.exp(-0.5 * (grid - mean[0]) ** 2 / cov[0, 0])
        for weight, mean, cov in zip(start.weights, start.means, start.covariances, strict=True)
    )
    for one in answers:
        right = chance_right(grid, one.level, one.guess)
        density = density * (right if one.right else 1 - right)
    exact = density[grid >= KNOWN].sum() / density.sum()
    assert picture.known()[0].chance == pytest.approx(exact, abs=0.03)


def test_a_question_of_a_lesson_that_is_settled_tells_less() -> None:
    picture = Picture(4)
    for _ in range(5):
        picture.learn(0, Answered("medium", 0.25, True))
    told = picture.telling([(0, "medium", 0.25), (1, "medium", 0.25)])
    assert told[1] > 2 * told[0] > 0


def test_it_stops_when_sure_and_never_before_the_least_or_after_the_most() -> None:
    sure, unsure = Picture(3), Picture(3)
    for _ in range(8):
        sure.learn(0, Answered("easy", 0.0, False))
    assert [enough(sure, asked, 9) for asked in (LEAST - 1, LEAST)] == [False, True]
    assert [enough(unsure, asked, 9) for asked in (LEAST, MOST - 1, MOST)] == [False, False, True]
    assert enough(unsure, 3, 0)


@pytest.mark.slow
def test_simulated_learners_are_placed_better_than_by_a_plain_test(benchmark: ModuleType) -> None:
    off: dict[str, list[int]] = {}
    for kind in benchmark.KINDS:
        for way, results in benchmark.measure(kind, lessons=9, learners=40, seed=7).items():
            off.setdefault(way, []).extend(distance for distance, _ in results)
    mean = {way: float(np.mean(found)) for way, found in off.items()}
    right = {way: float(np.mean(np.array(found) == 0)) for way, found in off.items()}
    assert mean["placement"] < 0.85 * mean["plain score"]
    assert right["placement"] > right["plain score"]
    assert right["placement"] > 0.5
