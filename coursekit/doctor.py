"""What works on this machine and what does not, each with the mend: ``coursekit doctor``."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from coursekit.errors import CourseError
from coursekit.paths import content_dir, home_dir, offline

State = Literal["ok", "warning", "missing"]
REINSTALL = "Run `python3 course.py` in the checkout again, or install coursekit again."
OLDEST_PYTHON = (3, 11)
ROOM = 1e9  # bytes; below it a warning
LEAST_ROOM = 1e8  # bytes; below it a workspace cannot be kept
PATIENCE = 2.0  # seconds for a server to answer
IMPORT_SECONDS = 180  # a cold disk and a virus scanner make the first import of torch slow


@dataclass(frozen=True)
class Finding:
    """One part of this machine. ``missing``: a learner cannot do without; ``warning``: something is left out."""

    part: str
    state: State
    detail: str
    mend: str = ""


def examine(workspace: Path = Path("~/coursekit")) -> list[Finding]:
    """Look at every part the course stands on. Changes nothing; never raises for what it finds.

    Args:
        workspace: the learner's folder, as ``coursekit lab`` takes it.
    """
    places = {"State": home_dir(), "Workspace": workspace.expanduser()}
    looks: list[Callable[[], Iterator[Finding]]] = [
        _python,
        _packages,
        _torch,
        _content,
        *(lambda part=part, folder=folder: _folder(part, folder) for part, folder in places.items()),
        _jupyterlab,
        _kernels,
        _nbgrader,
        _chromium,
        _bubblewrap,
        _network,
    ]
    findings: list[Finding] = []
    for look in looks:
        try:
            findings += look()
        except Exception as error:  # one part that is broken in a new way must not hide the others
            part = getattr(look, "__name__", "?").strip("_<>").capitalize()
            findings.append(
                Finding(part, "missing", f"looking at it failed: {type(error).__name__}: {error}", REINSTALL)
            )
    return findings


def show(findings: list[Finding], *, as_json: bool = False) -> int:
    """Print the findings; returns 1 if something is missing that a learner needs, else 0."""
    status = int(any(finding.state == "missing" for finding in findings))
    if as_json:
        print(json.dumps({"ok": status == 0, "findings": [asdict(finding) for finding in findings]}, indent=2))
        return status
    width = max((len(finding.part) for finding in findings), default=0)
    for finding in findings:
        print(f"{finding.state:<8} {finding.part:<{width}}  {finding.detail}")
        if finding.mend:
            print(f"{'':<8} {'':<{width}}  mend: {finding.mend}")
    wanting = [finding.part for finding in findings if finding.state == "missing"]
    print(f"\nMissing: {', '.join(wanting)}." if wanting else "\nEverything that a learner needs is here.")
    return status


def _python() -> Iterator[Finding]:
    seen = f"{platform.python_version()}, {sys.executable}"
    old = sys.version_info < OLDEST_PYTHON
    yield Finding("Python", "missing" if old else "ok", seen, "Install Python 3.11 or newer." if old else "")


def _packages() -> Iterator[Finding]:
    """Is every package that coursekit declares here, at a version that it accepts?"""
    from packaging.requirements import Requirement

    wrong = []
    declared = [Requirement(text) for text in metadata.requires("coursekit") or []]
    needed = [one for one in declared if one.marker is None or one.marker.evaluate({"extra": ""})]
    for requirement in needed:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is not installed")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, expected {requirement.specifier}")
    if wrong:
        yield Finding("Packages", "missing", "; ".join(wrong), REINSTALL)
    else:
        yield Finding("Packages", "ok", f"all {len(needed)} that coursekit {metadata.version('coursekit')} declares")


def _torch() -> Iterator[Finding]:
    """torch, torchvision, the device and the weights, as another process sees them: torch can kill the one it is in."""
    command = [sys.executable, "-c", "from coursekit.doctor import _report_torch; _report_torch()"]
    try:
        outcome = subprocess.run(command, capture_output=True, text=True, timeout=IMPORT_SECONDS)
    except subprocess.TimeoutExpired:
        detail = f"importing torch took more than {IMPORT_SECONDS} seconds"
        yield Finding("PyTorch", "missing", detail, "Look at the disk's and the memory's load, then try again.")
        return
    lines = [line for line in outcome.stdout.splitlines() if line.startswith("{")]
    yield from (Finding(**json.loads(line)) for line in lines)
    if outcome.returncode != 0:
        part = ("PyTorch", "torchvision", "Device", "Weights")[min(len(lines), 3)]
        yield _why_torch_failed(part, outcome.returncode, outcome.stderr)


def _why_torch_failed(part: str, status: int, stderr: str) -> Finding:
    """A finding for a process that ended while it looked at ``part``."""
    last = next((line for line in reversed(stderr.splitlines()) if line.strip()), f"exit status {status}")
    if status in (-4, 132, 0xC000001D, 0xC000001D - 2**32):  # SIGILL; STATUS_ILLEGAL_INSTRUCTION
        return Finding(
            part,
            "missing",
            "importing it stops at an illegal instruction: this processor has no AVX, or a virtual machine hides it",
            "Let the virtual machine pass the host's processor through, or use another machine or Binder.",
        )
    if "operator torchvision::nms does not exist" in stderr:
        detail = f"torch {_version('torch')} and torchvision {_version('torchvision')} are not a pair"
        return Finding(part, "missing", detail, f"Install both from one place. {REINSTALL}")
    if status < 0:
        return Finding(
            part, "missing", f"the process was killed by signal {-status}", "Look at the memory that is free."
        )
    return Finding(part, "missing", last, REINSTALL)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(none)"


def _report_torch() -> None:
    """Runs in a process of its own and prints one finding a line, each as soon as it is known."""

    def tell(part: str, state: State, detail: str, mend: str = "") -> None:
        print(json.dumps(asdict(Finding(part, state, detail, mend))), flush=True)

    import torch

    tell("PyTorch", "ok", torch.__version__)
    import torchvision

    tell("torchvision", "ok", torchvision.__version__)
    tell("Device", "ok", _device(torch))
    from coursekit.models import choice, course

    try:
        course.ResNet18_CourseWeights.SHAPES1K_V1.get_state_dict()
        plan = choice.examine("resnet18")
    except CourseError as error:
        tell("Weights", "missing", str(error), REINSTALL)
    else:
        tell("Weights", "ok", f"{plan.weights} ({plan.source}): {plan.reason}; the course's own pass their hash check")


def _device(torch: Any) -> str:
    cores = f"{os.cpu_count()} cores, {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        return f"cuda: {torch.cuda.get_device_name(0)}; {cores}"
    if torch.backends.mps.is_available():
        return f"mps; {cores}"
    return f"cpu: {cores}; the lessons are made for it"


def _content() -> Iterator[Finding]:
    folder = content_dir()
    notebooks, banks = list(folder.glob("notebooks/*/*.ipynb")), list(folder.glob("quizzes/*.yml"))
    detail = f"{len(notebooks)} notebooks and {len(banks)} question banks in {folder}"
    if notebooks and banks:
        yield Finding("Lessons", "ok", detail)
    else:
        yield Finding("Lessons", "missing", detail, REINSTALL)


def _folder(part: str, folder: Path) -> Iterator[Finding]:
    """Can this folder be written, or made where it is not there yet; and has its disk room?"""
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    mend = (
        "Set COURSEKIT_HOME to a folder of yours."
        if part == "State"
        else "Choose a folder of yours with `coursekit lab --workspace FOLDER`."
    )
    try:
        with tempfile.TemporaryFile(dir=nearest) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
    except OSError as error:
        yield Finding(part, "missing", f"{folder} cannot be written ({error.strerror})", mend)
        return
    free = shutil.disk_usage(nearest).free
    detail = f"{folder}, {'there' if folder.exists() else 'not there yet'}, {free / 1e9:.1f} GB free"
    if free >= ROOM:
        yield Finding(part, "ok", detail)
    else:
        yield Finding(part, "missing" if free < LEAST_ROOM else "warning", detail, f"Free some disk space. Or: {mend}")


def _jupyterlab() -> Iterator[Finding]:
    """Is JupyterLab here, and the ``python3`` kernel that notebooks start?"""
    if importlib.util.find_spec("jupyterlab") is None:
        yield Finding("JupyterLab", "missing", "not installed", REINSTALL)
        return
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding("JupyterLab", "missing", f"{_version('jupyterlab')}, but no python3 kernel", REINSTALL)
        return
    plain_python = re.fullmatch(r"python[\d.]*", spec.argv[0])  # jupyter_client puts its own interpreter there
    if not plain_python and shutil.which(spec.argv[0]) is None:
        detail = f"{_version('jupyterlab')}; its python3 kernel starts {spec.argv[0]}, which is not there"
        yield Finding("JupyterLab", "missing", detail, "Run: python -m ipykernel install --sys-prefix")
    else:
        yield Finding("JupyterLab", "ok", f"{_version('jupyterlab')}; python3 kernel in {spec.resource_dir}")


def _kernels() -> Iterator[Finding]:
    """How ``coursekit lab`` starts kernels here."""
    names = {one.name for one in metadata.entry_points(group="jupyter_client.kernel_provisioners")}
    if not sys.platform.startswith("linux"):
        yield Finding("Kernels", "ok", "start as usual; they are forked from a warm one on Linux only")
    elif "coursekit-warm" not in names:
        yield Finding("Kernels", "warning", "start as usual: the warm provisioner is not registered", REINSTALL)
    else:
        chosen = os.environ.get("JUPYTER_DEFAULT_PROVISIONER_NAME", "coursekit-warm")
        yield Finding("Kernels", "ok", f"coursekit lab starts them with {chosen!r}")


def _nbgrader() -> Iterator[Finding]:
    here = importlib.util.find_spec("nbgrader") is not None
    yield Finding("nbgrader", "ok" if here else "missing", _version("nbgrader"), "" if here else REINSTALL)


def _chromium() -> Iterator[Finding]:
    path = shutil.which("chromium")
    if path is None:
        mend = "Only the browser tests need it. On Debian or Ubuntu: sudo apt install chromium"
        yield Finding("Chromium", "warning", "not on the path", mend)
    else:
        yield Finding("Chromium", "ok", path)


def _bubblewrap() -> Iterator[Finding]:
    """Not only is it here: may it make a namespace?"""
    path = shutil.which("bwrap")
    if path is None:
        where = (
            "On Debian or Ubuntu: sudo apt install bubblewrap"
            if sys.platform == "linux"
            else "It exists on Linux only."
        )
        yield Finding("bubblewrap", "warning", "not on the path", f"Only the tests without network need it. {where}")
        return
    command = [path, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "true"]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=30)
    if outcome.returncode == 0:
        yield Finding("bubblewrap", "ok", f"{path}; it makes a sandbox")
    else:
        reason = re.sub(r"\s+", " ", outcome.stderr).strip()
        mend = "This system restricts user namespaces; ask whoever runs it for `kernel.unprivileged_userns_clone=1`."
        yield Finding("bubblewrap", "warning", f"{path} may not make a sandbox here ({reason})", mend)


def _network() -> Iterator[Finding]:
    """Can the server of torchvision's weights be reached? The course works without it."""
    if offline():
        yield Finding("Network", "ok", "not used: COURSEKIT_OFFLINE is set")
        return
    import httpx

    server = "https://download.pytorch.org/"
    try:
        status = httpx.head(server, timeout=PATIENCE, follow_redirects=True).status_code
    except httpx.HTTPError as error:
        detail = f"{server} cannot be reached ({type(error).__name__})"
        yield Finding("Network", "warning", detail, "None needed: the lessons use the course's own weights.")
    else:
        yield Finding("Network", "ok", f"{server} answered {status}")
