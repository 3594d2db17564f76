"""Figures that belong in JupyterLab's light and dark theme alike, with alt text on each.

>>> from coursekit.plots import PALETTE, show, style
>>> style()
>>> figure, axes = plt.subplots()
>>> show(figure, alt="A line that rises from left to right")

The figure is shown as inline SVG whose text and lines take JupyterLab's own colours, so it follows the theme without
being drawn again. A PNG on white travels with it for viewers that show no HTML.
"""

from __future__ import annotations

import hashlib
import io
import re
from contextlib import AbstractContextManager
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's eight colours (2008, jfly.uni-koeln.de/color): told apart by every kind of colour vision.
PALETTE = {
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "black": "#000000",
}

# Colours that stand for the theme's. Each is a value nobody picks by hand, so that it can be found again in the SVG.
INK = "#212427"  # text, axes, and marks that must stand out
MUTED = "#5e6266"  # secondary text and marks
RULE = "#b8bcc1"  # grid lines, borders
PAPER = "#fefefd"  # the page behind the figure: halos around labels
THEME = {
    INK: "var(--jp-content-font-color1, #212427)",
    MUTED: "var(--jp-content-font-color2, #5e6266)",
    RULE: "var(--jp-border-color1, #b8bcc1)",
    PAPER: "var(--jp-layout-color0, #fefefd)",
}
FONT = "var(--jp-ui-font-family, system-ui, sans-serif)"

_RC: dict[str, Any] = {
    "figure.figsize": (7.2, 4.2),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "font.size": 10.5,
    "lines.linewidth": 2,
    "image.interpolation": "nearest",
    "svg.fonttype": "none",  # text stays text: it takes the page's font, can be read out and searched
}


def _cycle() -> Any:
    from cycler import cycler

    return cycler(color=[PALETTE[name] for name in ("blue", "vermillion", "green", "orange", "purple", "sky")])


class _Style(AbstractContextManager[None]):
    """Brings settings of matplotlib back at the end of a ``with``."""

    def __init__(self, before: dict[str, Any]) -> None:
        self._before: Any = before

    def __exit__(self, *error: object) -> None:
        import matplotlib.pyplot as plt

        plt.rcParams.update(self._before)


def style() -> AbstractContextManager[None]:
    """Give the course's look to every figure from here on; to those inside only, as ``with style():``.

    Theme colours, Okabe and Ito's colours in turn, bold titles to the left. A text takes its style when it is made, so
    call this before the first of them.
    """
    import matplotlib.pyplot as plt

    settings: Any = {**_RC, "axes.prop_cycle": _cycle()}
    before = {name: plt.rcParams[name] for name in settings}
    plt.rcParams.update(settings)
    return _Style(before)


def show(figure: Figure, alt: str) -> None:
    """Display a figure with its alternative text, and close it.

    Args:
        figure: made inside :func:`style`.
        alt: what a person who cannot see the figure needs to know: what is drawn, and what it shows.

    Raises:
        ValueError: if ``alt`` is empty.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    bundle = mime_bundle(figure, alt)
    plt.close(figure)
    display(bundle, raw=True)


def mime_bundle(figure: Figure, alt: str) -> dict[str, str]:
    """The figure as ``text/html`` (themed inline SVG), ``image/png`` (base64, on white) and ``text/plain``.

    The same figure gives the same text every time: identifiers are hashed from ``alt``, and no date is written.
    """
    import base64

    import matplotlib.pyplot as plt

    words = " ".join(alt.split())
    if not words:
        raise ValueError("a figure needs alternative text: say what is drawn and what it shows")
    salt = hashlib.sha256(words.encode()).hexdigest()[:8]
    with plt.rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}):
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once: a second pass would move things by a hair
        vector, pixels = io.StringIO(), io.BytesIO()
        figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
        figure.savefig(pixels, format="png", dpi=80, facecolor="white", metadata={"Software": None})
    return {
        "text/html": _themed(vector.getvalue(), words, salt),
        "image/png": base64.b64encode(pixels.getvalue()).decode(),
        "text/plain": f"Figure: {words}",
    }


def _themed(svg: str, alt: str, salt: str) -> str:
    """Inline SVG that takes the page's colours and font and shrinks with it."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # SVG ids are global in a page: two figures must not share one ("axes_1" is in every figure).
    svg = re.sub(r'\bid="([^"]+)"', rf'id="f{salt}-\1"', svg)
    svg = re.sub(r'(xlink:href="#|href="#|url\(#)', rf"\g<1>f{salt}-", svg)
    for color, variable in {**THEME, "#000000": THEME[INK]}.items():
        svg = re.sub(re.escape(color), variable, svg, flags=re.IGNORECASE)
    svg = re.sub(r"font-family: [^;\"]*", f"font-family: {FONT}", svg)
    # A style sheet inside inline SVG would style the whole page; the same two settings are inherited from the root.
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, flags=re.DOTALL)
    width, height = _size(svg)
    head = f'<svg role="img" aria-label="{escape(alt, quote=True)}" viewBox="0 0 {width} {height}"'
    # matplotlib leaves black out: it is SVG's fill by default. Here it is the page's ink, as the root says.
    look = f"width: 100%; max-width: {round(width * 4 / 3)}px; height: auto; fill: {THEME[INK]}; "
    look += "stroke-linejoin: round; stroke-linecap: butt"
    body = svg[svg.index(">") + 1 :]
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<figure style="margin: 0.5em 0">{head} style="{look}" {space}>{body.strip()}</figure>'


def _size(svg: str) -> tuple[float, float]:
    """Width and height of the drawing in points."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if found is None:
        raise ValueError("matplotlib wrote an SVG without a viewBox")
    return float(found[1]), float(found[2])
