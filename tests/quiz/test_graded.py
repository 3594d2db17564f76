"""Graded questions: answers are kept with the submission, and scored from it, whatever somebody wrote into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit.errors import CourseError
from coursekit.grading import questions
from coursekit.grading.questions import GradedBank, graded_bank, open_bank, remember
from coursekit.grading.quiz import score_answers, shared_seeds
from coursekit.quiz.handout import LARGEST_ANSWERS, pick, read_questions
from coursekit.quiz.sessions import Graded

from .conftest import CHOICE, NUMBER
from .nine import BUG, MATRIX, ORDER, OUTPUT, SHAPE


@pytest.fixture(scope="module")
def made() -> GradedBank:
    """The real graded bank of lesson 01."""
    bank = graded_bank("01")
    assert bank is not None
    return bank


@pytest.fixture
def folder(tmp_path: Path, made: GradedBank) -> Path:
    """An assignment as a learner gets it."""
    place = tmp_path / "01_loading_weights"
    place.mkdir()
    (place / "01_questions.json").write_bytes(made.handout())
    return place


def another(key: Any, control: str, count: int) -> Any:
    """An answer that can be read, and is not this one."""
    if control == "one":
        return (key + 1) % count
    return key - 1 if control == "line" else "[9, 9, 9]"


def answer_all(session: Graded, made: GradedBank, right: Callable[[int], bool] = lambda _: True) -> None:
    """Answer as somebody who has the bank would, right or wrong."""
    for number, item in enumerate(made.items):
        session.do("go", number)
        variant, shown = made.variants(item)[session.answers.variant(session.pool)["id"]]
        key = item.raw(variant, item.key(variant))
        if not right(number):
            key = "987654" if item.kind == "number" else another(key, item.control, len(shown["options"]))
        session.do("keep", key)


def test_right_answers_get_every_point_and_wrong_ones_none(folder: Path, made: GradedBank) -> None:
    answer_all(Graded("01", folder=folder), made)
    found = score_answers("01", folder / "01_answers.json")
    assert found.flags == []
    assert (found.score, found.max_score) == (6.0, 6.0)
    assert {item.id for item in found.items} == {item.id for item in made.items}
    answer_all(Graded("01", folder=folder), made, right=lambda number: number == 2)
    found = score_answers("01", folder / "01_answers.json")
    assert found.flags == []
    assert [item.status for item in found.items] == ["passed" if n == 2 else "failed" for n in range(6)]
    assert found.score == 1.0


def test_nothing_is_said_about_an_answer_but_that_it_is_kept(folder: Path, made: GradedBank) -> None:
    session = Graded("01", folder=folder)
    for number in range(5):
        session.do("go", number)
        shown = session.screen().question
        assert shown is not None
        screen = session.do("keep", {"one": 0, "line": 1}.get(shown.control, "[1, 1]" if number == 0 else "7"))
        assert screen.outcome == "note"
        assert screen.said.startswith("Kept.")
    session.do("go", 5)
    assert "Hand in the folder" in session.do("keep", 0).said
    assert session.screen().marks == ["answered"] * 6


def test_answers_are_found_again_and_can_be_changed(folder: Path, made: GradedBank) -> None:
    session = Graded("01", folder=folder)
    session.do("keep", "[2, 2]")
    found = Graded("01", folder=folder)
    assert found.at == 1
    found.do("go", 0)
    assert found.screen().given == "[2, 2]"
    found.do("keep", "[3, 3]")
    [kept] = json.loads((folder / "01_answers.json").read_text())["answers"]
    assert (kept["question"], kept["answer"]) == ("q1", "[3, 3]")


def test_an_answer_that_cannot_be_read_is_not_kept(folder: Path) -> None:
    session = Graded("01", folder=folder)
    for junk in (None, "", "five rows", 7, [], "x" * 5000, {"a": 1}):
        screen = session.do("keep", junk)
        assert screen.outcome == "note"
        assert "Kept" not in screen.said
    assert not (folder / "01_answers.json").exists()


def test_each_learner_has_a_seed_of_their_own_and_keeps_it_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawn = set()
    for number in range(12):
        monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / f"learner {number}"))
        session = Graded("01", folder=folder)
        drawn.add(tuple(session.answers.variant(pool)["id"] for pool in session.handout.pools))
    assert len(drawn) == 12
    session.do("keep", "[1, 1]")
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "another machine"))
    again = Graded("01", folder=folder)
    assert [again.answers.variant(pool) for pool in again.handout.pools] == [
        session.answers.variant(pool) for pool in session.handout.pools
    ]


def test_two_kernels_answering_at_once_lose_nothing(folder: Path) -> None:
    one, other = Graded("01", folder=folder), Graded("01", folder=folder)
    one.do("keep", "[1, 1]")
    other.do("go", 4)
    other.do("keep", "7")
    one.do("go", 3)
    one.do("keep", 0)
    kept = json.loads((folder / "01_answers.json").read_text())["answers"]
    assert [each["question"] for each in kept] == ["q1", "q5", "q4"]


KEEPER = """
import sys
from pathlib import Path
from coursekit.quiz.sessions import Graded
session = Graded("01", folder=Path(sys.argv[1]))
print("ready", flush=True)
for number in range(100_000):
    session.do("go", 0)
    session.do("keep", f"[{number}, 1]")
    print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX systems")
