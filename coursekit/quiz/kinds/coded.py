"""What the kinds about a piece of code share: the one fence of Python in the stem."""

from __future__ import annotations

import re
from typing import NamedTuple

_FENCE = re.compile(r"^```(?P<language>[^\n]*)\n(?P<code>.*?)^```[ \t]*$\n?", re.MULTILINE | re.DOTALL)


class Parted(NamedTuple):
    """A stem in three parts."""

    before: str
    code: str  # without the fence and without a line break at its end
    after: str


def part(stem: str) -> Parted:
    """The text before the code, the code, and the text after it.

    Raises:
        ValueError: if the stem has not exactly one fence of code, or it is not marked as Python, or it is empty.
    """
    fences = list(_FENCE.finditer(stem))
    if len(fences) != 1:
        raise ValueError(f"the stem has {len(fences)} fences of code; exactly one ```python fence is needed")
    fence = fences[0]
    if fence["language"].strip() != "python":
        raise ValueError(f"the fence of the stem begins with '```{fence['language'].strip()}'; write ```python")
    if not fence["code"].strip():
        raise ValueError("the fence of the stem is empty; write the code into it")
    return Parted(stem[: fence.start()].strip(), fence["code"].rstrip("\n"), stem[fence.end() :].strip())
