"""What a learner is given of a graded question holds no key and no truth; and this scan would find one."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT

from coursekit.grading.questions import GradedBank, graded_bank
from coursekit.grading.release import release_lesson
from coursekit.lab.workspace import prepare
from coursekit.quiz.sessions import Graded
from coursekit.quiz.widget import QuizCard

LEAST = 16  # letters and digits of a text that counts as told: shorter ones occur by chance
NAME = 8  # of an id or a misconception, whose words stand beside each other nowhere else
COMMON = ("misconception", "proof", "setup", "fixed")  # may stand in other banks or in a lesson too
SHOWN = {
    "id",
    "stem",
    "control",
    "options",
    "placeholder",
    "level",
    "lines",
    "idle",
    "after",
    "rows",
    "classes",
    "cells",
}


@pytest.fixture(scope="module")
def made() -> GradedBank:
    bank = graded_bank("01")
    assert bank is not None
    return bank


def squeezed(text: str) -> str:
    """A text without what JSON, HTML and Markdown put between its letters."""
    plain = re.sub(r"<[^>]+>", "", html.unescape(text.replace("\\n", " ").replace('\\"', '"')))
    return re.sub(r"[^a-z0-9]+", "", plain.lower())


def secrets(made: GradedBank, *, common: bool = True) -> dict[str, str]:
    """Everything of the bank that must not be told, squeezed, with what it is; as filled in for each variant.

    Args:
        made: the bank.
        common: with what other content of the course may hold as well, such as a line of a proof.
    """
    found: dict[str, str] = {}

    def note(what: str, text: str, least: int = LEAST) -> None:
        if len(squeezed(text)) >= least:
            found[squeezed(text)] = what

    for item in made.items:
        note(f"id of {item.id}", item.id, NAME)
        texts = [(path, text) for path, text in _texts(json.loads(item.model_dump_json())) if not _told(path)]
        for variant, shown in made.variants(item).values():
            for path, text in texts:
                what = f"{'.'.join(map(str, path))} of {item.id}"
                if path[-1] in COMMON and not common:
                    continue
                if path[-1] == "misconception":
                    note(what, text, NAME)
                elif path[-1] in ("proof", "setup"):
                    for line in text.splitlines():
                        if squeezed(line) not in squeezed(json.dumps(shown)):
                            note(what, line)
                else:
                    note(what, variant.fill(text))
    return found


def _told(path: tuple[str | int, ...]) -> bool:
    """What is shown to everybody: the stem, the options' texts, and words of the format."""
    return path[0] in ("stem", "kind", "level", "objective", "uses", "where", "params", "unit", "id") or (
        path[0] == "options" and path[-1] == "text"
    )