def test_a_kill_at_any_moment_leaves_the_last_answer_that_was_kept(folder: Path) -> None:
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert keeper.stdout is not None
    reported = [keeper.stdout.readline() for _ in range(12)][-1]
    keeper.kill()
    rest = keeper.stdout.read().split()
    keeper.wait()
    keeper.stdout.close()
    last = int((rest or [reported])[-1])
    kept = Graded("01", folder=folder).answers.given["q1"]
    assert kept in (f"[{last}, 1]", f"[{last + 1}, 1]")


def test_answers_to_other_questions_are_put_aside_not_written_over(folder: Path, made: GradedBank) -> None:
    Graded("01", folder=folder).do("keep", "[1, 1]")
    before = (folder / "01_answers.json").read_bytes()
    newer = GradedBank(made.bank, made.content + b"\n# mended\n")
    (folder / "01_questions.json").write_bytes(newer.handout())
    session = Graded("01", folder=folder)
    assert "01_answers-old-1.json" in session.screen().said
    assert (folder / "01_answers-old-1.json").read_bytes() == before
    assert session.screen().marks == ["open"] * 6
    (folder / "01_answers.json").write_text("{ torn")
    assert "01_answers-old-2.json" in Graded("01", folder=folder).screen().said


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_called_kept(folder: Path) -> None:
    session = Graded("01", folder=folder)
    (folder / ".01_answers.json.coursekit-part").mkdir()  # the place of the unfinished file is taken
    screen = session.do("keep", "[1, 1]")
    assert "not kept" in screen.said
    assert screen.marks == ["open"] * 6


def test_missing_or_broken_questions_are_told_to_the_learner(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"01_questions\.json is not in this folder"):
        Graded("01", folder=tmp_path)
    for junk in ("", "[]", "{}", '{"format": 1, "lesson": "01", "release": "x", "questions": []}', "[" * 100_000):
        (tmp_path / "01_questions.json").write_text(junk)
        with pytest.raises(CourseError, match="cannot be read"):
            Graded("01", folder=tmp_path)
    (tmp_path / "01_questions.json").write_text('{"format": 2}')
    with pytest.raises(CourseError, match="newer coursekit"):
        Graded("01", folder=tmp_path)


def test_the_delivered_questions_are_those_of_the_bank(made: GradedBank) -> None:
    delivered = CHECKOUT / "notebooks" / "01_loading_weights" / "01_questions.json"
    assert delivered.read_bytes() == made.handout(), "write them anew: python -m coursekit.grading.questions"
    assert read_questions(delivered).release == made.release
    assert all(len(pool.variants) >= 5 for pool in read_questions(delivered).pools)


