"""What goes to the browser and into a stored notebook: safe HTML, no key, the same text at every run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.errors import CourseError
from coursekit.quiz import predict
from coursekit.quiz.fallback import as_markdown
from coursekit.quiz.markup import to_html, to_inline_html
from coursekit.quiz.sessions import open_session
from coursekit.quiz.widget import QuizCard

NAMES = ["practice", "test", "challenge", "review"]


def card(name: str, item: str | None = None) -> QuizCard:
    return QuizCard(open_session(name, "01", item=item))


def send(shown: QuizCard, action: str, answer: object = None) -> dict:
    shown._act(shown, {"action": action, "answer": answer}, [])
    return shown.screen


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_form_is_the_same_for_every_learner_and_after_answers(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    first, _ = card(name)._repr_mimebundle_()
    shown = card(name)
    for action, answer in (("start", None), ("open", None), ("check", 0), ("keep", 0), ("show", None), ("good", None)):
        send(shown, action, answer)
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "another learner"))
    second, _ = card(name)._repr_mimebundle_()
    for kind in ("text/plain", "text/markdown"):
        assert first[kind] == second[kind]
    assert "0x" not in first["text/plain"]
    assert first["application/vnd.jupyter.widget-view+json"]["model_id"]


@pytest.mark.parametrize("name", ["practice", "test", "challenge"])
def test_the_stored_form_shows_questions_and_options_but_no_answer(name: str) -> None:
    session = open_session(name, "01")
    text = as_markdown(session)
    for variant in session.outline():
        assert variant.stem.strip() in text
        for option in variant.item.choices(variant):
            assert option.strip().splitlines()[0] in text
        for step in variant.item.solution:
            assert step not in text
        assert not any(one.feedback in text for one in getattr(variant.item, "options", []))


def test_the_widget_never_holds_the_key_before_an_answer() -> None:
    shown = card("practice")
    state = json.dumps({name: value for name, value in shown.get_state().items() if name not in ("_esm", "_css")})
    item = shown._session.work[0].item  # type: ignore[attr-defined]
    assert item.options[0].text in state
    assert not any(option.feedback in state for option in item.options)
    assert not any(option.misconception and option.misconception in state for option in item.options)


def test_an_error_in_a_session_is_shown_in_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = card("practice")
    monkeypatch.setattr(shown._session, "do", lambda *_: 1 / 0)
    assert "division by zero" in send(shown, "check", 0)["body"]


def test_garbage_from_the_browser_gets_a_screen() -> None:
    shown = card("practice")
    for message in (None, 7, "x", [], {"action": {}}, {"action": "check", "answer": {"a": [1]}}):
        shown._act(shown, message, [])
        assert shown.screen["question"]["stem"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "![x](https://example.org/x.png)",
        "<style>*{display:none}</style>",
        '<iframe src="//x"></iframe>',
        "$\\href{javascript:alert(1)}{x}$",
        '```"><script>\nx\n```',
    ],
)
def test_no_script_and_nothing_from_the_network_gets_through(text: str) -> None:
    shown = (to_html(text) + to_inline_html(text)).lower()
    for bad in ("<script", "<img", "<iframe", "<style", 'href="javascript', 'onerror="', "src="):
        assert bad not in shown.replace('&lt;img src=x onerror="', "").replace("&lt;iframe src=", "").replace(
            "&lt;img src=x onerror=", ""
        )


@given(st.text(max_size=200))
def test_any_markdown_becomes_html_without_active_parts(text: str) -> None:
    shown = to_html(text).lower()
    assert "<script" not in shown
    assert "<img" not in shown


def test_code_is_coloured_and_maths_is_mathml() -> None:
    assert '<span class="ck-kn">import</span>' in to_html("```python\nimport torch\n```")
    shown = to_inline_html("$p_i = e^{z_i} / 2$")
    assert "<math" in shown
    assert "<msup>" in shown
    assert "<code>\\left(x</code>" in to_inline_html("$\\left(x$")  # a formula that cannot be read: as it was written


def test_importing_the_quiz_loads_neither_torch_nor_widgets() -> None:
    code = (
        "import sys, coursekit.quiz, coursekit.progress, coursekit.lint, coursekit.quiz.terminal;"
        "print([m for m in ('torch', 'torchvision', 'ipywidgets', 'anywidget') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_predict_names_what_it_expects() -> None:
    with pytest.raises(CourseError, match="01-predict-shape"):
        predict("shape")
    with pytest.raises(CourseError, match="no question '01-nothing'"):
        predict("01-nothing")
