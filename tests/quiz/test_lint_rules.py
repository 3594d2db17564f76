"""Each of lint's refusals, shown by the real bank of lesson 01 broken in one place: rule, file, line, and the mend."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coursekit import lessons
from coursekit import lint as linting
from coursekit.lint import lint
from coursekit.paths import content_dir
from coursekit.quiz.loading import Problem

from .conftest import CHOICE, NUMBER


@dataclass(frozen=True)
class Break:
    """One edit of the bank: ``old`` (its first occurrence after ``after``) becomes ``new``."""

    rule: str
    after: str
    old: str
    new: str
    says: str
    line_of: str = ""  # the text whose line is named, if not that of ``old``
    many: bool = False  # other problems follow from this one


ITEM = "- id: 01-test-list\n"
BREAKS = [
    # what is not there, not known, or of the wrong type
    Break("missing", ITEM, "    level: easy\n", "", "01-test-list: needs 'level'", ITEM),
    Break(
        "missing",
        ITEM,
        '        feedback: "`get_model`',
        '        because: "`get_model`',
        "option 2: needs 'feedback'",
        '      - text: \'`get_model("resnet*")`',
    ),
    Break(
        "value-error",
        "01-test-shape\n",
        "    proof: |\n      import torch\n      from torchvision.models import resnet18\n"
        "      truth = list(resnet18(weights=None).eval()(torch.rand(batch, 3, size, size)).shape)\n",
        "",
        "01-test-shape: needs 'proof'",
        "- id: 01-test-shape\n",
    ),
    Break("extra-forbidden", ITEM, "objective:", "objektive:", "Did you mean 'objective'?", many=True),
    Break(
        "union-tag-invalid",
        ITEM,
        "kind: choice",
        "kind: choise",
        "kind that does not exist: 'choise'. Kinds: choice",
        ITEM,
    ),
    Break("literal-error", ITEM, "level: easy", "level: simple", "Expected 'easy', 'medium' or 'hard'"),
    Break("string-type", "01-test-default\n", "answer: IMAGENET1K_V2", "answer: no", "Put it in quotes"),
    Break("list-type", ITEM, "uses: [test]", "uses: test", "'uses' is a text; expected a list"),
    Break("string-pattern-mismatch", "- id: 0", "1-predict-shape", "1-Predict", "such as '01-test-shape'"),
    Break("value-error", ITEM, "        right: true\n", "        misconception: none\n", "0 options are marked", ITEM),
    # the file itself
    Break("yaml", ITEM, "kind: choice", "kind: [choice", "is not YAML", "    level: easy\n", many=True),
    Break("yaml", ITEM, "level: easy\n", "level: easy\n    level: hard\n", "gives 'level' twice", "level: hard\n"),
    Break("yaml", ITEM, "level: easy", "level: &easy easy\n    seconds: *easy", "uses an alias", "seconds: *easy"),
    # ids
    Break(
        "duplicate-id",
        "",
        ITEM,
        "- id: 01-predict-sum\n",
        "'01-predict-sum' is there twice",
        "- id: 01-predict-sum\n    kind: choice\n    level: easy",
    ),
    Break("id", "", ITEM, "- id: 02-test-list\n", "does not begin with the lesson's number"),
    Break("lesson", "", 'lesson: "01"', 'lesson: "03"', "says it is of lesson '03'", many=True),
    # counts and what is covered
    Break("counts", "- id: 01-practice-head\n", "[practice]", "[predict]", "has 4 practice questions", "items:"),
    Break(
        "counts",
        "- id: 01-test-offline\n",
        "[test]",
        "[practice]",
        "4 test questions of level hard",
        "items:",
        many=True,
    ),
    Break("counts", "- id: 01-challenge-topk\n", "[challenge]", "[practice]", "has 4 challenge problems", "items:"),
    Break(
        "counts",
        "- id: 01-challenge-topk\n",
        "topic: predict-the-output",
        "topic: concept",
        "each topic once",
        "items:",
    ),
    Break(
        "objectives",
        ITEM,
        "01.discover",
        "01.recover",
        "'01.recover' is no objective of the lesson. Objectives: 01.api",
    ),
    Break("objectives", "", 'lesson: "01"', 'lesson: "01"\ntitle: Mine', "the lesson's notebook has them too"),
    Break("literal-error", ITEM, "where: code", "where: coda", "'where' is 'coda'. Expected 'why'"),
    # texts
    Break(
        "html",
        ITEM,
        "You want all names",
        "<script>alert(1)</script>",
        "01-test-list: has HTML in 'stem': <script>",
        "    stem: |\n      <scr",
    ),
    Break("html", ITEM, "`get_model` builds", "<b onclick=x>It</b> builds", "has HTML in 'feedback'"),
    Break("html", "01-card-none\n", "Nothing. The", "Nothing <br> at all. The", "01-card-none: has HTML in 'back'"),
    Break(
        "stem",
        ITEM,
        "You want all names of models in torchvision that begin with `resnet`. Everything is imported "
        "from `torchvision.models`.\n\n      Which call gives them?",
        "[x]: y",
        "01-test-list: shows nothing",
        "    stem: |\n      [x]",
    ),
    Break(
        "option-length",
        ITEM,
        "- text: '`list_models(include=\"resnet*\")`'",
        "- text: '`list_models(include=\"resnet*\")`, which is the one that was made for finding names by a pattern'",
        "the right option has",
    ),
    # graded questions in the wrong bank
    Break("uses", "- id: 01-predict-sum\n", "[predict]", "[graded]", "Move it to quizzes/graded/"),
    # variants
    Break(
        "variant",
        "- id: 01-practice-shape\n",
        "`torch.Size([1, 1000])`",
        "`torch.Size([{{batch}}, 1000])`",
        "two options read the same",
        "- id: 01-practice-shape\n",
    ),
    Break(
        "variant",
        "- id: 01-test-shape\n",
        '["batch != 3"]',
        '["batch > 30"]',
        "no values of the parameters",
        "- id: 01-test-shape\n",
    ),
    Break(
        "variant",
        "- id: 01-test-shape\n",
        '"[batch, 512]"',
        '"[batch, 1000]"',
        "equals the answer",
        "- id: 01-test-shape\n",
    ),
    Break(
        "variant",
        "- id: 01-test-shape\n",
        "There are {{batch}} of them",
        "There are {{batch of them",
        "keeps a '{{'",
        "- id: 01-test-shape\n",
    ),
    Break(
        "variant",
        "- id: 01-test-shape\n",
        "There are {{batch}} of them",
        "There are {{bach}} of them",
        "no parameter 'bach'",
        "- id: 01-test-shape\n",
    ),
    Break(
        "variant",
        "- id: 01-test-equal-logits\n",
        "answer: 1 / classes",
        "answer: 1 / (classes - 5)",
        "has no value",
        "- id: 01-test-equal-logits\n",
        many=True,
    ),
    Break(
        "variant",
        "- id: 01-test-equal-logits\n",
        "{{1 / classes}}",
        "{{1e999}}",
        "it is inf",
        "- id: 01-test-equal-logits\n",
    ),
]


def lint_text(folder: Path, text: str, name: str = "01_broken.yml") -> list[Problem]:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    found = lint(proofs=False, banks=[path])
    assert all(one.file == str(path) for one in found)
    return found


@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: f"{one.rule}-{one.says[:30]}")
def test_a_broken_bank_is_refused(broken: Break, lesson01_text: str, tmp_path: Path) -> None:
    begin = lesson01_text.index(broken.after)
    place = lesson01_text.index(broken.old, begin)
    text = lesson01_text[:place] + broken.new + lesson01_text[place + len(broken.old) :]
    assert text != lesson01_text
    found = lint_text(tmp_path, text)
    own = [one for one in found if one.rule == broken.rule and broken.says in f"{one.message} {one.mend}"]
    assert own, [str(one) for one in found]
    if broken.line_of:
        place = text.find(broken.line_of, begin) if broken.line_of in text[begin:] else text.index(broken.line_of)
    first = 1 + text[:place].count("\n")
    assert own[0].line in range(first, first + (1 if broken.line_of else 1 + broken.new.count("\n"))), own[0]
    assert broken.many or len(found) == len(own), [str(one) for one in found]


def test_absolute_words_in_every_wrong_option_are_told(tmp_path: Path) -> None:
    told = (
        CHOICE.replace("takes-any", "takes-all")
        .replace("some other one", "always another")
        .replace('"the {{n}} one"', '"only the {{n}}"')
    )
    found = lint_text(tmp_path, 'lesson: "01"\nitems:' + told)
    assert ["01-which" in one.message for one in found if one.rule == "option-tone"] == [True]
    assert not [one for one in lint_text(tmp_path, 'lesson: "01"\nitems:' + CHOICE) if one.rule == "option-tone"]


def test_a_bank_whose_right_options_are_the_long_ones_is_told(tmp_path: Path) -> None:
    longer = CHOICE.replace("the right one", "the very right one").replace("some other one", "some other")
    text = 'lesson: "01"\nitems:' + "".join(longer.replace("01-which", f"01-which-{n}") for n in range(10))
    found = [one.message for one in lint_text(tmp_path, text) if one.rule == "option-length"]
    assert any("the longest in 100% of the questions" in one for one in found), found


def test_a_section_that_the_lesson_does_not_have_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coursekit.quiz.rules.headings", lambda _: {"idea": "The idea"})
    found = [one for one in lint_text(tmp_path, 'lesson: "01"\nitems:' + CHOICE) if one.rule == "section"]
    assert "01-which: the lesson has no section 'code'. Sections (tags with a heading): idea." in str(found[0])
    assert len(found) == 4  # where to read again, and three sources


GRADED = CHOICE.replace("[practice]", "[graded]")


def test_a_graded_bank_has_counts_of_its_own_and_graded_questions_alone(tmp_path: Path) -> None:
    few = 'lesson: "01"\nitems:' + GRADED + CHOICE.replace("01-which", "01-other")
    found = lint_text(tmp_path, few, "graded/01_broken.yml")
    assert {one.rule for one in found} == {"counts", "uses"}
    assert any("has 1 graded questions. Expected at least 5" in str(one) for one in found)
    assert any("01-other: is in a bank of graded questions and used for practice" in str(one) for one in found)
    enough = 'lesson: "01"\nitems:' + "".join(GRADED.replace("01-which", f"01-g-{n}") for n in range(5))
    assert lint_text(tmp_path, enough, "graded/01_broken.yml") == []


def test_an_id_in_two_banks_is_told_with_both_files(tmp_path: Path) -> None:
    lint_text(tmp_path, 'lesson: "01"\nitems:' + CHOICE + NUMBER, "01_own.yml")
    lint_text(tmp_path, 'lesson: "01"\nitems:' + GRADED, "graded/01_own.yml")
    own, graded = tmp_path / "01_own.yml", tmp_path / "graded" / "01_own.yml"
    found = [one for one in lint(proofs=False, banks=[own, graded]) if one.rule == "duplicate-id"]
    assert [(one.file, one.line, one.message) for one in found] == [(str(graded), 3, f"'01-which' is also in {own}.")]


def test_a_broken_bank_beside_good_ones_stops_none_of_them(tmp_path: Path) -> None:
    lint_text(tmp_path, "lesson: [", "01_a.yml")
    lint_text(tmp_path, 'lesson: "01"\nitems:' + CHOICE, "01_b.yml")
    found = lint(proofs=False, banks=[tmp_path / "01_a.yml", tmp_path / "01_b.yml", tmp_path / "01_none.yml"])
    assert {Path(one.file).name: one.rule for one in found if one.rule in ("yaml", "file")} == {
        "01_a.yml": "yaml",
        "01_none.yml": "file",
    }
    assert any(Path(one.file).name == "01_b.yml" and one.rule == "counts" for one in found)


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The course's content, to be broken."""
    for name in ("quizzes", "notebooks/01_loading_weights"):
        shutil.copytree(content_dir() / name, tmp_path / "course" / name)
    for module in (lessons, linting):
        monkeypatch.setattr(module, "content_dir", lambda: tmp_path / "course")
    lessons.lessons.cache_clear()
    yield tmp_path / "course"
    monkeypatch.undo()
    lessons.lessons.cache_clear()


