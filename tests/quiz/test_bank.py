"""A broken bank is refused with file, line, and what to do; a good one loads; the published schema is current."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.errors import CourseError
from coursekit.lint import lint
from coursekit.paths import content_dir
from coursekit.quiz.bank import bank_file, load, read, schema
from coursekit.quiz.loading import LARGEST_BANK, BankError, read_yaml

from .conftest import CHOICE, NUMBER

WHOLE = 'lesson: "01"\nitems:' + CHOICE + NUMBER


def problems_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "01_broken.yml"
    path.write_text(text, encoding="utf-8")
    bank, problems, _ = read(path)
    assert bank is None
    assert all(one.file == str(path) for one in problems)
    return [f"{one.line}: {one.message} {one.mend}" for one in problems]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("kind: choice", "kind: choise", 3, "kind that does not exist: 'choise'. Kinds: choice, choices, number"),
        ("    kind: choice\n", "", 3, "no kind given"),
        ("level: easy", "level: simple", 5, "'level' is 'simple'. Expected 'easy', 'medium' or 'hard'"),
        ("stem:", "stemm:", 9, "has 'stemm', which means nothing here. Did you mean 'stem'"),
        ("feedback: Yes., because", "because", 12, "needs 'feedback'"),
        ("misconception: takes-any, ", "", 14, "needs 'misconception'"),
        (", because: it is, source: code", "", 3, "option 1 has nothing that shows it is right"),
        ("source: code}\n      - {text: some", "}\n      - {text: some", 13, "'because' and 'source' belong together"),
        ("right: true, ", "misconception: no-such, ", 3, "0 options are marked 'right: true'"),
        ("hints: [Look again., Count them.]", "hints: [One.]", 3, "at least two hints"),
        ("    quick_check: Run it.\n", "", 3, "needs 'quick_check'"),
        ("id: 01-which", "id: Which One", 3, "'id'"),
        ("    proof: truth = n + n\n", "", 22, "needs 'proof'"),
        ("level: easy", "level: easy\n    level: hard", 6, "gives 'level' twice"),
        ("uses: [practice]", "uses: [practise]", 7, "Expected 'practice', 'test'"),
        ("low: 3, high: 50", "low: 9, high: 5", 29, "above high"),
    ],
)
def test_one_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in WHOLE
    said = problems_of(tmp_path, WHOLE.replace(old, new, 1))
    assert any(says in one for one in said), said
    first = next(one for one in said if says in one)
    assert abs(int(first.split(":")[0]) - line) <= 1, first


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("lesson: [", "is not YAML"),
        ("lesson: '01'\nitems: &a\n  - *a\n", "alias"),
        ("a: " + "[" * 200, "nested too deeply"),
        ("just a text", "Bank"),
        ("lesson: '01'\nitems: {}\n", "'items'"),
        ("lesson: \x00", "is not YAML"),
        ("!!python/object/apply:os.system ['true']", "valid"),
    ],
)
def test_what_is_no_bank_is_refused(tmp_path: Path, text: str, says: str) -> None:
    said = problems_of(tmp_path, text)
    assert said
    assert any(says.lower() in one.lower() for one in said) or says in ("Bank", "valid"), said


def test_a_file_that_is_not_utf8_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    with pytest.raises(BankError, match=r"cannot be read"):
        read_yaml(path)
    path.write_bytes(b"lesson: \xff\xfe")
    with pytest.raises(BankError, match="not UTF-8"):
        read_yaml(path)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_bank_gives_problems_or_a_bank(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(WHOLE)))
    length = data.draw(st.integers(0, 40))
    path = tmp_path_factory.getbasetemp() / "fuzzed.yml"
    path.write_text(
        WHOLE[:start] + data.draw(st.text(max_size=20)) + WHOLE[start + length :], encoding="utf-8", errors="ignore"
    )
    bank, problems, _ = read(path)
    assert (bank is None) == bool(problems)
    assert all(one.line >= 1 and one.message for one in problems)


@pytest.mark.slow
def test_ten_thousand_questions_load_and_lint(tmp_path: Path) -> None:
    """How long it takes, and that it grows in proportion, is measured by ``benchmarks/quiz.py``."""
    path = tmp_path / "01_large.yml"
    many = "".join(NUMBER.replace("01-double", f"01-double-{number}") for number in range(10_000))
    path.write_text('lesson: "01"\nitems:' + many, encoding="utf-8")
    bank, problems, _ = read(path)
    assert problems == []
    assert bank is not None
    assert len(bank.items) == 10_000
    assert {one.rule for one in lint(proofs=False, banks=[path])} == {"counts", "objectives"}


def test_a_file_beyond_any_bank_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "01_huge.yml"
    with open(path, "wb") as file:
        file.truncate(LARGEST_BANK + 1)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: pytest.fail("was read"))
    with pytest.raises(BankError, match=r"20,000,001 bytes large. Split it by lesson"):
        read_yaml(path)


def test_a_bomb_of_aliases_is_refused_at_its_first(tmp_path: Path) -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    assert problems_of(tmp_path, f"a0: &a0 [x, x]\n{levels}\n") == ["2: uses an alias (*name). Write the text out."]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "\ufeff" + text, None),
        (lambda text: text.replace("\n", "\r\n"), None),
        (
            lambda text: text.replace("    kind: choice", "\tkind: choice", 1),
            "4: is not YAML: found a tab character that violates indentation. Indent",
        ),
        (lambda text: text + "\n---\n" + text, "is one document: take out the line '---'"),
        (lambda text: text.replace("lesson:", "lesson:: "), "'lesson'"),
    ],
    ids=["byte order mark", "line ends of Windows", "tab", "two documents", "colon"],
)
def test_what_editors_do_to_a_file(tmp_path: Path, change: Callable[[str], str], says: str | None) -> None:
    path = tmp_path / "01_edited.yml"
    path.write_bytes(change(WHOLE).encode())
    bank, problems, _ = read(path)
    assert (bank is not None) == (says is None), problems
    if says:
        assert any(says in f"{one.line}: {one.message} {one.mend}" for one in problems), problems


def test_the_published_schema_is_current() -> None:
    published = json.loads((content_dir() / "quizzes" / "schema.json").read_text(encoding="utf-8"))
    assert published == schema(), "write it again: python -m coursekit.quiz.schema"


def test_lessons_are_found_by_number_and_name() -> None:
    assert bank_file("1") == bank_file("01") == bank_file("01_loading_weights")
    with pytest.raises(CourseError, match="no quiz for lesson '77'"):
        bank_file("77")


def test_an_unknown_question_is_refused_with_its_neighbours() -> None:
    with pytest.raises(CourseError, match="01-predict-shape"):
        load("01").item("01-predict-shap")
