#!/usr/bin/env python3
"""Starts the course: makes .venv beside this file, installs what the course needs, hands over to `coursekit`.

    python3 course.py [--torch auto|cpu|default] [--all] [COMMAND ...]

    python3 course.py                  the same as: python3 course.py lab
    python3 course.py lab              open JupyterLab on the course
    python3 course.py doctor           say what works here and what does not
    python3 course.py test [--fast]    test the project; further arguments go to pytest
    python3 course.py COMMAND --help   any other command of `coursekit`

--torch   which PyTorch to install on Linux. `cpu`: without CUDA, from PyTorch's own index of CPU wheels. `default`:
          with CUDA, several gigabytes more. `auto`: cpu where no NVIDIA GPU is seen and that index answers.
--all     install the tools of instructors, authors and tests too. `test` does so by itself.
"""

# Python's standard library alone, and nothing that Python 3.6 cannot parse: an old Python must get as far as the next
# lines and be told so.
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"course.py: the course needs Python 3.11 or newer; this is Python {sys.version_info[0]}.{sys.version_info[1]} "
        f"({sys.executable}). Install a newer one (python.org, or your system's packages) and start with it, "
        "for example: python3.12 course.py lab"
    )

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CPU_INDEX = os.environ.get("COURSEKIT_TORCH_INDEX", "https://download.pytorch.org/whl/cpu")
CPU_INDEX_PATIENCE = 2.0  # seconds, for the name, the connection and the answer together
CUDA_ONLY = re.compile(r"(torch|torchvision|triton)$|(nvidia|cuda)-")  # left out of the lock for the CPU build
DISK_NEEDED = {"cpu": 2.5e9, "default": 7.5e9 if sys.platform == "linux" else 2.5e9}  # bytes, with room to unpack
# Settings of other projects, which would bend exact versions or send them elsewhere.
FOREIGN_PIP = ("TARGET", "PREFIX", "ROOT", "REQUIREMENT", "NO_BINARY", "EDITABLE", "DRY_RUN")
FOREIGN_UV = ("CONSTRAINT", "OVERRIDE", "EXCLUDE_NEWER", "SYSTEM_PYTHON", "NO_BINARY", "TARGET", "PREFIX", "PYTHON")
FOREIGN = {"PYTHONPATH", "PYTHONHOME", *(f"PIP_{name}" for name in FOREIGN_PIP), *(f"UV_{name}" for name in FOREIGN_UV)}


class StartError(Exception):
    """What went wrong and what to do, in one sentence or two."""


class CpuIndexError(StartError):
    """The index of CPU wheels answered, and did not deliver."""


