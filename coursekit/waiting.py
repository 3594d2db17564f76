"""A progress bar for the loops of a notebook that take more than a second or two.

>>> from coursekit.waiting import waiting
>>> for step in waiting(range(100), "training"):
...     ...

It lives in the cell's output, as HTML with a text form, and writes nothing to stderr.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, TypeVar

Item = TypeVar("Item")
PAUSE = 0.2  # seconds between two drawings: a browser is not asked for more


def waiting(items: Sequence[Item], label: str) -> Iterator[Item]:
    """The items one by one, with a bar that says how many of them are done.

    Args:
        items: anything with a length.
        label: what is being done, in a word or two; read aloud with the bar.
    """
    from IPython.display import display

    started, drawn = time.perf_counter(), 0.0
    handle: Any = display(_bar(0, len(items), label, 0.0), raw=True, display_id=True)
    for done, item in enumerate(items, start=1):
        yield item
        now = time.perf_counter()
        if handle is not None and (done == len(items) or now - drawn > PAUSE):
            handle.update(_bar(done, len(items), label, now - started), raw=True)
            drawn = now


def _bar(done: int, total: int, label: str, seconds: float) -> dict[str, str]:
    """The bar as a mime bundle."""
    said = f"{label}: {done} of {total}, {seconds:.0f} s"
    name = escape(label, quote=True)
    style = "width: 100%; max-width: 28em; accent-color: #0072b2"
    html = (
        '<div style="font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px">'
        f'<progress aria-label="{name}" value="{done}" max="{max(total, 1)}" style="{style}"></progress> '
        f"<span>{escape(said)}</span></div>"
    )
    return {"text/plain": said, "text/html": html}