def of_rule(rule: str) -> list[str]:
    return [str(one) for one in lint(proofs=False) if one.rule == rule]


@pytest.mark.slow
def test_a_schema_that_is_not_this_coursekits_is_told(content: Path) -> None:
    schema = content / "quizzes" / "schema.json"
    schema.write_text("{}", encoding="utf-8")
    assert of_rule("schema") == [
        "quizzes/schema.json:1: is not the schema of this coursekit. Write it again: python -m coursekit.quiz.schema"
    ]
    schema.write_text("{", encoding="utf-8")
    assert "cannot be read" in of_rule("schema")[0]


@pytest.mark.slow
def test_tags_of_a_notebook_are_checked(content: Path) -> None:
    path = content / "notebooks" / "01_loading_weights" / "01_loading_weights.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert of_rule("tags") == []
    notebook["cells"][3]["metadata"]["tags"] = []
    notebook["cells"][4]["metadata"]["tags"].append("mode-whi")
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = [tag for tag in cell["metadata"].get("tags", []) if tag != "mode-deep"] or [
            "opening"
        ]
    notebook["cells"][3]["metadata"]["tags"] = []
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    told = of_rule("tags")
    assert any("cell 4 belongs to no part" in one for one in told), told
    assert any("cell 5 has the tag 'mode-whi', which is no mode. Modes: why" in one for one in told), told
    assert any("has no cell of the mode 'deep'" in one for one in told), told
    line = next(int(one.split(":")[1]) for one in told if "cell 5" in one)
    assert notebook["cells"][4]["id"] in path.read_text(encoding="utf-8").splitlines()[line - 1]


