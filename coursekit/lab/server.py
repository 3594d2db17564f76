"""``coursekit lab``: the workspace made ready, JupyterLab started on it, its address printed once it answers."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError

from coursekit.errors import CourseError
from coursekit.lab.settings import write_settings
from coursekit.lab.start import NAME
from coursekit.lab.workspace import PRIVATE, Delivery, prepare_lessons, prepare_start, trust_start, usable

PORTS_TO_TRY = 50  # beyond the one asked for
SLOW_SECONDS = 30.0  # when to say that it is still starting
END_SECONDS = 20.0  # how long JupyterLab gets to stop its kernels
WORKSPACE_VARIABLE = "COURSEKIT_WORKSPACE"  # tells a kernel which folder JupyterLab shows


def open_lab(workspace: Path, *, port: int, browser: bool) -> int:
    """Make or update the workspace, run JupyterLab on it, and wait until it ends.

    Args:
        workspace: the learner's folder; made if missing.
        port: where to listen on loopback; 0 leaves the choice to the system, a taken one is stepped over.
        browser: open the dashboard in the user's browser; else only print the address.

    Returns:
        JupyterLab's exit status; 0 after Ctrl+C.

    Raises:
        CourseError: if the workspace cannot be made, or the port is none.
    """
    if not 0 <= port <= 65535:
        raise CourseError(f"{port} is no port. Expected a number from 0 to 65535, for example --port 8888.")
    folder = usable(workspace)
    welcome = prepare_start(folder)
    _say(f"Your workspace: {folder}")
    _tell(welcome)

    def finish() -> None:
        trust_start(folder)
        _tell(prepare_lessons(folder))

    return Lab(folder, port=port, browser=browser).run(meanwhile=finish)


def _tell(delivery: Delivery) -> None:
    for line in delivery.lines():
        _say(f"  {line}")


class Lab:
    """One running JupyterLab; its log goes to ``.coursekit/lab.log`` in the workspace."""

    def __init__(self, folder: Path, *, port: int, browser: bool) -> None:
        self.folder = folder
        self.port = port
        self.browser = browser
        self.token = secrets.token_hex(24)
        self.log = folder / PRIVATE / "lab.log"

    def run(self, meanwhile: Callable[[], None] = lambda: None) -> int:
        """Start, say where, wait for the end.

        Args:
            meanwhile: what to do while JupyterLab starts, which takes seconds; if it raises, JupyterLab is ended.
        """
        try:
            environment = os.environ | write_settings(self.folder / PRIVATE / "jupyter")
            self.log.write_bytes(b"")
        except OSError as error:
            raise CourseError(f"{error.filename or self.folder}: {error.strerror}. Mend its permissions.") from error
        environment |= {"JUPYTER_TOKEN": self.token, WORKSPACE_VARIABLE: str(self.folder)}
        if sys.platform.startswith("linux"):  # elsewhere kernels start as usual; doctor says so
            environment.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "coursekit-warm")
        _say("Starting JupyterLab.")
        with open(self.log, "ab") as log, self._start(log, environment) as child:
            assert child.stdin is not None
            try:
                meanwhile()
                address = self._wait_for_address(child)
                if address:
                    _say(f"Open in a browser: {address}")
                    _say("Stop with Ctrl+C.")
                status = child.wait()
            except KeyboardInterrupt:
                _say("Stopping. Your notebooks are saved as JupyterLab last saved them.")
                return self._stop(child)
            except BaseException:  # whatever it was, JupyterLab must not go on without its starter
                self._stop(child)
                raise
        if status:
            self._explain(status)
        return status if status >= 0 else 128 - status

    def _start(self, log: Any, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "coursekit.lab.child", *self._arguments()]
        # -P: a file of the learner's named json.py must not come before Python's own.
        # A group of its own: Ctrl+C reaches this process alone, which then ends the child in order.
        own: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, **own
        )

    def _arguments(self) -> list[str]:
        arguments = {
            "ServerApp.root_dir": str(self.folder),
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": str(self.port),
            "ServerApp.port_retries": str(PORTS_TO_TRY),
            "ServerApp.open_browser": str(self.browser),
            "LabApp.default_url": f"/lab/tree/{NAME}",
            "LabApp.news_url": "None",
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "LabApp.extension_manager": "readonly",  # the other one asks the network
            "KernelSpecManager.allowed_kernelspecs": "python3",
        }
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            arguments["ServerApp.allow_root"] = "True"  # in a container; still loopback and token only
        return [f"--{name}={value}" for name, value in arguments.items()]

    def _wait_for_address(self, child: subprocess.Popen[bytes]) -> str:
        """The address with token as soon as it answers; empty if JupyterLab ended before."""
        started = time.monotonic()
        said = False
        while child.poll() is None:
            url = self._announced()
            if url and _answers(url):
                return f"{url}lab/tree/{NAME}?token={self.token}"
            if not said and time.monotonic() - started > SLOW_SECONDS:
                said = True
                _say(f"Still starting. Its log: {self.log}")
            time.sleep(0.05)
        return ""

    def _announced(self) -> str:
        """What our server wrote about itself into Jupyter's runtime folder; known by its token."""
        from jupyter_core.paths import jupyter_runtime_dir

        for path in Path(jupyter_runtime_dir()).glob("jpserver-*.json"):
            with suppress(OSError, ValueError):  # another server's, or half written
                about = json.loads(path.read_text(encoding="utf-8"))
                if about.get("token") == self.token:
                    return f"http://127.0.0.1:{int(about['port'])}{about.get('base_url', '/')}"
        return ""

    def _stop(self, child: subprocess.Popen[bytes]) -> int:
        """End the child by closing its standard input; by force if it does not end."""
        assert child.stdin is not None
        with suppress(KeyboardInterrupt):  # a second Ctrl+C means: now
            child.stdin.close()
            try:
                child.wait(END_SECONDS)
                return 0
            except subprocess.TimeoutExpired:
                pass
        child.kill()
        child.wait()
        return 0

    def _explain(self, status: int) -> None:
        tail = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
        print("\n".join(tail), file=sys.stderr)
        print(
            f"JupyterLab ended with status {status}; its last words are above, its whole log is {self.log}. "
            "To look for the cause, run: coursekit doctor",
            file=sys.stderr,
            flush=True,
        )


def _answers(url: str) -> bool:
    """Does the server answer? Asked without any proxy: this is loopback."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}api", timeout=2) as reply:
            return bool(reply.status == 200)
    except (URLError, OSError):
        return False


def _say(line: str) -> None:
    """Print at once; what the terminal's encoding lacks is escaped rather than an error."""
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)
