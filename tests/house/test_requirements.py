"""pyproject.toml, environment.yml and the two locks say the same, and nothing is asked for that is not used."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

CHECKOUT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES: list[str] = PROJECT["project"]["dependencies"]
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
LAUNCHER: list[str] = PROJECT["dependency-groups"]["launcher"]

# Import names that differ from the package's, and packages that are used without an import.
IMPORTED_AS = {"pyyaml": "yaml", "scikit-image": "skimage", "scikit-learn": "sklearn", "pillow": "PIL"}
IMPORTED_AS |= {"ipython": "IPython", "markdown-it-py": "markdown_it"}
COMES_WITH = {"cycler": "matplotlib"}  # a part of the other, in a package of its own
NOT_IMPORTED = {
    "ipykernel": "every notebook's kernel",
    "ipywidgets": "JupyterLab's side of anywidget",
    "pycocotools": "torchmetrics' mean average precision, lesson 08",
    "torchmetrics": "lessons 05 to 08 measure with it",
}


def pins(name: str) -> dict[str, list[tuple[Requirement, str]]]:
    """A lock's blocks by package: what is pinned, and the hashes as text. Several, for different Pythons or systems."""
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", "\n" + re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    found: dict[str, list[tuple[Requirement, str]]] = {}
    for block in blocks[1:]:
        head, _, hashes = block.partition(" \\\n")
        requirement = Requirement(head)
        found.setdefault(canonicalize_name(requirement.name), []).append((requirement, hashes.strip()))
    return found


LEARNER, EVERYTHING = pins("requirements.lock"), pins("requirements-test.lock")


def pinned_version(requirement: Requirement) -> Version:
    (specifier,) = requirement.specifier
    assert specifier.operator == "==", f"{requirement} is not exact"
    return Version(specifier.version)


def test_environment_yml_asks_for_what_pyproject_asks_for() -> None:
    *conda, pip = yaml.safe_load((CHECKOUT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert [line for line in pip["pip"] if not line.startswith("--")] == DEPENDENCIES
    python = next(line for line in conda if line.startswith("python="))
    assert Requirement(f"python{PROJECT['project']['requires-python']}").specifier.contains(python.partition("=")[2])


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", [*DEPENDENCIES, *LAUNCHER]),
        ("requirements-test.lock", [*DEPENDENCIES, *LAUNCHER, *(one for extra in EXTRAS.values() for one in extra)]),
    ],
)
def test_the_lock_holds_every_requirement_at_a_version_that_satisfies_it(lock: str, wanted: list[str]) -> None:
    held = pins(lock)
    for text in wanted:
        requirement = Requirement(text)
        if requirement.name == "coursekit":  # an extra that is made of others
            assert requirement.extras <= EXTRAS.keys()
            continue
        for pin, _ in held[canonicalize_name(requirement.name)]:
            assert requirement.specifier.contains(pinned_version(pin)), f"{lock} has {pin}, pyproject.toml asks {text}"


def test_what_a_learner_gets_is_part_of_what_the_tests_get() -> None:
    """Same versions, same hashes: what is tested is what is handed out. (The tests' tools may widen a marker.)"""

    def wheels(blocks: list[tuple[Requirement, str]]) -> list[tuple[str, str, str]]:
        return [(one.name, str(one.specifier), hashes) for one, hashes in blocks]

    for name, blocks in LEARNER.items():
        assert wheels(EVERYTHING[name]) == wheels(blocks)
    assert len(EVERYTHING) > len(LEARNER)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_has_pins_and_hashes_and_no_word_of_where_it_was_made(lock: str) -> None:
    text = (CHECKOUT / lock).read_text(encoding="utf-8")
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|    # .*", line), line
    assert "://" not in text
    assert not re.search(r"#.*(/|\.(com|org|net|io)\b)", text)
    for blocks in pins(lock).values():
        for requirement, hashes in blocks:
            pinned_version(requirement)
            assert "--hash=sha256:" in hashes, f"{requirement} has no hash"


def requirements_of(name: str, extras: Iterable[str]) -> Iterator[Requirement]:
    for text in metadata.requires(name) or []:
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def test_the_lock_is_the_closure_of_the_requirements_and_is_what_is_installed() -> None:
    """Following what installed packages declare reaches the lock's packages: none too few, none too many."""
    waiting = [Requirement(f"coursekit[{','.join(EXTRAS)}]"), *map(Requirement, LAUNCHER)]
    seen: set[str] = set()
    reached: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        try:
            waiting += requirements_of(requirement.name, requirement.extras)
        except metadata.PackageNotFoundError:
            continue  # compared below: the lock may have it for other systems only
        reached.add(canonicalize_name(requirement.name))
    reached.discard("coursekit")
    here = {
        name: pinned_version(pin)
        for name, blocks in EVERYTHING.items()
        for pin, _ in blocks
        if pin.marker is None or pin.marker.evaluate({"extra": ""})
    }
    if "+cpu" in metadata.version("torch"):
        here = {name: one for name, one in here.items() if not re.match("(nvidia|cuda)-|triton$", name)}
    assert {name: Version(metadata.version(name)).public for name in reached} == {k: str(v) for k, v in here.items()}


def imports_of(paths: Iterable[Path]) -> set[str]:
    """Top-level names that are imported in these Python files and notebooks."""
    found: set[str] = set()
    for path in paths:
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            cells = [cell for cell in json.loads(source)["cells"] if cell["cell_type"] == "code"]
            source = "\n".join(re.sub(r"^[%!].*", "", "".join(cell["source"]), flags=re.MULTILINE) for cell in cells)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(str(node.module).partition(".")[0])
    found = {COMES_WITH.get(name, name) for name in found}
    return found - set(sys.stdlib_module_names) - {"coursekit", "tests"}


def import_name(requirement: str) -> str:
    name = canonicalize_name(Requirement(requirement).name)
    return IMPORTED_AS.get(name, name.replace("-", "_"))


@cache
def used() -> set[str]:
    """What the package and the notebooks import."""
    return imports_of([*CHECKOUT.glob("coursekit/**/*.py"), *CHECKOUT.glob("notebooks/**/*.ipynb")])


def test_everything_that_the_package_imports_is_declared() -> None:
    declared = {import_name(one) for one in DEPENDENCIES}
    optional = {import_name(one) for extra in ("instructor", "author", "scale") for one in EXTRAS[extra]}
    assert used() <= declared | optional, f"not in pyproject.toml: {sorted(used() - declared - optional)}"


def test_every_dependency_is_used() -> None:
    unused = {canonicalize_name(Requirement(one).name) for one in DEPENDENCIES if import_name(one) not in used()}
    assert unused <= NOT_IMPORTED.keys(), f"declared and not used: {sorted(unused - NOT_IMPORTED.keys())}"
