"""A figure follows the theme, says what it shows, and comes out the same twice."""

from __future__ import annotations

import base64
import re
from typing import Any

import matplotlib.pyplot as plt
import pytest

from coursekit.plots import INK, PALETTE, THEME, mime_bundle, show, style


def _figure() -> Any:
    with style():
        figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [3, 1, 2], "o-", label="runs")
    axes.imshow([[0, 1], [1, 0]], extent=(1, 2, 1, 2))
    axes.set_title("It falls, then rises")
    return figure


@pytest.fixture
def bundle() -> dict[str, str]:
    return mime_bundle(_figure(), 'A line that "falls" and rises')


def test_html_and_a_picture_and_words(bundle: dict[str, str]) -> None:
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == 'Figure: A line that "falls" and rises'


def test_alternative_text_is_there_and_escaped(bundle: dict[str, str]) -> None:
    assert 'role="img" aria-label="A line that &quot;falls&quot; and rises"' in bundle["text/html"]


@pytest.mark.parametrize("alt", ["", "  \n "])
def test_a_figure_without_words_is_refused(alt: str) -> None:
    with pytest.raises(ValueError, match="alternative text"):
        mime_bundle(_figure(), alt)


def test_text_and_axes_take_the_themes_colours_and_font(bundle: dict[str, str]) -> None:
    html = bundle["text/html"]
    assert THEME[INK] in html
    assert not re.search(rf"(fill|stroke): {INK}", html)
    assert "var(--jp-ui-font-family" in html
    assert "DejaVu" not in html
    assert "<style" not in html, "a style sheet in inline SVG would style the whole page"
    assert PALETTE["blue"].lower() in html.lower()


def test_black_follows_the_theme_too() -> None:
    figure, axes = plt.subplots()
    axes.text(0, 0, "made outside the style")
    axes.plot([1, 2], color="black")
    html = mime_bundle(figure, "Black")["text/html"]
    plt.close(figure)
    assert f"fill: {THEME[INK]}" in html[: html.index(">", 40)]
    assert "#000000" not in html


def test_the_style_ends_with_its_block_and_without_one_it_stays() -> None:
    before = plt.rcParams["axes.titlelocation"], plt.rcParams["text.color"]
    with style():
        assert plt.rcParams["axes.titlelocation"] == "left"
    assert (plt.rcParams["axes.titlelocation"], plt.rcParams["text.color"]) == before
    with style():
        style()
        assert plt.rcParams["text.color"] == INK
    assert (plt.rcParams["axes.titlelocation"], plt.rcParams["text.color"]) == before


def test_text_is_text(bundle: dict[str, str]) -> None:
    assert re.search(r"<text[^>]*>It falls, then rises</text>", bundle["text/html"])


def test_two_figures_share_no_identifier_and_every_reference_resolves() -> None:
    pages = [mime_bundle(_figure(), alt)["text/html"] for alt in ("One", "Two")]
    ids = [set(re.findall(r'\bid="([^"]+)"', page)) for page in pages]
    assert not ids[0] & ids[1]
    for page, own in zip(pages, ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', page)) <= own


def test_the_same_figure_gives_the_same_text_twice() -> None:
    assert mime_bundle(_figure(), "Twice") == mime_bundle(_figure(), "Twice")


def test_show_displays_and_closes(capsys: pytest.CaptureFixture[str]) -> None:
    figure = _figure()
    show(figure, alt="A line")
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_theme_variable_that_we_use_exists_in_jupyterlab(theme: str) -> None:
    import sys
    from pathlib import Path

    import coursekit.checks.display
    import coursekit.explorers.base
    import coursekit.plots

    folder = Path(sys.prefix, "share/jupyter/lab/themes/@jupyterlab", f"theme-{theme}-extension")
    defined = set(re.findall(r"(--jp-[\w-]+) ?:", (folder / "index.css").read_text()))
    assert len(defined) > 100
    places = [Path(coursekit.plots.__file__), Path(coursekit.checks.display.__file__)]
    places += Path(coursekit.explorers.base.__file__).parent.glob("*.css")
    for place in places:
        text = place.read_text()
        used = set(re.findall(r"var\((--jp-[\w-]+)", text))
        assert used or "var(--ck-" in text, place  # the explorers' sheets build on explorer.css
        assert used <= defined, place