def test_every_kind_of_question_can_be_handed_out_answered_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = "".join((CHOICE, NUMBER, SHAPE, OUTPUT, ORDER, BUG, MATRIX)).replace("[practice]", "[graded]")
    graded = tmp_path / "graded"
    graded.mkdir()
    (graded / "01_small.yml").write_text(f'lesson: "01"\nitems:{items}', encoding="utf-8")
    monkeypatch.setattr(questions, "graded_folder", lambda: graded)
    made = open_bank(graded / "01_small.yml")
    (tmp_path / "01_questions.json").write_bytes(made.handout())
    session = Graded("01", folder=tmp_path)
    for number, item in enumerate(made.items):
        session.do("go", number)
        variant, _ = made.variants(item)[session.answers.variant(session.pool)["id"]]
        screen = session.do("keep", item.raw(variant, item.key(variant)))
        assert screen.marks[number] == "answered", (item.id, screen.said)
    found = score_answers("01", tmp_path / "01_answers.json")
    assert (found.flags, found.score) == ([], 7.0)


# --- the instructor's side: what somebody may have written ----------------------------------------------------------


@pytest.fixture
def handed_in(folder: Path, made: GradedBank) -> Path:
    answer_all(Graded("01", folder=folder), made)
    return folder / "01_answers.json"


def other_variant(data: dict[str, Any]) -> None:
    bank = graded_bank("01")
    assert bank is not None
    names = list(bank.variants(bank.items[0]))
    one = next(each for each in data["answers"] if each["question"] == "q1")
    one["variant"] = next(name for name in names if name != one["variant"])


TAMPERED: dict[str, tuple[Callable[[dict[str, Any]], Any], str, float | None]] = {
    "another variant": (other_variant, "wrong-variant", 5.0),
    "a made-up variant": (lambda data: data["answers"][0].update(variant="x"), "wrong-variant", 5.0),
    "a variant of another type": (lambda data: data["answers"][0].update(variant=[1]), "wrong-variant", 5.0),
    "another seed": (lambda data: data.update(seed=data["seed"] + 1), "wrong-variant", None),
    "a seed that is none": (lambda data: data.update(seed="1"), "unreadable-file", 0.0),
    "a huge seed": (lambda data: data.update(seed=10**40), "unreadable-file", 0.0),
    "an unknown question": (lambda data: data["answers"][0].update(question="q99"), "unknown-question", 5.0),
    "an id for a question": (lambda data: data["answers"][0].update(question="01-graded-crops"), "unknown-question", 5),
    "the same twice": (lambda data: data["answers"].append(dict(data["answers"][0])), "duplicate-answer", 5.0),
    "points claimed": (lambda data: data["answers"][0].update(points=100), "junk", 5.0),
    "a score claimed": (lambda data: data.update(score=100), "unreadable-file", 0.0),
    "junk among them": (lambda data: data["answers"].extend([None, 7, "x", [], {}]), "junk", 6.0),
    "an answer of another kind": (lambda data: data["answers"][0].update(answer={"a": 1}), "unreadable-answer", 5.0),
    "an infinite answer": (lambda data: data["answers"][4].update(answer="inf"), "unreadable-answer", 5.0),
    "a long answer": (lambda data: data["answers"][0].update(answer="9" * 50_000), "unreadable-answer", 5.0),
    "another lesson": (lambda data: data.update(lesson="02"), "unknown-release", 0.0),
    "another release": (lambda data: data.update(release="0" * 16), "unknown-release", 0.0),
    "a path for a release": (lambda data: data.update(release="../../../../x"), "unknown-release", 0.0),
    "a newer format": (lambda data: data.update(format=2), "unreadable-file", 0.0),
    "thousands of answers": (lambda data: data["answers"].extend([{"x": n} for n in range(5000)]), "more", 6.0),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_tampered_with_is_flagged_and_counts_nothing(handed_in: Path, name: str) -> None:
    tamper, flag, points = TAMPERED[name]
    data = json.loads(handed_in.read_text())
    tamper(data)
    handed_in.write_text(json.dumps(data))
    found = score_answers("01", handed_in)
    assert flag in [one.name for one in found.flags]
    assert len(found.items) == 6
    assert len(found.flags) <= 21
    assert max(len(one.message) for one in found.flags) < 200
    if points is not None:
        assert found.score == points


def test_a_seed_chosen_for_its_variants_is_seen_by_the_answers_that_do_not_fit(
    handed_in: Path, made: GradedBank
) -> None:
    data = json.loads(handed_in.read_text())
    data["seed"] += 1
    handed_in.write_text(json.dumps(data))
    found = score_answers("01", handed_in)
    for number, item in enumerate(found.items):
        one = next(each for each in data["answers"] if each["question"] == f"q{number + 1}")
        names = list(made.variants(made.items[number]))
        fits = names[pick(data["seed"], made.release, one["question"], len(names))] == one["variant"]
        assert item.status == ("passed" if fits else "error")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{",
        b"[" * 200_000,
        b'{"a": ' * 50_000,
        b"9" * 6000,
        b" " * (LARGEST_ANSWERS + 1),
    ],
)
def test_a_file_of_anything_is_flagged_not_raised(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    found = score_answers("01", tmp_path / "x.json")
    assert [one.name for one in found.flags] == ["unreadable-file"]
    assert found.score == 0


def test_a_name_given_twice_is_seen(handed_in: Path) -> None:
    handed_in.write_text(handed_in.read_text().replace('"seed":', '"seed": 1, "seed":', 1))
    assert "twice" in score_answers("01", handed_in).flags[0].message


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX systems")
def test_a_link_a_pipe_or_a_folder_in_its_place_is_never_followed(tmp_path: Path, handed_in: Path) -> None:
    (tmp_path / "link").symlink_to(handed_in)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "link", tmp_path / "pipe", tmp_path):
        found = score_answers("01", path)
        assert [one.name for one in found.flags] == ["unreadable-file"]
        assert found.score == 0