class Environment:
    """The folder .venv of a checkout, and the note in it that says what is installed.

    The note (``course-installed.json``) is written last. ``course-installing`` is there from the first moment to the
    last: found at a start, it tells of an install that was cut off, and the folder is made anew.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.programs = self.folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.programs / ("python.exe" if os.name == "nt" else "python")
        self.note = self.folder / "course-installed.json"
        self.unfinished = self.folder / "course-installing"

    def digest(self) -> str:
        """One number for everything that decides what is installed."""
        total = hashlib.sha256()
        for name in ("requirements.lock", "requirements-test.lock", "pyproject.toml"):
            total.update((self.root / name).read_bytes())
        return total.hexdigest()

    def version(self) -> str:
        """The Python of the environment, as ``3.12``."""
        found = re.search(r"^version\w* *= *(\d+\.\d+)", (self.folder / "pyvenv.cfg").read_text(), re.MULTILINE)
        return found[1] if found else ""

    def installed(self) -> dict[str, str]:
        """The note; empty if there is none, or none that can be trusted."""
        if self.unfinished.exists() or not self.python.exists():
            return {}
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
            # In a moved checkout, or over another Python, the paths inside are wrong.
            trusted = note["root"] == str(self.root) and note["python"] == self.version()
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return note if trusted else {}

    def fits(self, everything: bool, torch: str) -> bool:
        """Is what is installed what is asked for?"""
        note = self.installed()
        return (
            note.get("digest") == self.digest()
            and (note.get("set") == "test" or not everything)
            and torch in ("auto", note.get("torch"))
        )


# --- what to install, as commands -------------------------------------------------------------------------------------


def find_uv() -> str | None:
    """The path of a uv that runs."""
    uv = shutil.which("uv")
    try:
        works = uv is not None and subprocess.run([uv, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        works = False
    return uv if works else None


def has_nvidia_gpu() -> bool:
    """Is there a sign of an NVIDIA driver?"""
    signs = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/nvidia0", "/usr/lib/wsl/lib/nvidia-smi")
    return any(os.path.exists(sign) for sign in signs) or shutil.which("nvidia-smi") is not None


def answers(index: str, patience: float = CPU_INDEX_PATIENCE) -> bool:
    """Does this package index answer for ``torch`` within ``patience`` seconds?"""
    import threading
    import urllib.request

    good = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(index.rstrip("/") + "/torch/", method="HEAD")
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(request, timeout=patience) as answer:
            if answer.status == 200:
                good.set()

    # A thread, since no timeout of the standard library bounds the look-up of a name.
    threading.Thread(target=ask, daemon=True).start()
    return good.wait(patience)


def choose_torch(asked: str) -> str:
    """``cpu`` or ``default``: the build of PyTorch to install."""
    if asked != "auto":
        return asked
    worth_asking = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64") and not has_nvidia_gpu()
    return "cpu" if worth_asking and not offline() and answers(CPU_INDEX) else "default"


def offline() -> bool:
    return os.environ.get("COURSEKIT_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def split_lock(text: str) -> tuple[str, list[str]]:
    """The lock without what only CUDA needs, and the pins of torch and torchvision (``["torch==2.15.0", ...]``)."""
    kept, pins, keep = [], [], True
    for line in text.splitlines(keepends=True):
        requirement = re.match(r"([A-Za-z0-9_.-]+)==([^\s;]+)", line)
        if requirement:
            keep = not CUDA_ONLY.match(requirement[1])
            if requirement[1] in ("torch", "torchvision"):
                pins.append(requirement[0])
        if keep:
            kept.append(line)
    return "".join(kept), pins


def plan_install(env: Environment, uv: str | None, lock: Path, torch_pins: list[str]) -> list[list[str]]:
    """The commands that fill the environment, in order. With ``torch_pins``, those come from the index of CPU wheels.

    Versions are exact and nothing is resolved (``--no-deps``: the lock is complete). What comes from the lock must have
    the lock's hashes and be a wheel. The wheels of the CPU index have other hashes than the lock's; their index
    states them.
    """
    python = str(env.python)
    pip = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install", "--no-input"]
    wheels = ["--no-build"] if uv else ["--only-binary", ":all:"]
    nowhere = (["--offline"] if uv else ["--no-index"]) if offline() else []
    plan = []
    if torch_pins:
        index = ["--default-index" if uv else "--index-url", CPU_INDEX]
        plan.append([*pip, "--no-deps", *wheels, *nowhere, *index, *(pin + "+cpu" for pin in torch_pins)])
    plan.append([*pip, "--no-deps", *wheels, *nowhere, "--require-hashes", "-r", str(lock)])
    # The lock holds hatchling, so that linking the checkout itself fetches nothing.
    plan.append([*pip, "--no-deps", *nowhere, "--no-build-isolation", "-e", str(env.root)])
    return plan


# --- doing it ---------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print("course.py: " + text, file=sys.stderr, flush=True)


def install_settings(env: Environment) -> dict[str, str]:
    """The variables for pip and uv: the user's own (index, proxy, certificates), less what bends exact versions."""
    settings = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    nothing = env.folder / "no-constraints.txt"
    nothing.write_text("")
    settings.update(PIP_CONSTRAINT=str(nothing), PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
    settings.setdefault("PIP_DEFAULT_TIMEOUT", "60")
    settings.setdefault("UV_HTTP_TIMEOUT", "60")
    return settings


def explain(output: str, command: list[str]) -> StartError:
    """One clear sentence for the known ways in which an install fails."""

    def seen(*patterns: str) -> bool:
        return re.search("|".join(patterns), output, re.IGNORECASE) is not None

    again = "Then start the same command again; it goes on from there."
    if seen("no space left", r"errno 28\b", r"os error 28\b", "not enough space on the disk", "disk quota exceeded"):
        return StartError(f"The disk is full. Free some space where {ROOT} and your package cache lie. {again}")
    if seen("do not match the hashes", "hash mismatch"):
        return StartError(
            "A downloaded package is not the one that the lock names (its hash differs), so it was not installed. "
            "A proxy may have altered it: try another network, or ask whoever runs this one."
        )
    if seen("ensurepip", "python3-venv"):
        return StartError(
            f"This Python ({sys.executable}) cannot make environments. On Debian or Ubuntu run "
            f"`sudo apt install python3-venv`, or install uv. {again}"
        )
    if seen("certificate", "sslerror"):
        return StartError(
            f"The package index's certificate is not trusted here. Set SSL_CERT_FILE to your own. {again}"
        )
    network = (
        *("name resolution", "dns error", "getaddrinfo", "unreachable", "timed out", "max retries", "proxyerror"),
        *("new connection", "connection (refused|reset|aborted|broken|error)", "error sending request"),
        *("network connectivity is disabled", "failed to fetch", "incompleteread"),
    )
    if offline() and seen("no matching distribution", "could not find a version", *network):
        return StartError(
            "COURSEKIT_OFFLINE=1 forbids the download that a first start needs. Unset it once, with a network."
        )
    if seen(*network):
        return StartError(f"The package index cannot be reached. Connect to a network, or set your proxy. {again}")
    if seen("no matching distribution", "could not find a version", "no wheels with", "has no (usable )?wheels"):
        return StartError(
            f"A package has no build for this Python ({platform.python_version()}, {platform.machine()}). "
            "Start with Python 3.12 or 3.13, for example: python3.12 course.py lab"
        )
    return StartError(f"The install failed; the lines above say why. The command was: {' '.join(command)}")


def run(command: list[str], settings: dict[str, str]) -> None:
    """One step, its progress on the screen; once more if it fails, for networks that fail now and then."""
    if subprocess.run(command, env=settings).returncode == 0:
        return
    say("That failed. Trying once more.")
    again = subprocess.Popen(command, env=settings, stderr=subprocess.PIPE, text=True, errors="replace")
    assert again.stderr is not None
    lines = []
    for line in again.stderr:
        sys.stderr.write(line)
        lines.append(line)
    if again.wait() != 0:
        raise explain("".join(lines), command)


@contextlib.contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Keeps a second course.py from installing into the same folder; ends with this process, however it ends."""
    with open(root / ".venv.lock", "a+b") as lock:
        try:
            if sys.platform == "win32":
                import msvcrt

                lock.seek(0)
                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError("Another course.py is installing here at this moment. Wait until it is done.") from None
        yield


def make_environment(env: Environment, uv: str | None) -> None:
    """An empty environment. One that was cut off is removed first; one that somebody else made is kept and used."""
    works = env.python.exists() and (uv or subprocess.run([env.python, "-c", "import pip"]).returncode == 0)
    if env.folder.exists() and (env.unfinished.exists() or env.note.exists() or not works):
        shutil.rmtree(env.folder)
    if env.folder.exists():
        return
    env.folder.mkdir()
    env.unfinished.touch()
    base = getattr(sys, "_base_executable", None) or sys.executable
    command = [uv, "venv", "--quiet", "--allow-existing", "--python", base] if uv else [base, "-m", "venv"]
    made = subprocess.run([*command, str(env.folder)], capture_output=True, text=True, env=install_settings(env))
    if made.returncode != 0:
        sys.stderr.write(made.stdout + made.stderr)
        raise explain(made.stdout + made.stderr, command)


def install(env: Environment, everything: bool, torch: str) -> None:
    """Brings the environment to the lock's state."""
    before = env.installed()
    everything = everything or before.get("set") == "test"
    build = before["torch"] if before and torch == "auto" else choose_torch(torch)
    try:
        fill(env, everything, build)
    except CpuIndexError as error:
        if torch != "auto":
            raise
        say(f"{error} Going on with the default PyTorch.")
        fill(env, everything, "default")


def fill(env: Environment, everything: bool, build: str) -> None:
    """Makes the environment if there is none of this build, installs into it, and writes the note last."""
    update = env.installed().get("torch") == build
    need, free = DISK_NEEDED[build] * (0.25 if update else 1), shutil.disk_usage(env.root).free
    if free < need:
        raise StartError(
            f"The disk is too full: {env.root} needs {need / 1e9:.1f} GB and has {free / 1e9:.1f} GB free."
        )
    uv = find_uv()
    big = build == "default" and sys.platform == "linux"
    size = "about 3 GB (CUDA libraries are most of it): 5 to 15 minutes" if big else "about 0.5 GB: 1 to 5 minutes"
    first = f"First start. The download is {size} on a usual line. Installing"
    say(f"{'Updating' if update else first} into {env.folder} with {'uv' if uv else 'pip'}.")
    if not update:
        make_environment(env, uv)
    env.unfinished.touch()
    env.note.unlink(missing_ok=True)

    lock = env.root / ("requirements-test.lock" if everything else "requirements.lock")
    pins: list[str] = []
    if build == "cpu":
        text, pins = split_lock(lock.read_text(encoding="utf-8"))
        lock = env.folder / "requirements-cpu.lock"
        lock.write_text(text, encoding="utf-8")
        say(f"PyTorch without CUDA comes from {CPU_INDEX}: exact versions, checked against that index's own hashes.")
    plan = plan_install(env, uv, lock, pins)
    settings = install_settings(env)
    for number, command in enumerate(plan, start=1):
        say(f"Step {number} of {len(plan)}: {'the course itself' if number == len(plan) else 'packages'}.")
        try:
            run(command, settings)
        except StartError as error:
            raise CpuIndexError(str(error)) if pins and number == 1 else error from None

    half = env.folder / "course-installed.part"
    note = {"root": str(env.root), "python": env.version(), "set": "test" if everything else "lab"}
    half.write_text(json.dumps({**note, "torch": build, "digest": env.digest()}), encoding="utf-8")
    os.replace(half, env.note)
    env.unfinished.unlink()
    say("Installed.")


def read_arguments(arguments: list[str]) -> tuple[str, bool, list[str]]:
    """``--torch`` and ``--all``, wherever they stand, and the rest: the command and its own arguments."""
    torch, everything, rest = "auto", False, list(arguments)
    if "--all" in rest:
        everything = True
        rest.remove("--all")
    for place, word in enumerate(rest):
        if word == "--torch" or word.startswith("--torch="):
            torch = word.partition("=")[2] or (rest[place + 1] if place + 1 < len(rest) else "")
            del rest[place : place + (1 if "=" in word else 2)]
            break
    if torch not in ("auto", "cpu", "default"):
        raise StartError(f"--torch takes auto, cpu or default; seen: {torch!r}.")
    return torch, everything, rest or ["lab"]


def main(arguments: list[str]) -> int:
    """Installs if needed, then hands over; the status is the command's own."""
    torch, everything, command = read_arguments(arguments)
    if command[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    # `coursekit test LESSON` is a lesson's test; without a lesson, `test` is the project's own.
    own_tests = command[0] == "test" and not re.fullmatch(r"\d\d?(_\w+)?", "".join(command[1:2]))
    env = Environment(ROOT)
    if not env.fits(everything or own_tests, torch):
        with only_one(env.root):
            install(env, everything or own_tests, torch)

    settings = {**os.environ, "VIRTUAL_ENV": str(env.folder)}
    settings["PATH"] = str(env.programs) + os.pathsep + os.environ.get("PATH", os.defpath)
    if own_tests:
        program = [str(env.python), str(env.root / "tests" / "run.py"), *command[1:]]
    else:
        program = [str(env.programs / ("coursekit.exe" if os.name == "nt" else "coursekit")), *command]
    if os.name == "nt":  # there execv returns to the shell before the program has ended
        return subprocess.run(program, env=settings).returncode
    sys.stdout.flush()
    os.execve(program[0], program, settings)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StartError as error:
        sys.exit(f"course.py: {error}")
    except KeyboardInterrupt:
        sys.exit("\ncourse.py: Stopped. The same command goes on from there.")
    except OSError as error:
        sys.exit(f"course.py: {explain(str(error), [])}" if error.errno == 28 else f"course.py: {error}")
