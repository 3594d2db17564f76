"""Ask the template for kernels, and handle each as if it were a ``subprocess.Popen``."""

from __future__ import annotations

import array
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

TEMPLATE = Path(__file__).with_name("template.py")
START_SECONDS = 60.0  # for the template to fork its first kernel; a cold disk makes its first import slow
# What an interpreter or a library reads once, when it starts: kernels that differ in these need different templates.
READ_ONCE = ("PYTHON", "OMP_", "MKL_", "OPENBLAS_", "KMP_", "GOMP_", "LD_", "ATEN_", "ONEDNN_", "DNNL_", "PYTORCH_")


class TemplateError(Exception):
    """There is no template, or it does not answer."""


class ForkedProcess:
    """A kernel that somebody else is the parent of. The part of ``subprocess.Popen`` that a provisioner needs.

    Attributes:
        pid: the kernel's process id, and its group's.
        returncode: None while it runs; negative for the signal that ended it.
        stdin, stdout, stderr: open ends of pipes, where pipes were asked for.
    """

    def __init__(self, pid: int, life: socket.socket, stdout: IO[bytes] | None, stderr: IO[bytes] | None) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        self.stdout, self.stderr = stdout, stderr
        self._life = life
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """The exit status, or None if it still runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once there is one.

        Raises:
            subprocess.TimeoutExpired: if there is none in time.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        while self._look(0.1) is None:
            if ends is not None and time.monotonic() > ends:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the kernel has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float) -> int | None:
        with self._lock:
            if self.returncode is None and select.select([self._life], [], [], seconds)[0]:
                said = _line(self._life)
                # A template that is gone tells nothing, and its kernels end with it.
                self.returncode = said["exit"] if said else -int(signal.SIGKILL)
                self._life.close()
            return self.returncode


class Forge:
    """Starts templates, one for each set of settings that are read once, and asks them for kernels."""

    def __init__(self) -> None:
        self._templates: dict[tuple[tuple[str, str], ...], tuple[subprocess.Popen[bytes], socket.socket]] = {}
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def kernel(
        self,
        arguments: list[str],
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike[str] | None = None,
        stdout: Any = None,
        stderr: Any = None,
    ) -> ForkedProcess:
        """A new kernel.

        Args:
            arguments: of ``ipykernel_launcher``, such as ``["-f", "connection.json"]``.
            env: the kernel's whole environment.
            cwd: where it starts; here if not given.
            stdout, stderr: as of ``subprocess.Popen``.

        Raises:
            TemplateError: if no template can be had.
        """
        ours, theirs = socket.socketpair()
        ends: list[int] = []
        try:
            out, read_out = _stream(stdout, 1, ends)
            err, read_err = (out, None) if stderr is subprocess.STDOUT else _stream(stderr, 2, ends)
            null = os.open(os.devnull, os.O_RDONLY)
            ends.append(null)
            request = {"arguments": arguments, "env": dict(env), "cwd": os.fspath(cwd or os.getcwd())}
            self._ask(env, request, [theirs.fileno(), null, out, err])
            theirs.close()
            if not select.select([ours], [], [], START_SECONDS)[0]:
                raise TemplateError(f"the template forked no kernel within {START_SECONDS:.0f} seconds")
            said = _line(ours)
            if said is None:
                raise TemplateError("the template ended")
        except OSError as error:
            ours.close()
            raise TemplateError(f"the template cannot be asked ({error})") from error
        except TemplateError:
            ours.close()
            raise
        finally:
            for end in ends:
                os.close(end)
        return ForkedProcess(said["pid"], ours, read_out, read_err)

    def _ask(self, env: Mapping[str, str], request: dict[str, Any], streams: list[int]) -> None:
        body = json.dumps(request).encode()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))]
        with self._lock:
            asked = self._template(env)
            asked.sendmsg([struct.pack("!I", len(body))], rights)
            asked.sendall(body)

    def _template(self, env: Mapping[str, str]) -> socket.socket:
        if self._owner != os.getpid():  # forked with us inside: those templates are another process's
            self._templates, self._owner = {}, os.getpid()
        key = tuple(sorted((name, value) for name, value in env.items() if name.startswith(READ_ONCE)))
        process, asked = self._templates.get(key, (None, None))
        if process is None or process.poll() is not None:
            if asked is not None:
                asked.close()
            self._templates[key] = self._start(env)
        return self._templates[key][1]

    def _start(self, env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        # By its path: with -m, a file of the learner's named json.py would come before Python's own.
        command = [sys.executable, str(TEMPLATE), str(theirs.fileno())]
        # One thread: a fork copies no other. Each kernel gets its own number of threads back.
        settings = {**env, "OPENBLAS_NUM_THREADS": "1"}
        process = subprocess.Popen(
            command, env=settings, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
        )
        theirs.close()
        return process, ours

    def close(self) -> None:
        """End the templates, and with them their kernels."""
        for process, asked in self._templates.values():
            asked.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
        self._templates = {}


def _stream(wanted: Any, number: int, ends: list[int]) -> tuple[int, IO[bytes] | None]:
    """The kernel's end of a standard stream, and ours if it is a pipe; ``ends`` collects what is ours to close."""
    if wanted == subprocess.PIPE:
        read, write = os.pipe()
        ends.append(write)
        return write, os.fdopen(read, "rb")
    if wanted == subprocess.DEVNULL:
        null = os.open(os.devnull, os.O_WRONLY)
        ends.append(null)
        return null, None
    if wanted is None:
        with suppress(OSError):
            os.fstat(number)
            return number, None
        return _stream(subprocess.DEVNULL, number, ends)
    return (wanted if isinstance(wanted, int) else wanted.fileno()), None


def _line(life: socket.socket) -> dict[str, int] | None:
    """One line of JSON; None if the other side is gone."""
    text = b""
    while not text.endswith(b"\n"):
        try:
            piece = life.recv(1)
        except OSError:
            return None
        if not piece:
            return None
        text += piece
    said: dict[str, int] = json.loads(text)
    return said
