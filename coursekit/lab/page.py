"""The dashboard as HTML, as Markdown and as one line of text: one description, three readers.

The HTML stands by itself in the delivered notebook (``live=False``: what needs a kernel is text there), and the
dashboard's widget shows the same HTML with its buttons at work (``live=True``).
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

from coursekit.lab.modes import ABOUT
from coursekit.lab.state import ALL, LessonState, Standing, Step
from coursekit.lessons import Lesson

HERE = Path(__file__).parent


def bundle(standing: Standing, *, styled: bool = True) -> dict[str, str]:
    """The dashboard for every kind of reader without a kernel, by MIME type.

    Args:
        standing: where the learner stands.
        styled: with the style sheet in it. Where the widget brings its own, a stored output is better without.
    """
    sheet = f"<style>{style()}</style>" if styled else ""
    return {
        "text/html": sheet + html(standing, live=False),
        "text/markdown": markdown(standing),
        "text/plain": text(standing),
    }


@cache
def style() -> str:
    """The style sheet, shared by the picture and the widget."""
    return (HERE / "dashboard.css").read_text(encoding="utf-8")


def text(standing: Standing) -> str:
    """One line."""
    count = len(standing.lessons)
    return f"Dashboard: {count} {'lesson' if count == 1 else 'lessons'}. Next: {standing.next.title}."


def markdown(standing: Standing) -> str:
    """A table with links, for readers that show neither widgets nor HTML."""
    lines = [f"**Next: {standing.next.title}.** {standing.next.why}", "", "| lesson | minutes |", "| --- | --- |"]
    for state in standing.lessons:
        lesson = state.lesson
        title = lesson.title.replace("|", "\\|")
        lines.append(f"| {lesson.number} [{title}]({path_of(lesson, 'lesson')}) | {state.minutes} |")
    return "\n".join(lines)


def path_of(lesson: Lesson, target: str) -> str:
    """Path in the workspace of a lesson's notebook, its exercises, or the view of a mode."""
    if target == "lesson":
        return f"{lesson.name}/{lesson.notebook.name}"
    if target == "exercises":
        return f"{lesson.name}/{lesson.exercises.name}"
    return f"{lesson.name}/views/{target}.ipynb"


def html(standing: Standing, *, live: bool) -> str:
    """The dashboard as HTML; every text in it is escaped."""
    shown = standing.next.lesson or (standing.lessons[0].lesson if standing.lessons else None)
    rows = [_lesson(state, live=live, unfolded=state.lesson is shown) for state in standing.lessons]
    return "".join(
        [
            '<div class="ckd-dash" data-lm-suppress-shortcuts="true">',
            _next(standing.next, live=live),
            _across(standing, live=live) if rows else "",
            f'<h2 class="ckd-head">Lessons</h2><ol class="ckd-lessons">{"".join(rows)}</ol>' if rows else "",
            '<p class="ckd-say" role="status" aria-live="polite"></p>' if live else "",
            "</div>",
        ]
    )


def _next(step: Step, *, live: bool) -> str:
    action = ""
    if step.lesson is None and step.target == "review":
        minutes = f'<span class="ckd-quiet">{_minutes(step.minutes)}</span>'
        action = f'<p class="ckd-row">{_all_lessons("review", "Open Review", "ckd-go", "next", live=live)}{minutes}</p>'
    if step.lesson is not None:
        label = {"lesson": "Open the lesson", "exercises": "Open the exercises"}.get(step.target, "Open")
        length = _minutes(step.minutes) + (" in all" if step.target == "lesson" else "")
        minutes = f'<span class="ckd-quiet">{length}</span>' if step.minutes else ""
        action = f'<p class="ckd-row">{_way(step.lesson, step.target, label, "ckd-go", live=live)}{minutes}</p>'
    return (
        '<section class="ckd-next" aria-label="What to do next"><h2 class="ckd-eyebrow">What to do next</h2>'
        f'<p class="ckd-title">{escape(step.title)}</p><p class="ckd-why">{escape(step.why)}</p>{action}</section>'
    )


def _across(standing: Standing, *, live: bool) -> str:
    """What goes across all lessons: the placement and the review."""
    again = "Find out again where to start" if standing.placed else "Find out where to start"
    due = f"Review everything due ({standing.due})"
    ways = _all_lessons("placement", again, "ckd-link ckd-plain", "across-placement", live=live)
    ways += _all_lessons("review", due, "ckd-link ckd-plain", "across-review", live=live)
    return f'<section class="ckd-across" aria-label="Across all lessons"><p class="ckd-row">{ways}</p></section>'


