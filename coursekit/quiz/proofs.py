"""Proofs of a bank: the code that shows each answer right and each wrong one wrong, run in child processes.

A child (``coursekit.quiz.prover``) imports torch once and takes one group of claims after the other: those of one
variant of one question. Several children take groups from one list, so that none waits. A proof that hangs, also in
compiled code, is killed with its child, reported, and the rest goes on in a new one. What was proven before, under the
same versions of everything, may be left out: see :mod:`coursekit.quiz.proven`.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from coursekit.errors import CourseError
from coursekit.quiz.items import Claim, Item
from coursekit.quiz.proven import Proven
from coursekit.quiz.variants import CANONICAL, draw, seed_for

PROOF_SECONDS = 60.0  # of the clock: a busy machine needs several times what a free one does
START_SECONDS = 300.0  # importing torch on a slow and busy machine
VARIANTS = 3  # of a question with parameters, with different values
CHILDREN = 4  # each takes one core and half a gigabyte
WORTH_A_CHILD = 8  # groups; torch's import costs as much as so many


@dataclass(frozen=True)
class Failure:
    """A claim that does not hold: ``path`` leads to it inside the item."""

    item: Item
    label: str
    path: tuple[str | int, ...]
    message: str


@dataclass
class _Group:
    """The claims of one variant of one question, and what came of them."""

    item: Item
    claims: list[Claim]
    failures: list[Failure]
    begun: int = 0  # claims that are done with

    def fail(self, claim: Claim, label: str, message: str) -> None:
        failure = Failure(self.item, label, _path(label, claim), message)
        if failure not in self.failures:  # a setup that fails does so before each claim
            self.failures.append(failure)


def prove(
    items: Sequence[Item],
    *,
    seconds: float = PROOF_SECONDS,
    children: int | None = None,
    proven: Proven | None = None,
    fresh: bool = False,
) -> list[Failure]:
    """Run every proof of these items.

    Args:
        items: the questions.
        seconds: time limit of one proof.
        children: how many processes; as many as there are cores, up to four, if not given.
        proven: what was proven before and need not run again; it learns what holds now.
        fresh: run what was proven before all the same.

    Returns:
        What does not hold, in the order of the items; empty if everything does.

    Raises:
        CourseError: if a process for proofs does not start.
    """
    groups = [group for item in items for group in groups_of(item)]
    known = proven if proven is not None and not fresh else None
    work = [group for group in groups if group.claims and not (known and known.holds(group.item, group.claims))]
    if work:
        most = children or min(CHILDREN, os.cpu_count() or 1)
        _share(deque(work), max(1, min(most, len(work) // WORTH_A_CHILD)), seconds)
    for group in work:
        if proven is not None and not group.failures:
            proven.add(group.item, group.claims)
    return [failure for group in groups for failure in group.failures]


def groups_of(item: Item) -> Iterator[_Group]:
    """The claims of a few variants: the canonical one, and others with different values."""
    seen: list[dict[str, Any]] = []
    for number in range(20):
        try:
            variant = draw(item, seed_for(number, "proof") if number else CANONICAL)
            if variant.values in seen:
                continue
            claims = item.claims(variant)
        except ValueError as error:
            yield _Group(item, [], [Failure(item, "variant", ("params",), str(error))])
            return
        seen.append(variant.values)
        said = ", ".join(f"{name}={value}" for name, value in variant.values.items())
        yield _Group(item, [_with_values(claim, said) for claim in claims], [])
        if len(seen) == VARIANTS:
            return


def _with_values(claim: Claim, said: str) -> Claim:
    label = f"{claim.label} with {said}" if said else claim.label
    return Claim(label, claim.code, claim.names, claim.path, claim.expectations)


def _share(waiting: deque[_Group], count: int, seconds: float) -> None:
    """Let ``count`` children take groups until none is left."""
    stop = threading.Event()
    with ThreadPoolExecutor(count) as threads:
        work = [threads.submit(_work, waiting, seconds, stop) for _ in range(count)]
        try:
            for one in work:
                one.result()
        except BaseException:  # also Ctrl+C: no child may outlive it
            stop.set()
            raise


def _work(waiting: deque[_Group], seconds: float, stop: threading.Event) -> None:
    """Take groups, with a new child wherever the last one had to be given up."""
    group: _Group | None = None
    while not stop.is_set():
        with _child() as child:
            child.wait_until_ready(stop)
            while not stop.is_set():
                if group is None:
                    try:
                        group = waiting.popleft()
                    except IndexError:
                        return
                if not _ask(child, group, seconds, stop):
                    break
                group = None
        if group is not None and group.begun == len(group.claims):
            group = None


def _ask(child: _Child, group: _Group, seconds: float, stop: threading.Event) -> bool:
    """Run a group's open claims; False where the child must be given up."""
    claims = group.claims[group.begun :]
    plain = [{"names": one.names, "code": one.code, "label": one.label, **_expected(one)} for one in claims]
    child.ask({"setup": group.item.setup, "claims": plain})
    for claim in claims:
        try:
            done = child.answer(seconds, stop) and child.answer(
                seconds, stop
            )  # it says that it begins, then the result
            said = "ended the process"
        except TimeoutError:
            done, said = None, f"did not end within {seconds:g} seconds"
        group.begun += 1
        if done is None:
            if not stop.is_set():
                group.fail(claim, claim.label, f"the proof {said}")
            return False
        for label, message in done["failures"]:
            group.fail(claim, label, message)
    return True


