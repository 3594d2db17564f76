"""What the dashboard says: lessons, progress, and the one thing to do next."""

from __future__ import annotations

import html.parser
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coursekit import progress
from coursekit.lab import dashboard as module
from coursekit.lab.dashboard import Dashboard
from coursekit.lab.page import bundle
from coursekit.lab.page import html as page
from coursekit.lab.start import start_notebook
from coursekit.lab.state import Standing
from coursekit.lessons import MODES, lessons

from .synthetic import write_lesson


class Reader(html.parser.HTMLParser):
    """Collects tags and text, and complains about what is not closed."""

    VOID = ("img", "br", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def practised(lesson: str, *, of: int = 1, right: bool = True) -> None:
    for one in range(of):
        progress.record("answer", lesson=lesson, item=f"q{one}", data={"session": "practice", "right": right})


def passed(lesson: str, *exercises: str) -> None:
    for one in exercises:
        progress.record("exercise", lesson=lesson, item=one, data={"status": "passed"})


def verdict(lesson: str, said: str) -> None:
    progress.record("verdict", lesson=lesson, data={"verdict": said})


def finish(lesson: str) -> None:
    passed(lesson, "a", "b")
    verdict(lesson, "strong")


@pytest.fixture
def three(course: Path) -> Path:
    write_lesson(course, 2)
    write_lesson(course, 3)
    lessons.cache_clear()
    return course


def test_a_newcomer_is_sent_to_the_first_lesson(three: Path) -> None:
    step = Standing.now().next
    assert (step.lesson.number, step.target) == ("01", "lesson")
    assert "not begun" in step.why
    assert step.minutes == sum(range(3, 13))


def test_what_is_missing_in_a_begun_lesson_comes_in_order(three: Path) -> None:
    practised("01")
    assert Standing.now().next.target == "exercises"  # this lesson has no practice questions
    assert "0 of 2" in Standing.now().next.why
    passed("01", "a")
    assert "1 of 2" in Standing.now().next.why
    passed("01", "b")
    assert "test" in Standing.now().next.title
    verdict("01", "not yet")
    assert Standing.now().next.target == "review"
    assert "not yet" in Standing.now().next.why
    verdict("01", "strong")
    assert (Standing.now().next.lesson.number, Standing.now().next.target) == ("02", "lesson")


def test_unanswered_practice_comes_first(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from coursekit.lab import state

    monkeypatch.setattr(state, "_bank_counts", lambda lesson: (5, 3))
    practised("01", of=2)
    step = Standing.now().next
    assert step.target == "practice"
    assert "2 of 5" in step.why


def test_cards_that_are_due_come_before_everything(three: Path) -> None:
    practised("01")
    now = datetime.now(UTC)
    due = (now - timedelta(days=1)).isoformat()
    later = (now + timedelta(days=9)).isoformat()
    progress.record("card", lesson="02", item="a", data={"rating": 3, "due": later, "state": {}})
    assert Standing.now().next.target == "exercises"
    progress.record("card", lesson="02", item="b", data={"rating": 3, "due": due, "state": {}})
    step = Standing.now().next
    assert (step.lesson.number, step.target, step.minutes) == ("02", "review", 1)
    assert "1 recall card is due" in step.why
    progress.record("card", lesson="02", item="b", data={"rating": 3, "due": later, "state": {}})
    assert Standing.now().next.target != "review"


def due_in(lesson: str, item: str) -> None:
    due = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    progress.record("card", lesson=lesson, item=item, data={"rating": "good", "due": due, "state": {}})


def test_what_is_due_in_several_lessons_is_reviewed_at_once(three: Path) -> None:
    for lesson, item in (("01", "a"), ("03", "b"), ("03", "c")):
        due_in(lesson, item)
    step = Standing.now().next
    assert (step.lesson, step.target, step.title) == (None, "review", "Review what is due")
    assert "3 cards of 2 lessons" in step.why
    shown = Reader(page(Standing.now(), live=True))
    assert {"00/review/next", "00/review/across-review", "00/placement/across-placement"} <= {
        f"{one.get('data-lesson')}/{one.get('data-mode')}/{one.get('data-key')}" for one in shown.all("button")
    }
    assert "Review everything due (3)" in shown.text
    assert "<button" not in page(Standing.now(), live=False)


def placed(start: str | None) -> None:
    progress.record("placement", lesson="00", data={"session": "placement", "start": start, "lessons": {}})


def test_a_placement_says_what_to_begin_with(three: Path) -> None:
    assert "where to start" in Standing.now().next.why
    placed("02")
    step = Standing.now().next
    assert (step.lesson.number, step.target) == ("02", "lesson")
    assert "placement" in step.why
    assert "Find out again" in page(Standing.now(), live=True)
    practised("03")  # what was begun since goes on
    assert Standing.now().next.lesson.number == "03"
    placed("02")
    assert Standing.now().next.lesson.number == "02"
    finish("02")
    finish("03")
    placed("02")
    assert Standing.now().next.lesson.number == "01"  # what lies before is all that is left


def test_a_placement_that_knows_everything_changes_nothing(three: Path) -> None:
    before = Standing.now().next
    placed(None)
    assert Standing.now().next == before


def test_a_placement_ahead_of_the_lessons_here_says_where_the_questions_are(three: Path) -> None:
    placed("07")
    assert "coursekit practice 07" in Standing.now().next.why


@pytest.mark.parametrize("name", ["placement", "review"])
def test_a_click_on_what_goes_across_lessons_writes_its_notebook_once(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "ws").mkdir()
    monkeypatch.chdir(tmp_path / "ws")
    shown = Dashboard()
    sent: list[dict] = []
    monkeypatch.setattr(shown, "send", sent.append)
    click = {"do": "open", "lesson": "00", "mode": name, "key": "x"}
    shown._told(shown, click, [])
    path = tmp_path / "ws" / f"{name}.ipynb"
    assert sent[0]["path"] == path.name
    assert f"{name}()" in path.read_text()
    path.write_text(path.read_text().replace("()", "()  # mine"))
    shown._told(shown, click, [])
    assert "# mine" in path.read_text()
    assert sent[1]["path"] == path.name
    assert [one.name for one in (tmp_path / "ws").glob("*.ipynb")] == [path.name]
    shown._told(shown, click | {"mode": "test"}, [])
    assert sent[2]["say"].startswith("There is no session")


def test_the_lesson_touched_last_is_gone_on_with(three: Path) -> None:
    practised("01")
    practised("03")
    assert Standing.now().next.lesson.number == "03"
    practised("01")
    assert Standing.now().next.lesson.number == "01"


def test_when_all_is_finished_the_challenge_is_left_then_nothing(three: Path) -> None:
    for number in ("01", "02", "03"):
        finish(number)
    assert Standing.now().next.target == "challenge"
    for number in ("01", "02", "03"):
        progress.record("badge", lesson=number, data={"earned": True})
    step = Standing.now().next
    assert step.lesson is None
    assert "finished every lesson" in step.title


def test_no_lesson_at_all_is_said(empty_course: Path) -> None:
    standing = Standing.now()
    assert "coursekit doctor" in standing.next.why
    assert "Lessons" not in Reader(page(standing, live=True)).text


def test_nine_lessons_are_all_there_and_one_is_unfolded(empty_course: Path) -> None:
    for number in range(1, 10):
        write_lesson(empty_course, number)
    lessons.cache_clear()
    practised("04")
    read = Reader(page(Standing.now(), live=True))
    assert [f"Lesson number {number}" in read.text for number in range(1, 10)] == [True] * 9
    assert [one["data-key"] for one in read.all("details") if "open" in one] == ["modes-04"]


@pytest.mark.parametrize("live", [True, False])
def test_the_page_links_every_notebook_and_names_every_mode_with_its_minutes(course: Path, live: bool) -> None:
    read = Reader(page(Standing.now(), live=live))
    links = {one["href"] for one in read.all("a")}
    assert links == {"01_lesson_1/01_lesson_1.ipynb", "01_lesson_1/01_exercises.ipynb"}
    for position, mode in enumerate(MODES):
        assert f"{mode.title()} {3 + position} min" in read.text
    buttons = [one.get("data-mode") for one in read.all("button") if one.get("data-lesson") == "01"]
    assert buttons == (list(MODES) if live else [])  # what needs a kernel is a button only where there is one
    assert all("aria-label" in one or one.get("class") == "ckd-go" for one in read.all("a"))


def test_progress_is_shown_in_words(course: Path) -> None:
    passed("01", "a")
    verdict("01", "getting there")
    text = Reader(page(Standing.now(), live=True)).text
    assert "Exercises 1 of 2 passed" in text
    assert "Test getting there" in text
    assert "Challenge no badge yet" in text


def test_what_an_author_or_a_file_says_cannot_become_markup(course: Path) -> None:
    path = course / "notebooks/01_lesson_1/01_lesson_1.ipynb"
    notebook = json.loads(path.read_text())
    bad = "<script>alert(1)</script>\"'&"
    notebook["metadata"]["coursekit"] |= {"title": bad, "summary": bad}
    path.write_text(json.dumps(notebook))
    verdict("01", bad)
    lessons.cache_clear()
    read = Reader(page(Standing.now(), live=True))
    assert not read.all("script")
    assert bad in read.text


def test_each_kind_of_reader_gets_a_form_of_it(course: Path) -> None:
    shown = bundle(Standing.now())
    assert shown["text/plain"] == "Dashboard: 1 lesson. Next: Begin lesson 01: Lesson number 1."
    assert "[Lesson number 1](01_lesson_1/01_lesson_1.ipynb)" in shown["text/markdown"]
    assert "<style>" in shown["text/html"]
    assert "<button" not in shown["text/html"]


def test_the_delivered_start_notebook_shows_the_dashboard_before_it_runs(course: Path) -> None:
    passed("01", "a")
    notebook = json.loads(start_notebook())
    [cell] = [cell for cell in notebook["cells"] if cell.get("outputs")]
    assert cell["metadata"]["tags"] == ["dashboard"]
    data = cell["outputs"][0]["data"]
    assert set(data) == {"text/html", "text/markdown", "text/plain"}  # no widget: nothing answers before it runs
    assert "1 of 2 passed" in "".join(data["text/html"])


def test_progress_that_cannot_be_read_does_not_keep_the_lab_from_starting(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed("01", "a")
    with sqlite3.connect(progress.progress_file()) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert "Begin lesson 01" in start_notebook().decode()


def test_a_click_on_a_mode_writes_its_view_and_says_where(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ws").mkdir()
    monkeypatch.chdir(tmp_path / "ws")
    shown = Dashboard()
    sent: list[dict] = []
    monkeypatch.setattr(shown, "send", sent.append)
    shown._told(shown, {"do": "open", "lesson": "01", "mode": "idea", "key": "01-idea"}, [])
    assert (tmp_path / "ws/01_lesson_1/views/idea.ipynb").is_file()
    assert sent[0]["path"] == "01_lesson_1/views/idea.ipynb"
    assert sent[0]["key"] == "01-idea"


@pytest.mark.parametrize(("lesson", "mode"), [("01", "none"), ("77", "idea"), ("../..", "idea"), ("01", "../x")])
def test_a_click_that_cannot_be_served_is_said_not_raised(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lesson: str, mode: str
) -> None:
    (tmp_path / "ws").mkdir()
    monkeypatch.chdir(tmp_path / "ws")
    shown = Dashboard()
    sent: list[dict] = []
    monkeypatch.setattr(shown, "send", sent.append)
    shown._told(shown, {"do": "open", "lesson": lesson, "mode": mode, "key": "x"}, [])
    assert sent[0]["say"].startswith("There is no")
    assert "path" not in sent[0]


def test_coming_back_to_the_dashboard_redraws_it(course: Path) -> None:
    shown = Dashboard()
    passed("01", "a")
    assert "1 of 2 passed" not in shown.html
    shown._told(shown, {"do": "refresh"}, [])
    assert "1 of 2 passed" in shown.html


@pytest.mark.parametrize(
    ("root", "expected"), [("", ""), ("..", "ws/"), ("../..", None), ("elsewhere", None), (None, None)]
)
def test_links_start_at_the_folder_that_jupyterlab_shows(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str | None, expected: str | None
) -> None:
    folder = tmp_path / "ws"
    folder.mkdir()
    monkeypatch.chdir(folder)
    if root is None:
        monkeypatch.delenv(module.WORKSPACE_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(module.WORKSPACE_VARIABLE, str(folder / root))
    if root == "../..":
        expected = f"{tmp_path.name}/ws/"
    assert Dashboard().folder == expected


def test_its_mime_bundle_holds_the_widget_and_the_page(course: Path) -> None:
    data, _ = Dashboard()._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/markdown", "text/plain"} <= set(data)