def _all_lessons(name: str, label: str, kind: str, key: str, *, live: bool) -> str:
    """A button that writes the notebook of a session over all lessons and opens it."""
    if not live:
        return f'<span class="ckd-quiet">{escape(label)}</span>'
    return (
        f'<button type="button" class="{kind}" data-lesson="{ALL}" data-mode="{name}" data-key="{key}">'
        f"{escape(label)}</button>"
    )


def _lesson(state: LessonState, *, live: bool, unfolded: bool) -> str:
    lesson = state.lesson
    links = [_way(lesson, "lesson", "Lesson", "ckd-link", live=live, name=f"Open lesson {lesson.number}")]
    if state.exercises:
        links.append(
            _way(lesson, "exercises", "Exercises", "ckd-link", live=live, name=f"Exercises of lesson {lesson.number}")
        )
    modes = "".join(f"<li>{_mode(lesson, mode, live=live)}</li>" for mode in ABOUT)
    opened = " open" if unfolded else ""
    progress = (
        f'<ul class="ckd-progress" aria-label="Progress in lesson {lesson.number}">{_progress(state)}</ul>'
        if unfolded or state.started
        else ""
    )
    return (
        '<li class="ckd-lesson">'
        f'<h3 class="ckd-name"><span class="ckd-number">{lesson.number}</span> {escape(lesson.title)}'
        f'<span class="ckd-quiet">{_minutes(state.minutes)}</span></h3>'
        f'<p class="ckd-summary">{escape(lesson.summary)}</p>'
        f'<p class="ckd-row">{"".join(links)}</p>'
        f"{progress}"
        f'<details class="ckd-modes" data-key="modes-{lesson.number}"{opened}>'
        f'<summary data-key="summary-{lesson.number}">Ten ways to learn it</summary><ul>{modes}</ul></details></li>'
    )


def _progress(state: LessonState) -> str:
    done = state.done
    rows = []
    if state.practice:
        rows.append(_share("Practice", done["practice_right"], state.practice, "right"))
    if state.exercises:
        rows.append(_share("Exercises", done["exercises_passed"], state.exercises, "passed"))
    rows.append(_fact("Test", done["test_verdict"] or "not taken"))
    rows.append(_fact("Challenge", "badge earned" if done["challenge_badge"] else "no badge yet"))
    if state.cards:
        due = f"{done['cards_due']} due" if done["cards_seen"] else "none seen yet"
        rows.append(_fact("Cards", due))
    return "".join(rows)


def _share(label: str, part: int, whole: int, word: str) -> str:
    part = min(part, whole)
    return (
        f'<li><span class="ckd-label">{label}</span> <span>{part} of {whole} {word}</span>'
        f'<span class="ckd-bar" aria-hidden="true"><span style="width:{100 * part // whole}%"></span></span></li>'
    )


def _fact(label: str, value: str) -> str:
    return f'<li><span class="ckd-label">{label}</span> <span>{escape(value)}</span></li>'


def _mode(lesson: Lesson, mode: str, *, live: bool) -> str:
    about = ABOUT[mode]
    inside = (
        f'<span class="ckd-mode-name">{about.title} <span class="ckd-quiet">{lesson.minutes[mode]} min</span></span>'
        f'<span class="ckd-what">{about.what}</span>'
    )
    if not live:
        return f'<div class="ckd-mode">{inside}</div>'
    return (
        f'<button type="button" class="ckd-mode" data-lesson="{lesson.number}" data-mode="{mode}" '
        f'data-key="{lesson.number}-{mode}">{inside}</button>'
    )


def _way(lesson: Lesson, target: str, label: str, kind: str, *, live: bool, name: str = "") -> str:
    """A link to a notebook that lies there, or a button that first writes the view of a mode."""
    said = f' aria-label="{escape(name)}"' if name else ""
    if target in ABOUT:
        title = f"{label} {ABOUT[target].title}"
        if not live:
            return f"<span>{escape(title)} in lesson {lesson.number}</span>"
        return (
            f'<button type="button" class="{kind}" data-lesson="{lesson.number}" data-mode="{target}" '
            f'data-key="next"{said}>{escape(title)}</button>'
        )
    path = escape(path_of(lesson, target))
    return f'<a class="{kind}" href="{path}" data-open="{path}" data-key="{kind}-{path}"{said}>{escape(label)}</a>'


def _minutes(minutes: int) -> str:
    if minutes < 90:
        return f"about {minutes} min"
    hours = f"{minutes / 60:.1f}".removesuffix(".0")
    return f"about {hours} hours"