@pytest.mark.slow
def test_links_and_pictures_of_a_notebook_are_checked(content: Path) -> None:
    path = content / "notebooks" / "01_loading_weights" / "01_loading_weights.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    good = "\n\n## Two words\n[a](#Two-words) [b](01_exercises.ipynb) `[c](#no)` [d](https://x.org) ![e](attachment:e)"
    cell["source"] = "".join(cell["source"]) + good
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    assert of_rule("link") == of_rule("alt") == []
    cell["source"] += "\n[a](#two-words) [b](99_nothing.ipynb) ![](attachment:e.png) <img src='x'>"
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    links, pictures = of_rule("link"), of_rule("alt")
    assert len(links) == 2
    assert "'#two-words'. Did you mean '#Two-words'" in links[0]
    assert "a link leads to '99_nothing.ipynb', which is not there" in links[1]
    assert len(pictures) == 2
    assert "has no alt text. Say in its alt text" in pictures[0]


def edited(content: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change lesson 01's notebook."""
    path = content / "notebooks" / "01_loading_weights" / "01_loading_weights.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    edit(notebook)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def of_mode(notebook: dict[str, Any], mode: str, kind: str) -> list[dict[str, Any]]:
    return [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == kind and f"mode-{mode}" in cell["metadata"].get("tags", [])
    ]


@pytest.mark.slow
def test_a_mode_without_text_or_without_code_is_told(content: Path) -> None:
    def empty(notebook: dict[str, Any]) -> None:
        for cell in of_mode(notebook, "idea", "markdown"):
            cell["source"] = "## Idea"
        for cell in of_mode(notebook, "why", "code"):
            cell["source"] = ""

    edited(content, empty)
    told = of_rule("tags")
    assert any("the mode 'idea' has no text" in one for one in told), told
    assert any("the mode 'why' has no code" in one for one in told), told


@pytest.mark.slow
def test_a_number_in_prose_that_no_cell_prints_is_told(content: Path) -> None:
    assert of_rule("number") == []

    def claim(notebook: dict[str, Any]) -> None:
        cell = of_mode(notebook, "code", "markdown")[0]
        cell["source"] = "".join(cell["source"]) + (
            "\n\nIt is right for 93.7 % of them, or 48,213 images, since 2015, with 2 models and `77.5` in code."
            "\n\n| table | 66.6 |\n| --- | --- |"
        )

    edited(content, claim)
    told = of_rule("number")
    assert len(told) == 2, told
    assert "the text says 93.7, and no cell prints or holds it" in told[0]
    assert "48,213" in told[1]


@pytest.mark.slow
def test_a_figure_without_words_is_told(content: Path) -> None:
    def silent(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            for output in cell.get("outputs", []):
                if "image/png" in output.get("data", {}):
                    output["data"]["text/html"] = "<figure></figure>"
                    return

    edited(content, silent)
    assert any("a figure has no alt text" in one for one in of_rule("alt"))


@pytest.mark.slow
def test_minutes_far_from_what_the_mode_takes_are_told(content: Path) -> None:
    assert of_rule("minutes") == []
    edited(content, lambda notebook: notebook["metadata"]["coursekit"]["minutes"].update(code=4, challenge=90))
    lessons.lessons.cache_clear()
    told = of_rule("minutes")
    assert len(told) == 2, told
    assert "the mode 'code' is said to take 4 minutes; its text, code and questions take about" in told[0]
    assert "the mode 'challenge' is said to take 90 minutes" in told[1]