def _texts(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for name, inner in data.items():
            yield from _texts(inner, (*path, name))
    elif isinstance(data, list):
        for number, inner in enumerate(data):
            yield from _texts(inner, (*path, number))


def leaks(text: str, hidden: dict[str, str]) -> list[str]:
    plain = squeezed(text)
    return sorted({what for secret, what in hidden.items() if secret in plain})


def leaks_in(folder: Path, hidden: dict[str, str]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    texts = [path.read_bytes().decode("utf-8", "replace") for path in files]
    return [leak for text in texts for leak in leaks(text, hidden)]


def session_of(folder: Path, made: GradedBank) -> Graded:
    (folder / "01_questions.json").write_bytes(made.handout())
    return Graded("01", folder=folder)


def everything_said(card: QuizCard) -> str:
    """Every message the card sends while each question is answered, its state, and what is stored in the notebook."""
    said: list[str] = []
    card.observe(lambda change: said.append(json.dumps(change["new"])), "screen")
    for number in range(6):
        for action, answer in (("go", number), ("check", 0), ("solve", None), ("hint", None), ("finish", None)):
            card._act(card, {"action": action, "answer": answer}, [])
        control = card.screen["question"]["control"]
        card._act(card, {"action": "keep", "answer": {"one": 0, "line": 2}.get(control, "[1, 1]")}, [])
        card._act(card, {"action": "go", "answer": number}, [])
        card._act(card, {"action": "keep", "answer": "7"}, [])
    state = {name: value for name, value in card.get_state().items() if name not in ("_esm", "_css")}
    bundle, _ = card._repr_mimebundle_()
    return "\n".join([*said, json.dumps(state), json.dumps(bundle), repr(card)])


def test_there_is_much_to_hide(made: GradedBank) -> None:
    hidden = secrets(made)
    kinds = {part for what in hidden.values() for part in what.split(" of ")[0].split(".")}
    assert {"id", "feedback", "misconception", "proof", "setup", "solution", "slips", "fixed"} <= kinds
    assert len(hidden) > 80


@pytest.mark.slow
def test_release_and_workspace_hold_no_key(made: GradedBank, tmp_path: Path) -> None:
    release_lesson("01", tmp_path / "release")
    prepare(tmp_path / "workspace")
    for folder in ("release", "workspace"):
        given = tmp_path / folder / "01_loading_weights" / "01_questions.json"
        assert given.read_bytes() == made.handout()
        assert leaks_in(tmp_path / folder, secrets(made, common=False)) == []
        assert leaks(given.read_text(encoding="utf-8"), secrets(made)) == []


def test_what_the_wheel_packs_holds_no_key(made: GradedBank) -> None:
    hidden = secrets(made, common=False)
    for folder in ("coursekit", "notebooks"):
        assert leaks_in(CHECKOUT / folder, hidden) == []
    for path in (CHECKOUT / "quizzes").glob("*.yml"):
        assert leaks(path.read_text(encoding="utf-8"), hidden) == []


def test_the_card_its_messages_and_the_stored_notebook_hold_no_key(made: GradedBank, tmp_path: Path) -> None:
    card = QuizCard(session_of(tmp_path, made))
    text = everything_said(card)
    assert "crops" in text
    assert leaks(text, secrets(made)) == []
    assert not re.search(r'"(outcome|data-mark)": "(right|wrong|partial)"', text)
    answers = (tmp_path / "01_answers.json").read_text()
    assert leaks(answers, secrets(made)) == []


def test_the_questions_have_these_names_and_no_other(made: GradedBank) -> None:
    data = json.loads(made.handout())
    assert set(data) == {"format", "lesson", "release", "questions"}
    for one in data["questions"]:
        assert set(one) == {"question", "kind", "unit", "variants"}
        assert all(set(variant) == SHOWN for variant in one["variants"])
        assert all(isinstance(option, str) for variant in one["variants"] for option in variant["options"])


def test_the_place_of_the_right_option_differs_and_follows_no_number_in_the_file(made: GradedBank) -> None:
    text = made.handout().decode()
    for item in made.items:
        drawn = made.variants(item)
        for variant, _ in drawn.values():
            assert str(variant.seed) not in text  # whoever has the seed can undo the shuffle
        if item.control == "one":
            assert len({item.raw(variant, item.key(variant)) for variant, _ in drawn.values()}) >= 3


def test_without_the_bank_names_and_seeds_cannot_be_made(made: GradedBank) -> None:
    other = GradedBank(made.bank, made.content + b" ")
    for item in made.items:
        assert not set(made.variants(item)) & set(other.variants(item))
    assert made.release != other.release


# --- the scan itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "leak",
    [
        lambda item, shown: shown.update(feedback=item.model_dump()["feedback"]),
        lambda item, shown: shown.update(solution=item.solution),
        lambda item, shown: shown.update(key=item.id),
        lambda item, shown: shown.update(stem=shown["stem"] + str(item.slips[0].misconception)),
        lambda item, shown: shown.update(after=f"<p>{item.proof}</p>"),
    ],
)
def test_a_key_in_the_questions_would_be_found(made: GradedBank, leak: Any) -> None:
    data = json.loads(made.handout())
    leak(made.items[0], data["questions"][0]["variants"][0])
    assert leaks(json.dumps(data, ensure_ascii=False, indent=1), secrets(made)) != []


def test_a_card_that_tells_would_be_found(made: GradedBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(tmp_path, made)
    kept = Graded.do_keep

    def telling(self: Graded, answer: object) -> None:
        kept(self, answer)
        item = made.items[3]
        self.notice = item.options[0].feedback  # type: ignore[attr-defined]

    monkeypatch.setattr(Graded, "do_keep", telling)
    assert leaks(everything_said(QuizCard(session)), secrets(made)) != []


def test_a_stored_output_that_tells_would_be_found(
    made: GradedBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Graded, "stored", lambda self: "\n".join(made.items[5].solution))
    assert leaks(everything_said(QuizCard(session_of(tmp_path, made))), secrets(made)) != []
