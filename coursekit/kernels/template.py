"""The process that warm kernels are forked from: imports, and nothing else, until it is asked for a kernel.

Run by ``coursekit.kernels.forking``, as a file, with one end of a socket as file descriptor ``argv[1]``. A request is
a length, then JSON, with four file descriptors: a socket for this kernel's life, and its standard streams. The answer
on that socket is the kernel's process id, later its exit status.

It forks between two imports as well, so the first kernel does not wait for torch. When the asking side is gone, the
template ends its kernels and itself.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback
from contextlib import suppress
from typing import Any

# Not matplotlib's inline backend: it looks for IPython's shell when it is imported, and there is none yet.
FIRST = "ipykernel.kernelapp"  # without it there is no kernel
PRELOAD = (
    *("ipykernel.ipkernel", "IPython.core.completer", "ipykernel.iostream", "numpy", "PIL.Image", "matplotlib"),
    *("matplotlib.figure", "torch", "torchvision", "torchvision.models", "torchvision.transforms.v2", "torchmetrics"),
    *("ipywidgets", "anywidget", "matplotlib.pyplot"),
)
STREAMS = 4  # file descriptors that come with a request
GRACE = 5.0  # seconds for kernels to end by themselves when the asking side is gone


class Template:
    """Imports, forks, and tells how its kernels ended."""

    def __init__(self, asked: socket.socket) -> None:
        self.asked = asked
        self.lives: dict[int, socket.socket] = {}  # by process id
        self.woken, self.wake = os.pipe()
        for end in (self.woken, self.wake):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Until the asking side closes its end."""
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is the server's business
        importlib.import_module(FIRST)
        for name in PRELOAD:
            if not self.serve(wait=False):
                return self.end()
            with suppress(ImportError):  # a kernel that needs it says so itself
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # what all kernels share is not touched by their collectors, so it stays shared
        while self.serve(wait=True):
            pass
        self.end()

    def serve(self, *, wait: bool) -> bool:
        """Answer what is asked; False once the asking side is gone."""
        while True:
            looked_at: list[Any] = [self.asked, self.woken, *self.lives.values()]
            ready, _, _ = select.select(looked_at, [], [], None if wait else 0)
            if not ready:
                return True
            if self.woken in ready:
                with suppress(BlockingIOError):
                    os.read(self.woken, 4096)
            self.reap()
            for life in [one for one in ready if one in self.lives.values()]:
                self.let_go(life)
            if self.asked in ready:
                request, streams = receive(self.asked)
                if request is None:
                    return False
                self.fork(request, streams)

    def let_go(self, life: socket.socket) -> None:
        """Whoever asked for this kernel has closed its end: nobody will stop the kernel but us."""
        for pid, one in list(self.lives.items()):
            if one is life and not _still_open(life):
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                life.close()
                del self.lives[pid]

    def fork(self, request: dict[str, Any], streams: list[int]) -> None:
        """Start one kernel."""
        life = socket.socket(fileno=streams[0])
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                self.become(request, streams[1:])
                status = 0
            except SystemExit as ended:
                status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            except BaseException:
                traceback.print_exc()
            finally:
                with suppress(BaseException):
                    atexit._run_exitfuncs()
                    sys.stdout.flush()
                    sys.stderr.flush()
                os._exit(status)
        for stream in streams[1:]:
            os.close(stream)
        self.lives[pid] = life
        tell(life, {"pid": pid})

    def become(self, request: dict[str, Any], streams: list[int]) -> None:
        """In the child: what a new interpreter would be like, then the kernel."""
        parent = os.getppid()
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        for stream in streams:
            if stream > 2:
                os.close(stream)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.asked.close()
        for end in (self.woken, self.wake):
            os.close(end)
        for life in self.lives.values():
            life.close()
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        os.environ["JPY_PARENT_PID"] = str(parent)
        fresh_seeds()
        own_threads()
        if "matplotlib" in sys.modules:  # it looked at the environment when it was imported
            inline = "module://matplotlib_inline.backend_inline"
            sys.modules["matplotlib"].rcParams["backend"] = os.environ.get("MPLBACKEND", inline)
        sys.argv = ["ipykernel_launcher.py", *request["arguments"]]
        from ipykernel.kernelapp import IPKernelApp

        # ipykernel took its parent from the environment when it was imported. The kernel ends when the template does.
        IPKernelApp.launch_instance([*request["arguments"], f"--IPKernelApp.parent_handle={parent}"])

    def reap(self) -> None:
        """Tell of every kernel that has ended how it ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            life = self.lives.pop(pid, None)
            if life is not None:
                tell(life, {"exit": os.waitstatus_to_exitcode(status)})
                life.close()

    def end(self) -> None:
        """No kernel outlives the process that asked for it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.lives:
                with suppress(ProcessLookupError):
                    os.killpg(pid, number)
            if number == signal.SIGTERM and self.lives:
                select.select([self.woken], [], [], GRACE)
                self.reap()


def fresh_seeds() -> None:
    """Random numbers that no other kernel has: a fork would repeat those of the template."""
    import random

    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()


def own_threads() -> None:
    """As many threads for linear algebra as the environment says; the template has imported it with one."""
    wanted = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or ""
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(int(wanted) if wanted.isdigit() else len(os.sched_getaffinity(0)), user_api="blas")


def receive(asked: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """One request with its file descriptors; None if the other side is gone."""
    size = struct.calcsize("!I")
    head, packed, _, _ = asked.recvmsg(size, socket.CMSG_SPACE(STREAMS * array.array("i").itemsize))
    streams = array.array("i")
    for level, kind, data in packed:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            streams.frombytes(data[: len(data) - len(data) % streams.itemsize])
    if len(head) < size:
        return None, []
    (length,) = struct.unpack("!I", head)
    body = bytearray()
    while len(body) < length:
        piece = asked.recv(length - len(body))
        if not piece:
            return None, []
        body += piece
    return json.loads(body), list(streams)


def tell(life: socket.socket, said: dict[str, int]) -> None:
    """One line of JSON to whoever asked for a kernel, if still there."""
    with suppress(OSError):
        life.sendall(json.dumps(said).encode() + b"\n")


def _still_open(life: socket.socket) -> bool:
    with suppress(BlockingIOError):
        return bool(life.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    return True


def main() -> None:
    """Run with the file descriptor of the socket as the only argument."""
    del sys.path[0]  # this folder; IPython puts the kernel's own in its place
    Template(socket.socket(fileno=int(sys.argv[1]))).run()
    os._exit(0)  # Python's own end would take down what it imported, at length, with complaints


if __name__ == "__main__":
    main()
