"""The quiz in a terminal: the same sessions, questions and progress as in the notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape

from coursekit.quiz.fallback import screen_text
from coursekit.quiz.sessions import Session, open_session
from coursekit.quiz.sessions.base import Screen

WORDS = {
    "right": "[bold green]Right.[/]",
    "wrong": "[bold red]Not right.[/]",
    "partial": "[bold yellow]Partly right.[/]",
}
Ask = Callable[[str], str]
ANSWERING = {"check", "keep"}  # the actions that take what was typed


def practice(lesson: str) -> int:
    """Practice questions; 0 when the learner leaves.

    Raises:
        CourseError: if the lesson has no bank.
    """
    return converse(open_session("practice", lesson))


def test(lesson: str) -> int:
    """The test: ten questions and a verdict; 0 when the learner leaves."""
    return converse(open_session("test", lesson))


test.__test__ = False  # type: ignore[attr-defined]  # a name that pytest would collect


def converse(session: Session, *, console: Console | None = None, ask: Ask | None = None) -> int:
    """Show screens and take answers until the learner types ``q`` or the input ends.

    An answer is a letter, several letters, or what the question asks for. The other actions are numbered.
    """
    out = console or Console(highlight=False)
    read: Ask = ask or (lambda prompt: out.input(prompt))
    screen = session.screen()
    shown: str | None = None
    while True:
        shown = _show(out, screen, shown)
        if not screen.buttons:
            return 0
        try:
            typed = read("[bold]>[/] ").strip()
        except (EOFError, KeyboardInterrupt):
            out.print("\nKept. See you.")
            return 0
        if typed.lower() in ("q", "quit"):
            out.print("Kept. See you.")
            return 0
        action, answer = _meaning(screen, typed)
        screen = session.do(action, answer)


def _meaning(screen: Screen, typed: str) -> tuple[str, Any]:
    """What a line means: ``:2`` is the second action, anything else an answer; an empty line takes the first action."""
    if typed.startswith(":") and typed[1:].isdecimal() and 1 <= int(typed[1:]) <= len(screen.buttons):
        return screen.buttons[int(typed[1:]) - 1].action, None
    first = next((button for button in screen.buttons if button.primary), screen.buttons[0])
    if typed and first.action not in ANSWERING:
        return "refresh", None  # nothing is asked now
    return first.action, typed or None


def _show(out: Console, screen: Screen, shown: str | None) -> str:
    """Print what is new; the question itself only when it is another one."""
    key = f"{screen.heading}/{screen.question.key if screen.question else screen.body}"
    if key != shown:
        out.rule()
        out.print(Markdown(screen_text(screen)))
    if screen.outcome in WORDS:
        out.print(WORDS[screen.outcome])
    if screen.said:
        out.print(Markdown(screen.said))
    for panel in screen.panels:
        out.print(f"[bold]{panel.title}[/]")
        marks = [f"{n}. " if panel.ordered else "- " for n in range(1, len(panel.entries) + 1)]
        out.print(
            Markdown("\n".join(f"{mark}{entry.strip()}" for mark, entry in zip(marks, panel.entries, strict=True)))
        )
    if screen.seconds_left is not None:
        out.print(f"{max(0, round(screen.seconds_left))} seconds left.")
    offers = [f":{number} {button.label}" for number, button in enumerate(screen.buttons, 1)]
    if screen.question is not None and not screen.locked:
        picks = {"one": "a letter", "several": "letters such as a, c"}
        kind = picks.get(screen.question.control) or escape(screen.question.placeholder)
        out.print(f"[dim]Type {kind}, or: {'   '.join(offers)}   q leave[/]")
    elif offers:
        out.print(f"[dim]Enter for {offers[0][3:]}, or: {'   '.join(offers)}   q leave[/]")
    return key