def test_who_answered_nothing_has_no_flag(tmp_path: Path) -> None:
    found = score_answers("01", tmp_path / "none.json")
    assert (found.flags, {item.status for item in found.items}) == ([], {"not_attempted"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.sampled_from([f"q{n}" for n in range(1, 7)]), answer=JSON, part=st.sampled_from(["answer", "at"]))
def test_no_answer_raises_or_earns_more_than_its_question(
    handed_in: Path, question: str, answer: object, part: str
) -> None:
    data = json.loads(handed_in.read_text())
    next(one for one in data["answers"] if one["question"] == question)[part] = answer
    path = handed_in.with_name("fuzzed.json")
    path.write_text(json.dumps(data))
    found = score_answers("01", path)
    assert 5.0 <= found.score <= 6.0


def test_answers_to_an_older_release_are_scored_by_the_bank_they_were_given_to(
    folder: Path, tmp_path: Path, made: GradedBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "graded"
    older.mkdir()
    (older / "01_older.yml").write_bytes(made.content.replace(b"1,000 classes", b"1000 classes"))
    old = open_bank(older / "01_older.yml")
    (folder / "01_questions.json").write_bytes(old.handout())
    answer_all(Graded("01", folder=folder), old)
    assert score_answers("01", folder / "01_answers.json").flags[0].name == "unknown-release"
    remember(old)
    found = score_answers("01", folder / "01_answers.json")
    assert (found.flags, found.score) == ([], 6.0)


def test_one_file_handed_in_twice_is_seen_by_its_seed(handed_in: Path, tmp_path: Path) -> None:
    one = score_answers("01", handed_in)
    none = score_answers("01", tmp_path / "none.json")
    assert shared_seeds({"a": one, "b": one, "c": none, "d": none}) == [["a", "b"]]


def test_without_a_bank_the_instructor_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "graded_folder", lambda: tmp_path)
    with pytest.raises(CourseError, match="no graded questions of lesson 01"):
        score_answers("1", tmp_path / "x.json")
