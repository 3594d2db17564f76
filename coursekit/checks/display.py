"""How an outcome looks under its cell: one calm line by mark, word and colour, and plain text beside it."""

from __future__ import annotations

from html import escape

from coursekit.checks.core import Exercise, Outcome

# Mark, word, and a rule in Okabe-Ito's green, orange or blue; text keeps the page's own colour for its contrast.
LOOK = {
    "passed": ("✓", "Right", "#009E73"),
    "failed": ("✗", "Not yet", "#D55E00"),
    "not_attempted": ("○", "Not attempted", "#0072B2"),
}


def display_outcome(exercise: Exercise, outcome: Outcome) -> None:
    """Show the outcome in a notebook; outside one, IPython prints its plain text."""
    from IPython.display import display

    display(mime_bundle(exercise, outcome), raw=True)


def mime_bundle(exercise: Exercise, outcome: Outcome) -> dict[str, str]:
    """The outcome as ``text/html`` and ``text/plain``."""
    mark, word, color = LOOK[outcome.status]
    head = f"{word}: {exercise.title}"
    html = (
        f'<div role="status" style="border-left: 4px solid {color}; padding: 0.3em 0.8em; margin: 0.3em 0; '
        'max-width: 44em; color: var(--jp-content-font-color1, #212427); font-family: var(--jp-ui-font-family)">'
        f'<strong><span aria-hidden="true">{mark}</span> {escape(head)}</strong>'
        f'<div style="white-space: pre-line">{_code(outcome.message)}</div></div>'
    )
    return {"text/html": html, "text/plain": f"[{mark}] {head}\n{outcome.message}"}


def _code(text: str) -> str:
    """Escaped text with what stands between backticks as code."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
