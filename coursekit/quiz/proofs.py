"""Proofs of a bank: the code that shows each answer right and each wrong one wrong, run in one child process.

The child (``coursekit.quiz.prover``) imports torch once and takes the claims one after the other. A proof that hangs,
also in compiled code, is killed with the child, reported, and the rest goes on in a new child.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from coursekit.quiz.items import Claim, Item
from coursekit.quiz.variants import CANONICAL, draw, seed_for

PROOF_SECONDS = 120.0  # of the clock: a busy machine needs several times what a free one does
START_SECONDS = 300.0  # importing torch on a slow and busy machine
VARIANTS = 3  # of a question with parameters, with different values


@dataclass(frozen=True)
class Failure:
    """A claim that does not hold: ``path`` leads to it inside the item."""

    item: Item
    label: str
    path: tuple[str | int, ...]
    message: str


def prove(items: list[Item], *, seconds: float = PROOF_SECONDS) -> list[Failure]:
    """Run every proof of these items.

    Args:
        items: the questions.
        seconds: time limit of one proof.

    Returns:
        What does not hold; empty if everything does.
    """
    work: list[tuple[Item, Claim]] = []
    failures: list[Failure] = []
    for item in items:
        try:
            work += [(item, claim) for claim in _claims(item)]
        except ValueError as error:
            failures.append(Failure(item, "variant", ("params",), str(error)))
    position = 0
    while position < len(work):
        position = _prove_from(work, position, failures, seconds)
    return failures


def _claims(item: Item) -> list[Claim]:
    """The claims of a few variants: the canonical one, and others with different values."""
    seen: list[dict[str, Any]] = []
    claims: list[Claim] = []
    for number in range(20):
        variant = draw(item, seed_for(number, "proof") if number else CANONICAL)
        if variant.values in seen:
            continue
        seen.append(variant.values)
        for claim in item.claims(variant):
            said = ", ".join(f"{name}={value}" for name, value in variant.values.items())
            label = f"{claim.label} with {said}" if said else claim.label
            claims.append(Claim(label, claim.code, claim.names, claim.path, claim.expectations))
        if len(seen) == VARIANTS:
            break
    return claims


def _prove_from(work: list[tuple[Item, Claim]], start: int, failures: list[Failure], seconds: float) -> int:
    """Run the claims from ``start`` in one child; where to go on when that child had to be given up."""
    with _child() as child:
        try:
            ready = child.answer(START_SECONDS)
        except TimeoutError:
            ready = None
        if ready is None:
            raise RuntimeError(f"The process for proofs did not start: {child.last_words()}")
        for number in range(start, len(work)):
            item, claim = work[number]
            child.ask({"number": number, "setup": item.setup, **asdict(claim)})
            try:
                done = child.answer(seconds) and child.answer(seconds)  # it says that it begins, and then the result
                said = "ended the process"
            except TimeoutError:
                done, said = None, f"did not end within {seconds:g} seconds"
            if done is None:
                failures.append(Failure(item, claim.label, claim.path, f"the proof {said}"))
                return number + 1
            for label, message in done["failures"]:
                failures.append(Failure(item, label, _path(label, claim), message))
    return len(work)


def _path(label: str, claim: Claim) -> tuple[str | int, ...]:
    """Where the thing named by a label is written: ``option 2`` and ``slip 1`` are entries of lists."""
    words = label.split()
    lists = {"option": "options", "slip": "slips"}
    if len(words) >= 2 and words[0] in lists and words[1].isdecimal():
        return (lists[words[0]], int(words[1]) - 1)
    return ("answer",) if words[0] == "answer" else claim.path


class _Child:
    """The prover as a process with a time limit on every answer."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._errors: list[str] = []
        for target in (self._listen, self._overhear):
            threading.Thread(target=target, daemon=True).start()

    def ask(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message, default=str) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended; the missing answer says so

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """The next line of the child, None where it has ended; TimeoutError where it says nothing for so long."""
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        return None if line is None else json.loads(line)

    def last_words(self) -> str:
        return "".join(self._errors[-5:]).strip() or "no message"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _overhear(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors = [*self._errors[-20:], line]


@contextmanager
def _child() -> Iterator[_Child]:
    world = {**os.environ, "COURSEKIT_OFFLINE": "1", "PYTHONWARNINGS": "ignore", "PYTHONIOENCODING": "utf-8"}
    world.setdefault("OMP_NUM_THREADS", "2")
    process = subprocess.Popen(
        [sys.executable, "-m", "coursekit.quiz.prover"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=world,
    )
    try:
        yield _Child(process)
    finally:
        process.kill()
        process.wait()
