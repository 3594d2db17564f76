"""Proofs do not disturb each other, run beside each other, and are not run again while nothing changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.quiz import proofs, proven
from coursekit.quiz.bank import Bank
from coursekit.quiz.proofs import groups_of, prove
from coursekit.quiz.proven import Proven

from .conftest import CHOICE, NUMBER

PLAIN = CHOICE.replace("    params: {n: [3, 5, 7]}\n", "    params: {n: [3]}\n")
REASON = ", because: it is, source: code"


def with_proofs(name: str, setup: str, first: str, second: str) -> str:
    """A question with a setup, whose first two options have proofs."""
    text = PLAIN.replace("01-which", name).replace("    options:", f"    setup: {json.dumps(setup)}\n    options:")
    text = text.replace(REASON, f", proof: {json.dumps(first)}", 1)
    return text.replace(",\n         because: it is, source: code", f", proof: {json.dumps(second)}", 1)


HARM = {
    # the first option's proof changes something that the second one must find as the setup left it
    "a model": (
        "import torch\nmodel = torch.nn.Linear(2, 2)\nstart = model.weight.clone().detach()\ndef seen(): return model",
        "model.weight.data.zero_(); model.eval(); model.head = 1",
        "assert torch.equal(seen().weight, start) and seen().training and not hasattr(model, 'head')",
    ),
    "a list behind a function": (
        "kept = [1]\ndef grow(): kept.append(2); return kept",
        "assert grow() == [1, 2]",
        "assert grow() == [1, 2]",
    ),
    "a file": (
        "import tempfile, pathlib\nfolder = pathlib.Path(tempfile.mkdtemp())",
        "(folder / 'x').write_text('1')",
        "assert not (folder / 'x').exists()",
    ),
    "what cannot be copied": (
        "numbers = (n for n in [1, 2])",
        "assert list(numbers) == [1, 2]",
        "assert list(numbers) == [1, 2]",
    ),
    "the random numbers": (
        "import torch, random\nfirst = torch.rand(1).item()",
        "second = torch.rand(1).item(), random.random()\nassert second[0] != first",
        "import pathlib, torch, random\ntorch.manual_seed(0); random.seed(0); torch.rand(1)\n"
        "expected = torch.rand(1).item(), random.random()\ntorch.manual_seed(0); random.seed(0); torch.rand(1)\n"
        "assert (torch.rand(1).item(), random.random()) == expected",
    ),
    "torch's own settings": (
        "import torch",
        "torch.set_grad_enabled(False); torch.set_default_dtype(torch.float64)",
        "assert torch.is_grad_enabled() and torch.get_default_dtype() is torch.float32",
    ),
    "a setting of the setup": (
        "import torch\ntorch.set_grad_enabled(False)",
        "assert not torch.is_grad_enabled()",
        "assert not torch.is_grad_enabled()",
    ),
    "the environment": (
        "import os",
        "os.environ['COURSEKIT_TRIED'] = '1'; os.chdir('/')",
        "assert 'COURSEKIT_TRIED' not in os.environ and os.getcwd() != '/'",
    ),
    "a name of one option": ("said = OPTION", "assert said == 'the right one'", "assert said == 'the 3 one'"),
    "its input": ("import sys", "assert sys.stdin.read() == ''", "pass"),
}


@pytest.mark.slow
def test_what_one_proof_changes_the_next_does_not_see(bank_of: Callable[..., Bank]) -> None:
    items = [with_proofs(f"01-harm-{number}", *parts) for number, parts in enumerate(HARM.values())]
    failures = prove(bank_of(*items).items, seconds=30, children=1)
    names = list(HARM)
    assert [f"{names[int(one.item.id[8:])]}, {one.label}: {one.message}" for one in failures] == []


@pytest.mark.slow
def test_a_setup_that_fails_is_told_once_and_in_the_order_of_the_bank(bank_of: Callable[..., Bank]) -> None:
    """Two processes share the questions; failures come in the order of the bank, whichever is quicker."""
    setups = ["x = 1", "1 / 0"] * 9
    broken = [with_proofs(f"01-broken-{n}", setup, "assert x == 2, x", "pass") for n, setup in enumerate(setups)]
    failures = prove(bank_of(*broken).items, seconds=30, children=2)
    told = [(one.item.id, one.label.split(" with ")[0], one.path) for one in failures]
    expected = [
        (f"01-broken-{n}", *(("setup", ("setup",)) if n % 2 else ("option 1", ("options", 0)))) for n in range(18)
    ]
    assert told == expected


@pytest.mark.slow
def test_what_was_proven_is_not_run_again_until_something_changes(
    bank_of: Callable[..., Bank], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = bank_of(NUMBER, NUMBER.replace("01-double", "01-false").replace("n + n", "n + n + 1")).items
    known = Proven(tmp_path / "proven.json")
    first = prove(items, proven=known)
    assert {one.item.id for one in first} == {"01-false"}
    known.save()

    ran: list[str] = []
    monkeypatch.setattr(proofs, "_share", lambda groups, *_: ran.extend(group.item.id for group in groups))
    prove(items, proven=Proven(tmp_path / "proven.json"))
    assert set(ran) == {"01-false"}  # what failed is run again
    ran.clear()
    prove(items, proven=Proven(tmp_path / "proven.json"), fresh=True)
    assert set(ran) == {"01-double", "01-false"}
    ran.clear()
    prove(bank_of(NUMBER.replace("n + n", "2 * n")).items, proven=Proven(tmp_path / "proven.json"))
    assert set(ran) == {"01-double"}  # its proof is another one


def test_another_version_of_anything_makes_another_digest(
    bank_of: Callable[..., Bank], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = next(groups_of(bank_of(NUMBER).items[0]))
    before = proven.digest(group.item, group.claims)
    assert proven.digest(group.item, group.claims) == before
    monkeypatch.setattr(proven, "version", lambda name: "9.9")
    proven._world.cache_clear()
    assert proven.digest(group.item, group.claims) != before
    monkeypatch.undo()
    proven._world.cache_clear()
    assert proven.digest(group.item, group.claims) == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": "b"}', "\x00", "null"])
def test_a_damaged_memory_is_an_empty_one(tmp_path: Path, content: str) -> None:
    file = tmp_path / "proven.json"
    file.write_text(content, encoding="utf-8")
    known = Proven(file)
    assert not known.knows("a")
    known.learn("a")
    known.save()
    assert Proven(file).knows("a")


def test_a_memory_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be", encoding="utf-8")
    known = Proven(tmp_path / "taken" / "proven.json")
    known.learn("a")
    known.save()


def test_what_nobody_asked_for_in_months_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "proven.json"
    known = Proven(file)
    known.learn("new")
    known._days["old"] = known._today - proven.DAYS - 1
    known.save()
    assert Proven(file).knows("new")
    assert not Proven(file).knows("old")
