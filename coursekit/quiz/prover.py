"""The process that runs the proofs: one line of JSON in for each claim, one line out before and one after it.

Run by ``coursekit.quiz.proofs`` as ``python -m coursekit.quiz.prover``; never imported by anything a learner runs.
A proof is ordinary Python over the installed torch and torchvision, with the question's parameters ``STEM`` (its
text), ``CODE`` (the code in it) and, for one option, ``OPTION`` (its text) as names, and these helpers:

``run(code, **names)``
    runs code and gives back its names as a dictionary
``value(expression, **names)``
    the value of one expression
``printed(code)``
    what code prints, without the last line break
``raises(code, "AttributeError", "no attribute")``
    holds if code raises this exception with this text in its message
``asks_for(code)``
    the weights that code would load, by name, without loading them (no download: the tensors are random)
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any

_space: dict[str, Any] = {}  # the names of the proof that runs now: what the helpers run may use them


def run(code: str, **names: Any) -> dict[str, Any]:
    """Run code; its names afterwards."""
    space: dict[str, Any] = {"__name__": "__proof__", **_space, **names}
    exec(compile(code, "<code>", "exec"), space)
    return space


def value(expression: str, **names: Any) -> Any:
    """The value of one expression."""
    return eval(compile(expression.strip(), "<expression>", "eval"), {"__name__": "__proof__", **_space, **names})


def printed(code: str, **names: Any) -> str:
    """What code prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run(code, **names)
    return out.getvalue().rstrip("\n")


def raises(code: str, error: str, text: str = "", **names: Any) -> bool:
    """Does code raise this exception, with this text in its message? AssertionError, naming what came, if not."""
    try:
        run(code, **names)
    except Exception as exception:
        seen = exception
    else:
        raise AssertionError(f"nothing was raised; expected {error}")
    if error not in [one.__name__ for one in type(seen).__mro__]:
        raise AssertionError(f"raised {type(seen).__name__}: {seen}; expected {error}")
    if text not in str(seen):
        raise AssertionError(f"the message is {str(seen)!r}, without {text!r}")
    return True


def asks_for(code: str, **names: Any) -> list[str]:
    """The weights that code would load, as ``ResNet18_Weights.IMAGENET1K_V1``."""
    with _no_download() as asked:
        run(code, **names)
    return asked


@contextlib.contextmanager
def _no_download() -> Iterator[list[str]]:
    from torch import nn
    from torchvision.models import WeightsEnum

    weights_class: Any = WeightsEnum
    module_class: Any = nn.Module
    asked: list[str] = []
    fetch, load = weights_class.get_state_dict, module_class.load_state_dict

    def note(self: Any, *_: Any, **__: Any) -> dict[str, Any]:
        asked.append(str(self))
        return {"named": str(self)}

    def accept(self: Any, state: Any, *args: Any, **kwargs: Any) -> Any:
        return None if list(state) == ["named"] else load(self, state, *args, **kwargs)

    try:
        weights_class.get_state_dict, module_class.load_state_dict = note, accept
        yield asked
    finally:
        weights_class.get_state_dict, module_class.load_state_dict = fetch, load


HELPERS = {"run": run, "value": value, "printed": printed, "raises": raises, "asks_for": asks_for}


def judge(claim: dict[str, Any]) -> list[tuple[str, str]]:
    """Run one claim: what does not hold, as (label, message); nothing if all does."""
    import torch

    torch.manual_seed(0)
    space = _space
    space.clear()
    space.update(HELPERS, **claim["names"], __name__="__proof__")
    try:
        if claim["setup"]:
            exec(compile(claim["setup"], "<setup>", "exec"), space)
        exec(compile(claim["code"], "<proof>", "exec"), space)
    except BaseException as error:  # a proof may raise anything, SystemExit too
        where = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<")]
        line = f" (line {where[-1].lineno} of {where[-1].filename.strip('<>')})" if where else ""
        said = str(error) or "an assertion without a message is false"
        return [(claim["label"], f"{type(error).__name__}: {said}{line}")]
    if not claim["expectations"]:
        return []
    if "truth" not in space:
        return [(claim["label"], "the proof leaves no 'truth'")]
    truth = space["truth"]
    return [
        (
            one["label"],
            f"is {'not ' if one['holds'] else ''}what came out: {truth!r}, and the bank says {one['value']!r}",
        )
        for one in claim["expectations"]
        if same(truth, one["value"], one["tolerance"]) != one["holds"]
    ]


def same(truth: Any, said: Any, tolerance: float) -> bool:
    """Is a computed value the one a bank states? Numbers within the tolerance, lists by element, else by text."""
    if isinstance(said, bool) or isinstance(truth, bool):
        return str(truth) == str(said)
    if isinstance(said, float):
        return math.isclose(float(truth), said, rel_tol=1e-9, abs_tol=tolerance + 1e-12)
    if isinstance(said, list):
        return list(truth) == said
    return " ".join(str(truth).split()) == " ".join(str(said).split())


def main() -> None:
    """Read claims until the input ends. What proofs print goes to standard error, away from the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    import torch
    import torchvision  # noqa: F401  (here, so that no proof's time limit pays for it)

    import coursekit.models  # noqa: F401  (the course's own weights answer to torchvision's names)

    _forbid_network()
    torch.set_num_threads(max(1, min(2, os.cpu_count() or 1)))
    _say(answers, {"ready": True})
    for line in sys.stdin:
        claim = json.loads(line)
        _say(answers, {"begun": claim["number"]})
        _say(answers, {"done": claim["number"], "failures": judge(claim)})


def _forbid_network() -> None:
    """A proof must hold anywhere and at once; a download in it is a mistake of the author's."""
    import socket

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a proof may not use the network; asks_for(code) tells what code would load")

    sockets: Any = socket.socket
    sockets.connect = sockets.connect_ex = socket.getaddrinfo = refuse


def _say(answers: io.TextIOBase | Any, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
