"""One mode of a lesson as a notebook of its own."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from coursekit.errors import CourseError
from coursekit.lab.views import _relink, cut, write_view
from coursekit.lessons import MODES, lessons
from coursekit.paths import content_dir

from .synthetic import edit, lesson, write_lesson

TAGS = st.lists(
    st.sampled_from(["setup", "opening", "closing", "volatile", *(f"mode-{m}" for m in MODES)]), unique=True
)
CELLS = st.lists(st.tuples(st.booleans(), TAGS), max_size=25)


def _made(cells: list[tuple[bool, list[str]]]) -> nbformat.NotebookNode:
    made = []
    for position, (code, tags) in enumerate(cells):
        new = new_code_cell if code else new_markdown_cell
        made.append(new(f"cell {position}", id=f"c{position}", metadata={"tags": tags}))
    return new_notebook(cells=made)


@given(CELLS, st.sampled_from(MODES))
def test_a_view_is_its_title_then_the_set_up_then_the_mode_in_order(cells: list, mode: str) -> None:
    notebook = _made(cells)
    before = nbformat.writes(notebook)
    setup = [f"c{n}" for n, (_, tags) in enumerate(cells) if "setup" in tags]
    own = [f"c{n}" for n, (_, tags) in enumerate(cells) if f"mode-{mode}" in tags and "setup" not in tags]
    if not own:
        with pytest.raises(CourseError, match=mode):
            cut(notebook, mode)
        return
    view = cut(notebook, mode)
    assert [cell.id for cell in view.cells] == [f"view-{mode}", *setup, *own]
    assert nbformat.writes(notebook) == before
    nbformat.validate(view)


@pytest.mark.parametrize("mode", MODES)
def test_every_cell_of_a_mode_is_in_its_view_and_no_other_modes(mode: str) -> None:
    view = cut(lesson(), mode, back="../01_lesson_1.ipynb")
    assert [cell.id for cell in view.cells] == [f"view-{mode}", "setup-1", "setup-2", f"{mode}-text", f"{mode}-code"]
    assert "Loading weights" in view.cells[0].source
    assert "../01_lesson_1.ipynb" in view.cells[0].source
    assert not any(cell.get("outputs") for cell in view.cells)


@pytest.mark.slow
def test_a_view_runs_by_itself(course: Path, tmp_path: Path) -> None:
    path = write_view("01", "deep", tmp_path / "ws")
    view = nbformat.read(path, as_version=4)
    NotebookClient(view, timeout=240, kernel_name="python3").execute()
    assert view.cells[-1].outputs[0].text == "['deep']\n"


def test_links_lead_from_the_views_folder_to_where_they_led() -> None:
    view = cut(lesson(), "idea", back="../01_lesson_1.ipynb")
    text = next(cell.source for cell in view.cells if cell.id == "idea-text")
    assert "[the test](../01_lesson_1.ipynb#the-test)" in text  # a section that is not in the view
    assert "[here](#idea-part)" in text
    assert "![a plot](../images/plot.png)" in text
    assert "`[a](b)`" in text


@pytest.mark.parametrize(
    "same",
    [
        "[x](https://pytorch.org/a)",
        "[x](/absolute)",
        "![x](attachment:a.png)",
        "[m](mailto:a@b)",
        "`model[0](x)`",
        "``weights['a'](x)``",
        "```\n[a](b)\n```",
        "no link (here) [at all]",
    ],
)
def test_what_is_no_relative_link_stays(same: str) -> None:
    assert _relink(same, "../lesson.ipynb", set()) == same


def test_relative_links_of_html_move_too() -> None:
    moved = _relink('<img src="images/a.png" alt="a"> <a href="02.ipynb">', "../lesson.ipynb", set())
    assert moved == '<img src="../images/a.png" alt="a"> <a href="../02.ipynb">'


@given(st.text())
def test_any_text_survives_being_relinked(text: str) -> None:
    moved = _relink(text, "../lesson.ipynb", set())
    assert re.sub(r"\.\./(lesson\.ipynb(?=#))?", "", moved) == re.sub(r"\.\./(lesson\.ipynb(?=#))?", "", text)


@pytest.mark.parametrize("mode", ["", "visualise", "mode-why", "../why", "why why"])
def test_an_unknown_mode_is_answered_with_the_ten(course: Path, tmp_path: Path, mode: str) -> None:
    with pytest.raises(CourseError) as caught:
        write_view("01", mode, tmp_path / "ws")
    assert all(known in str(caught.value) for known in MODES)
    assert not (tmp_path / "ws").exists()


def test_an_unknown_lesson_is_answered_with_those_there_are(course: Path, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="01_lesson_1"):
        write_view("99", "why", tmp_path / "ws")


def test_a_view_is_found_by_mode_in_any_case(course: Path, tmp_path: Path) -> None:
    assert write_view("1", " Visualize ", tmp_path / "ws").name == "visualize.ipynb"


def test_writing_a_view_again_changes_nothing(course: Path, tmp_path: Path) -> None:
    path = write_view("01", "why", tmp_path / "ws")
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert write_view("01", "why", tmp_path / "ws") == path
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_changed_view_stays_and_the_new_one_lies_beside_it(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = write_view("01", "why", tmp_path / "ws")
    edit(mine)
    before = mine.read_bytes()
    assert write_view("01", "why", tmp_path / "ws") == mine  # nothing new: mine is what I get
    changed = write_lesson(course, 1, version="two") / "01_lesson_1.ipynb"
    changed.write_text(changed.read_text().replace("## why part", "## why, told better"))

    new = write_view("01", "why", tmp_path / "ws")

    assert mine.read_bytes() == before
    assert new != mine
    assert "told better" in new.read_text()
    assert new.name in capsys.readouterr().err


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", [one.name for one in lessons()])
def test_each_mode_of_each_real_lesson_can_be_cut(tmp_path: Path, name: str, mode: str) -> None:
    view = nbformat.read(write_view(name, mode, tmp_path / "ws"), as_version=4)
    assert len(view.cells) >= 3
    for cell in view.cells:
        for to in re.findall(r"\]\(\.\./([^)#\s]+)", cell.source if cell.cell_type == "markdown" else ""):
            assert (content_dir() / "notebooks" / name / to).exists(), to
