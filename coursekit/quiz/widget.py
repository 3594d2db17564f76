"""The card in the notebook: one session shown by anywidget, scored here in Python.

The browser gets a screen and sends actions. The key of a question is in no screen before it was answered.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from coursekit.quiz.fallback import as_markdown, as_text
from coursekit.quiz.markup import code_lines, to_html, to_inline_html
from coursekit.quiz.sessions import Session
from coursekit.quiz.sessions.base import Screen

STATIC = Path(__file__).parent / "static"


class QuizCard(anywidget.AnyWidget):
    """A session as a card. ``screen`` is what is shown; the browser sends ``{"action": ..., "answer": ...}``."""

    _esm = (STATIC / "card.js").read_text(encoding="utf-8")
    _css = (STATIC / "card.css").read_text(encoding="utf-8")
    screen = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session) -> None:
        self._session = session
        self._turn = 0
        super().__init__(screen=render(session.screen(), 0))
        self.on_msg(self._act)

    def _act(self, _: Any, message: Any, __: Any) -> None:
        """Take an action of the browser; whatever it sends, the answer is a screen."""
        self._turn += 1  # so that the same screen twice is news to the browser
        if not isinstance(message, dict):
            message = {}
        try:
            screen = self._session.do(str(message.get("action", "refresh")), message.get("answer"))
        except Exception as error:  # the card must say so: a traceback would go to the server's log, unseen
            screen = Screen(self._session.name, "Quiz", body=f"This went wrong: {error}. Run the cell again.")
        self.screen = render(screen, self._turn)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle, metadata = super()._repr_mimebundle_() or ({}, {})
        bundle["text/plain"] = as_text(self._session)
        bundle["text/markdown"] = as_markdown(self._session)
        return bundle, metadata

    def __repr__(self) -> str:
        return f"<{as_text(self._session)}>"


def render(screen: Screen, turn: int) -> dict[str, Any]:
    """A screen with its Markdown as HTML, as plain data for the browser."""
    shown = asdict(screen)
    shown["turn"] = turn
    shown["body"] = to_html(screen.body)
    shown["said"] = to_html(screen.said)
    shown["panels"] = [
        {"title": one.title, "ordered": one.ordered, "entries": [to_html(entry) for entry in one.entries]}
        for one in screen.panels
    ]
    if screen.question is not None:
        asked = shown["question"]
        asked["stem"], asked["after"] = to_html(screen.question.stem), to_html(screen.question.after)
        asked["options"] = [to_inline_html(option) for option in screen.question.options]
        asked["lines"] = code_lines(screen.question.lines)
    return shown
