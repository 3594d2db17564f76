"""A card for a reader without a kernel: the questions as Markdown, the same at every run, without an answer."""

from __future__ import annotations

from coursekit.quiz.sessions import Session
from coursekit.quiz.sessions.base import ALL, Screen
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
        parts.append(screen.question.stem)
        parts.append(_options(screen.question.options))
    return _join(*[part for part in parts if part.strip()], [])


def _question(variant: Variant, number: int | None) -> str:
    stem = variant.stem.strip()
    options = variant.item.choices(variant)
    below = _options(options) if options else f"*Answer: {variant.item.placeholder(variant)}*"
    head = f"**{number}.** ({variant.item.level}) " if number is not None else ""
    return f"{head}{stem}\n\n{below}"


def _options(options: list[str]) -> str:
    return "\n".join(f"- **{chr(ord('A') + index)}.** {_indent(text, 2)}" for index, text in enumerate(options))


def _indent(text: str, by: int) -> str:
    return text.strip().replace("\n", "\n" + " " * by)


def _join(*parts: str | list[str]) -> str:
    flat: list[str] = []
    for part in parts:
        flat += part if isinstance(part, list) else [part]
    return "\n\n".join(flat) + "\n"
