"""The process that runs the proofs: one line of JSON in for a group of claims, two lines out for each claim.

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
    the weights that code would load, by name, without loading them (no download: the tensors are zero)

The claims of a group share the setup of their question. It runs once, and each claim starts from a copy of what it
left; see :class:`Setup` for when it runs anew instead. Whatever a proof changes in torch, in the environment or in the
random numbers is put back after it.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import json
import math
import os
import queue
import random
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torchvision.models import WeightsEnum

import coursekit.models.course  # noqa: F401  (the course's own weights answer to torchvision's names)

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
    with _no_download() as asked, _no_random_start():
        run(code, **names)
    return asked


@contextlib.contextmanager
def _no_download() -> Iterator[list[str]]:
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


@contextlib.contextmanager
def _no_random_start() -> Iterator[None]:
    """Layers start at zero: drawing the random start of a large model takes a second, and nobody looks at it here."""
    init: Any = nn.init
    names = ("kaiming_normal_", "kaiming_uniform_", "normal_", "trunc_normal_", "uniform_", "xavier_uniform_")
    before = {name: getattr(init, name) for name in names}

    def zero(tensor: Any, *_: Any, **__: Any) -> Any:
        return init.zeros_(tensor)

    try:
        for name in names:
            setattr(init, name, zero)
        yield
    finally:
        for name, function in before.items():
            setattr(init, name, function)


HELPERS = {"run": run, "value": value, "printed": printed, "raises": raises, "asks_for": asks_for}
_FILES = {"glob", "io", "open", "os", "pathlib", "shutil", "sqlite3", "subprocess", "tempfile"}
_OWN = {"OPTION", "RIGHT"}  # names that only one claim of a group has


class Setup:
    """What runs before the claims of a group, and the names that it leaves.

    The first claim gets these names, the next ones a copy made before the first. Functions of the setup see the copy
    too, since all of them share one dictionary. The setup runs anew for each claim where a copy would not be as good:
    where it may touch files, where it reads a name that only one claim has, where it changes more than names, where
    what it leaves cannot be copied.
    """

    def __init__(self, code: str | None, *, claims: int) -> None:
        self._program = compile(code, "<setup>", "exec") if code else None
        used = {word for node in ast.walk(ast.parse(code)) for word in _words(node)} if code else set()
        self._copied = code is not None and claims > 1 and not used & (_FILES | _OWN)
        self._given: dict[str, Any] | None = None
        self._left: dict[str, Any] = {}
        self._dice: Any = None

    def run(self, names: dict[str, Any]) -> dict[str, Any]:
        """The names that a claim with these ``names`` starts from."""
        space, given = _space, {name: value for name, value in names.items() if name not in _OWN}
        if self._given == given:
            _throw(self._dice)
            space.clear()
            space.update(_copy(self._left), **{name: value for name, value in names.items() if name in _OWN})
            return space
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)
        space.clear()
        space.update(HELPERS, **names, __name__="__proof__")
        before = _surroundings()
        if self._program is not None:
            exec(self._program, space)
        if self._copied and _surroundings() == before:
            try:
                left = {name: value for name, value in space.items() if name not in {*_OWN, "__builtins__"}}
                self._left = _copy(left)
                self._given, self._dice = given, _dice()
            except Exception:  # a generator, a tensor within a graph, anything that cannot be copied
                self._copied = False
        return space


def _words(node: ast.AST) -> list[str]:
    """The names that a piece of syntax uses or imports."""
    match node:
        case ast.Name():
            return [node.id]
        case ast.Import():
            return [alias.name.split(".")[0] for alias in node.names]
        case ast.ImportFrom():
            return [(node.module or "").split(".")[0]]
    return []


def _copy(names: dict[str, Any]) -> dict[str, Any]:
    """A copy of everything but modules, which are no part of a proof."""
    return copy.deepcopy(names, {id(module): module for module in list(sys.modules.values())})


def _dice() -> Any:
    return torch.get_rng_state(), random.getstate(), np.random.get_state()


def _throw(dice: Any) -> None:
    torch.set_rng_state(dice[0])
    random.setstate(dice[1])
    np.random.set_state(dice[2])


def _surroundings() -> tuple[Any, ...]:
    """What a proof may change beyond its own names."""
    modes = torch.get_default_dtype(), torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled()
    return *modes, dict(os.environ), os.getcwd(), list(warnings.filters)


@contextlib.contextmanager
def _put_back() -> Iterator[None]:
    """Put back what a proof changed beyond its own names."""
    dtype, grad, deterministic, world, folder, _ = _surroundings()
    try:
        with warnings.catch_warnings():
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        torch.use_deterministic_algorithms(deterministic)
        torch.set_num_threads(1)
        if dict(os.environ) != world:
            os.environ.clear()
            os.environ.update(world)
        os.chdir(folder)


def judge(claim: dict[str, Any], setup: Setup) -> list[tuple[str, str]]:
    """Run one claim: what does not hold, as (label, message); nothing if all does."""
    with _put_back():
        part = "setup"
        try:
            space = setup.run(claim["names"])
            part = claim["label"]
            exec(compile(claim["code"], "<proof>", "exec"), space)
        except BaseException as error:  # a proof may raise anything, SystemExit too
            return [(part, _explain(error))]
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


def _explain(error: BaseException) -> str:
    where = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<")]
    line = f" (line {where[-1].lineno} of {where[-1].filename.strip('<>')})" if where else ""
    return f"{type(error).__name__}: {error or 'an assertion without a message is false'}{line}"


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
    """Read groups of claims until the input ends. What proofs print goes to standard error, away from the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(2, 1)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)  # a proof that reads its input must not take the next group
    sys.stdout = sys.stderr
    _forbid_network()
    torch.set_num_threads(1)  # the provers run beside each other, one on each core
    _say(answers, {"ready": True})
    for group in iter(_listen(questions).get, None):
        setup = _setup(group["setup"], len(group["claims"]))
        for number, claim in enumerate(group["claims"]):
            _say(answers, {"begun": number})
            failures = [("setup", setup)] if isinstance(setup, str) else judge(claim, setup)
            _say(answers, {"done": number, "failures": failures})


def _setup(code: str | None, claims: int) -> Setup | str:
    try:
        return Setup(code, claims=claims)
    except SyntaxError as error:
        return _explain(error)


def _listen(questions: io.TextIOBase | Any) -> queue.Queue[dict[str, Any]]:
    """The groups as they come in. When no more can come, nobody waits for an answer either: the process ends."""
    groups: queue.Queue[dict[str, Any]] = queue.Queue()

    def listen() -> None:
        for line in questions:
            groups.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return groups


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
