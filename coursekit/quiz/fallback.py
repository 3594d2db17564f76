"""A card for a reader without a kernel: the questions as Markdown, the same at every run, without an answer."""

from __future__ import annotations

from coursekit.quiz.items import Form
from coursekit.quiz.sessions import Session
from coursekit.quiz.sessions.base import ALL, Question, Screen
from coursekit.quiz.sessions.challenge import Challenge
from coursekit.quiz.sessions.predict import Predict
from coursekit.quiz.sessions.review import Review
from coursekit.quiz.variants import Variant

_TITLES = {"practice": "Practice", "test": "Test", "challenge": "Challenge", "predict": "Predict, then run"}
_LIVE = "To answer, open this notebook in JupyterLab and run the cell."


def as_text(session: Session) -> str:
    """One stable line for ``text/plain``."""
    where = "all lessons" if session.lesson == ALL else f"lesson {session.lesson}"
    return f"{_TITLES.get(session.name, session.name.capitalize())}, {where}: quiz card"


def as_markdown(session: Session) -> str:
    """All questions of a session, with options in an order of their own and the first of each drawn number."""
    stored = session.stored()
    if stored is not None:
        return stored
    if isinstance(session, Review):
        fronts = [card.front.strip() for card in session.cards.values()]
        return _join(f"**Review**: {len(fronts)} recall cards. {_LIVE}", [f"- {_indent(text, 2)}" for text in fronts])
    variants = session.outline()
    title = _TITLES[session.name]
    if isinstance(session, Predict):
        return _join(f"**{title}.** {_LIVE}", [_question(variants[0], None)])
    kind = "timed problems" if isinstance(session, Challenge) else "questions"
    head = f"**{title}**: {len(variants)} {kind}. {_LIVE}"
    return _join(head, [_question(variant, number) for number, variant in enumerate(variants, 1)])


def screen_text(screen: Screen) -> str:
    """A screen as Markdown: what a terminal shows above the prompt."""
    parts = [f"**{screen.heading}** {screen.place}".strip(), screen.body]
    if screen.question is not None:
        parts += _parts(screen.question)
    return _join(*[part for part in parts if part.strip()], [])


def _question(variant: Variant, number: int | None) -> str:
    stem, *below = _parts(variant.item.form(variant))
    placeholder = variant.item.placeholder(variant)
    if placeholder:
        below.append(f"*Answer: {placeholder}*")
    head = f"**{number}.** ({variant.item.level}) " if number is not None else ""
    return "\n\n".join([f"{head}{stem}".strip(), *below])


def _parts(shown: Form | Question) -> list[str]:
    """A question as Markdown, from its stem on."""
    parts = [shown.stem.strip()]
    if shown.options:
        parts.append(_options(shown.options))
    if shown.lines:
        parts.append(_numbered(shown.lines))
    if shown.cells:
        parts.append(_table(shown.classes, shown.cells))
    return [*parts, shown.after.strip()] if shown.after.strip() else parts


def _numbered(lines: list[str]) -> str:
    """A program with the numbers of its lines. No language is named, since the numbers belong to none."""
    width = len(str(len(lines)))
    numbered = [f"{number:>{width}}  {line}".rstrip() for number, line in enumerate(lines, 1)]
    return "\n".join(["```text", *numbered, "```"])


def _table(classes: list[str], cells: list[list[str]]) -> str:
    """A confusion matrix; a question mark in each cell that is asked for."""
    names = [name.replace("|", "\\|") for name in classes]
    rows = [["truth \\\\ prediction", *names], ["---", *["---:"] * len(names)]]
    rows += [[f"**{name}**", *[cell or "?" for cell in line]] for name, line in zip(names, cells, strict=True)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _options(options: list[str]) -> str:
    return "\n".join(f"- **{chr(ord('A') + index)}.** {_indent(text, 2)}" for index, text in enumerate(options))


def _indent(text: str, by: int) -> str:
    return text.strip().replace("\n", "\n" + " " * by)


def _join(*parts: str | list[str]) -> str:
    flat: list[str] = []
    for part in parts:
        flat += part if isinstance(part, list) else [part]
    return "\n\n".join(flat) + "\n"
