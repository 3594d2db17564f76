"""What every lesson's notebook promises a reader: ten modes, short cells, alternative text, honest numbers."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from coursekit.lessons import MODES, find, lessons

NUMBERS = [lesson.number for lesson in lessons()]
CLOSING = {"opening", "setup", "closing"}
LINES, COLUMNS, PROSE = 15, 88, 120


def _cells(number: str) -> list[Any]:
    return list(nbformat.read(find(number).notebook, as_version=4).cells)


def _tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


def _code(number: str) -> list[Any]:
    return [cell for cell in _cells(number) if cell.cell_type == "code"]


def _printed(number: str) -> str:
    """Everything that the stored outputs say as text."""
    said = []
    for output in (output for cell in _code(number) for output in cell.outputs):
        said.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(said)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_mode_has_text_and_code_and_every_cell_a_place(number: str) -> None:
    cells = _cells(number)
    for mode in MODES:
        kinds = {cell.cell_type for cell in cells if f"mode-{mode}" in _tags(cell)}
        assert kinds == {"markdown", "code"}, (mode, kinds)
    for cell in cells:
        assert _tags(cell) & ({f"mode-{mode}" for mode in MODES} | CLOSING), cell.id
    for tag in ("opening", "setup", "misconceptions", "symptoms", "test", "key-result"):
        assert any(tag in _tags(cell) for cell in cells), tag


@pytest.mark.parametrize("number", NUMBERS)
def test_ids_are_unique_and_readable(number: str) -> None:
    ids = [cell.id for cell in _cells(number)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one) and len(one) > 4 for one in ids)
    assert not any(re.fullmatch(r"[0-9a-f]{8,}", one) for one in ids)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_cell_is_short_and_text_stands_before_the_first(number: str) -> None:
    for cell in _code(number):
        lines = cell.source.splitlines()
        assert len(lines) <= LINES, cell.id
        assert max(map(len, lines)) <= COLUMNS, cell.id
        assert len(re.findall(r"^#", cell.source, flags=re.MULTILINE)) <= 2, "prose belongs in text cells"
    for mode in MODES:
        kinds = [cell.cell_type for cell in _cells(number) if f"mode-{mode}" in _tags(cell)]
        if mode not in ("experiment", "metrics"):  # these begin with a cell shared with another mode
            assert kinds[0] == "markdown", mode


@pytest.mark.parametrize("number", NUMBERS)
def test_every_view_defines_the_names_it_uses(number: str, tmp_path: Path) -> None:
    for mode in MODES:
        view = [cell.source for cell in _code(number) if _tags(cell) & {"setup", f"mode-{mode}"}]
        script = tmp_path / f"{mode}.py"
        script.write_text("\n\n".join(view))
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "--quiet", str(script)]
        outcome = subprocess.run(command, capture_output=True, text=True)
        assert outcome.returncode == 0, f"{mode}: {outcome.stdout}"


@pytest.mark.parametrize("number", NUMBERS)
def test_every_figure_has_words_and_every_cell_has_run(number: str) -> None:
    for cell in _code(number):
        assert cell.execution_count, f"{cell.id} was not run"
        assert not [output for output in cell.outputs if output.output_type == "error"], cell.id
        for call in (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == "show":
                alt = next(word.value for word in call.keywords if word.arg == "alt")
                assert isinstance(alt, ast.Constant)
                assert len(alt.value) > 20, cell.id
        for output in cell.outputs:
            data = output.get("data", {})
            assert "image/png" not in data or 'role="img" aria-label=' in data["text/html"], cell.id


@pytest.mark.parametrize("number", NUMBERS)
def test_outputs_hold_nothing_of_the_machine_they_came_from(number: str) -> None:
    text = json.dumps([cell.outputs for cell in _code(number)])
    for trace in (str(Path.home()), str(Path(__file__).parents[2]), "/tmp/", "site-packages", "stderr"):
        assert trace not in text, trace
    assert not re.search(r"\b0x[0-9a-f]{9,}", text), "an address in memory"
    notebook = nbformat.read(find(number).notebook, as_version=4)
    assert set(notebook.metadata) == {"coursekit", "kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags", "nbgrader"} for cell in notebook.cells)


@pytest.mark.parametrize("number", NUMBERS)
def test_five_or_more_predictions_are_in_the_bank_and_before_the_cell_they_are_about(number: str) -> None:
    bank = yaml.safe_load(find(number).bank.read_text())
    known = {item["id"] for item in bank["items"] if "predict" in item["uses"]}
    cells = _cells(number)
    asked = [re.match(r'predict\("([^"]+)"\)$', cell.source) for cell in cells]
    ids = [found[1] for found in asked if found]
    assert len(set(ids)) == len(ids) >= 5
    assert set(ids) <= known
    for place, found in enumerate(asked):
        if found:
            assert cells[place + 1].cell_type == "code", f"{found[1]}: the next cell should show the answer"


@pytest.mark.parametrize("number", NUMBERS)
def test_objectives_are_named_minutes_honest_and_both_stand_in_the_opening(number: str) -> None:
    lesson = find(number)
    assert 3 <= len(lesson.objectives) <= 5
    assert all(name.startswith(f"{number}.") for name, _ in lesson.objectives)
    opening = "\n".join(cell.source for cell in _cells(number) if "opening" in _tags(cell))
    table = {name: int(minutes) for name, minutes in re.findall(r"(\w+) \| (\d+)", opening)}
    assert table == lesson.minutes
    bullets = re.findall(r"^- ", opening, flags=re.MULTILINE)
    assert len(bullets) == len(lesson.objectives)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_symptom_in_the_index_is_a_message_that_a_cell_shows(number: str) -> None:
    index = next(cell.source for cell in _cells(number) if "| you see |" in cell.source)
    messages = re.findall(r"^\| `([^`]+)` \|", index, flags=re.MULTILINE)
    printed = _printed(number)
    assert len(messages) >= 10
    for message in messages:
        assert message in printed, f"no cell prints: {message}"


@pytest.mark.parametrize("number", NUMBERS)
def test_the_key_result_is_two_sentences(number: str) -> None:
    source = next(cell.source for cell in _cells(number) if "key-result" in _tags(cell))
    text = source.split("\n", 1)[1].replace("`", "")
    assert len(re.findall(r"[.](?=\s|\*|$)", text)) == 2


@pytest.mark.parametrize("number", NUMBERS)
def test_prose_is_calm(number: str) -> None:
    for cell in _cells(number):
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", cell.source, flags=re.DOTALL)
            assert "!" not in prose, cell.id
            assert prose.isprintable() or all(sign.isprintable() or sign == "\n" for sign in prose), cell.id
            assert not re.search(r"[\U0001F300-\U0001FAFF]", prose), cell.id
            assert not re.search(r"\b(simply|just|obviously|of course|very)\b", prose, re.IGNORECASE), cell.id
