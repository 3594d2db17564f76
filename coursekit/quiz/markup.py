"""Markdown of questions as HTML that is safe to show: code coloured, maths as MathML, nothing from the network."""

from __future__ import annotations

import html
from functools import cache, lru_cache

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

_MATH = {
    "math",
    "mrow",
    "mi",
    "mn",
    "mo",
    "ms",
    "mspace",
    "mtext",
    "mfrac",
    "msqrt",
    "mroot",
    "msub",
    "msup",
    "msubsup",
}
_MATH |= {"munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "menclose", "mphantom"}
_TEXT = {"p", "br", "hr", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "span", "div", "a"}
_TEXT |= {"table", "thead", "tbody", "tr", "th", "td", "h3", "h4"}
_MATH_ATTRIBUTES = {"display", "mathvariant", "stretchy", "fence", "form", "displaystyle", "columnalign", "accent"}
_ATTRIBUTES: dict[str, set[str]] = {tag: set(_MATH_ATTRIBUTES) for tag in _MATH}
_ATTRIBUTES |= {"span": {"class"}, "code": {"class"}, "pre": {"class"}, "div": {"class"}, "a": {"href"}}


@lru_cache(maxsize=2048)
def to_html(markdown: str) -> str:
    """Markdown as sanitized HTML blocks."""
    return _clean(_parser().render(markdown))


@lru_cache(maxsize=2048)
def to_inline_html(markdown: str) -> str:
    """Markdown of one line as sanitized HTML without a paragraph around it; blocks where it has several lines."""
    text = markdown.strip()
    return to_html(text) if "\n" in text else _clean(_parser().renderInline(text))


def code_lines(code: list[str]) -> list[str]:
    """The lines of a Python program as sanitized HTML, coloured as one piece: a string may be long."""
    if not code:
        return []
    coloured = _colour("\n".join(code), "python", "").split("\n")
    return [_clean(line) for line in coloured[: len(code)]]


def _clean(text: str) -> str:
    return nh3.clean(
        text,
        tags=_TEXT | _MATH,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "highlight": _colour}).enable("table")
    parser.disable("image")  # nothing of a question comes from elsewhere
    return parser.use(dollarmath_plugin, renderer=_maths, allow_digits=False, double_inline=True)


def _colour(code: str, language: str, _attributes: str) -> str:
    try:
        lexer = get_lexer_by_name(language or "text")
    except ClassNotFound:
        return html.escape(code)
    lexer.stripnl = lexer.ensurenl = False
    return highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="ck-"))


def _maths(latex: str, options: dict[str, bool]) -> str:
    try:
        return str(convert(latex, display="block" if options.get("display_mode") else "inline"))
    except Exception:  # the library raises its own and Python's; a formula it cannot read is shown as it was written
        return f"<code>{html.escape(latex)}</code>"