def _expected(claim: Claim) -> dict[str, Any]:
    return {"expectations": [asdict(one) for one in claim.expectations]}


def _path(label: str, claim: Claim) -> tuple[str | int, ...]:
    """Where the thing named by a label is written: ``option 2`` and ``slip 1`` are entries of lists."""
    words = label.split()
    lists = {"option": "options", "slip": "slips"}
    if len(words) >= 2 and words[0] in lists and words[1].isdecimal():
        return (lists[words[0]], int(words[1]) - 1)
    if words[0] == "answer":
        return ("answer",)
    return ("setup",) if words[0] == "setup" else claim.path


class _Child:
    """The prover as a process with a time limit on every answer."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._errors: deque[str] = deque(maxlen=20)
        for target in (self._listen, self._overhear):
            threading.Thread(target=target, daemon=True).start()

    def wait_until_ready(self, stop: threading.Event) -> None:
        try:
            ready = self.answer(START_SECONDS, stop)
        except TimeoutError:
            ready = None
        if ready is None and not stop.is_set():
            raise CourseError(f"The process for proofs did not start: {self._last_words()}. See: coursekit doctor")

    def ask(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message, default=str) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended; the missing answer says so

    def answer(self, seconds: float, stop: threading.Event) -> dict[str, Any] | None:
        """The next line of the child, None where it has ended; TimeoutError where it says nothing for so long."""
        left = seconds
        while not stop.is_set():
            try:
                line = self._answers.get(timeout=min(left, 0.5))
            except queue.Empty:
                left -= 0.5
                if left <= 0:
                    raise TimeoutError from None
            else:
                return None if line is None else json.loads(line)
        return None

    def _last_words(self) -> str:
        words = [line.strip() for line in self._errors if line.strip()]
        return words[-1] if words else "no message"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _overhear(self) -> None:
        assert self._process.stderr is not None
        self._errors.extend(self._process.stderr)


@contextmanager
def _child() -> Iterator[_Child]:
    world = {**os.environ, "COURSEKIT_OFFLINE": "1", "PYTHONWARNINGS": "ignore", "PYTHONIOENCODING": "utf-8"}
    world |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "coursekit.quiz.prover"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=world,
    )
    try:
        yield _Child(process)
    finally:
        process.kill()
        process.wait()
