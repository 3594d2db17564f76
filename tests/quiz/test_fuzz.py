"""Whatever is done to the text of a bank, there is a bank or there are problems with a line: never an exception."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coursekit.lint import lint
from coursekit.quiz.bank import bank_file, read
from coursekit.quiz.loading import Problem

from .conftest import CHOICE, NUMBER
from .nine import WHOLE

HEAD = 'lesson: "01"\nitems:'
NASTY = (
    "\t", "\r\n", "\x00", "\ufeff", "\u2028", "\ud7ff", "---\n", "...\n", "&a ", "*a", "<<: ", "? ", 
    "!!python/name:os ", "!!binary ", "!!set ", "%YAML 9\n", "{{", "}}", "{{n/0}}", "{{9**9**9}}", "[" * 40,
    "- " * 40, ": ", "# ", "'",
    '"', "|", ">", "null", "true", "no", "1e999", ".nan", "0x", "2001-99-99", "9" * 50, "<script>alert(1)</script>",
    "$\\frac{", "```", "kind: ", "    kind: number\n", "right: true", "params: {n: []}", "<<", "=", "~",
)  # fmt: skip


@cache
def texts() -> tuple[str, ...]:
    """Real banks, and small ones whose damage is likelier to leave something that is still a bank."""
    small = [HEAD + CHOICE + NUMBER, WHOLE]
    return (*small, bank_file("01").read_text(encoding="utf-8"))


def problems_of(path: Path, text: str) -> list[Problem]:
    """Lint's problems of this text, each of them with a place in the file."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    bank, problems, _ = read(path)
    assert (bank is None) == bool(problems)
    found = lint(proofs=False, banks=[path])
    lines = text.count("\n") + text.count("\r") + text.count("\u2028") + text.count("\u2029") + text.count("\x85") + 2
    for one in found:
        assert one.file == str(path)
        assert 1 <= one.line <= lines, one
        assert one.message.strip(), one
        assert "Traceback" not in one.message
    return found


@st.composite
def edited(draw: st.DrawFn) -> str:
    """A bank after a few edits: something cut, doubled, moved or put in, anywhere."""
    text = draw(st.sampled_from(texts()))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        piece = draw(st.sampled_from(NASTY) | st.text(max_size=20))
        how = draw(st.sampled_from(["put in", "cut", "double", "move", "line"]))
        if how == "put in":
            text = text[:start] + piece + text[start:]
        elif how == "cut":
            text = text[:start] + text[end:]
        elif how == "double":
            text = text[:end] + text[start:]
        elif how == "move":
            text = text[:start] + text[end:] + text[start:end]
        else:  # one line, its value replaced
            lines = text.split("\n")
            number = start % len(lines)
            lines[number] = lines[number].partition(":")[0] + ": " + piece
            text = "\n".join(lines)
    return text


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=edited())
@example(text="")
@example(text="\ufeff" + HEAD + CHOICE)
@example(text=(HEAD + CHOICE).replace("\n", "\r\n"))
@example(text=(HEAD + CHOICE).replace("    ", "\t"))
@example(text="a: &a [x]\nb: [*a, *a]")
def test_any_edit_of_a_bank_gives_a_bank_or_problems_with_a_line(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    problems_of(tmp_path_factory.getbasetemp() / "01_fuzzed.yml", text)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def with_a_wrong_value(draw: st.DrawFn) -> str:
    """A bank of all kinds in which one value, at any depth, is something else, such as a list for a text."""
    data = yaml.safe_load(texts()[1])
    place = data
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and draw(st.integers(0, 3)):
            place = place[key]
            continue
        place[key] = draw(PLAIN)
        break
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=with_a_wrong_value())
def test_any_value_of_a_wrong_type_gives_a_bank_or_problems_with_a_line(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    problems_of(tmp_path_factory.getbasetemp() / "01_typed.yml", text)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_line(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "01_bytes.yml"
    path.write_bytes(content)
    found = lint(proofs=False, banks=[path])
    assert found
    assert all(one.line >= 1 for one in found)
