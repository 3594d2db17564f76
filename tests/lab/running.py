"""A real ``coursekit lab`` for tests: started, asked, ended."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Running:
    """A started ``coursekit lab``."""

    process: subprocess.Popen[str]
    address: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(re.search(r":(\d+)/", self.address)[1])

    @property
    def token(self) -> str:
        return self.address.rpartition("token=")[2]

    def get(self, path: str, *, token: bool = True) -> bytes:
        headers = {"Authorization": f"token {self.token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.read()


def start(workspace: Path, port: int, environment: dict[str, str] | None = None) -> Running:
    """Run ``coursekit lab --no-browser`` and return once it has printed its address."""
    command = [sys.executable, "-m", "coursekit.cli", "lab", "--no-browser"]
    command += ["--workspace", str(workspace), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    running = Running(process)
    assert process.stdout is not None
    for line in process.stdout:
        running.said.append(line.rstrip())
        if found := re.search(r"http://\S+", line):
            running.address = found[0]
            return running
    raise AssertionError(f"it ended with {process.wait()}: {running.said}")


def end(running: Running) -> int:
    """Press Ctrl+C, so to speak, and return the exit status."""
    running.process.send_signal(signal.SIGINT)
    try:
        return running.process.wait(60)
    except subprocess.TimeoutExpired:
        running.process.kill()
        raise


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
