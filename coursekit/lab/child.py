"""Runs JupyterLab and ends it when the process that started it is gone.

The starter holds the other end of standard input. When it stops, on purpose or because it was killed, the system
closes that end, on every system; here the pipe then reads as finished.
"""

from __future__ import annotations

import os
import signal
import sys
import threading


def _end_with_starter() -> None:
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    print("The command that started this JupyterLab has ended, so it ends too.", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)  # JupyterLab stops its kernels, then itself


def main() -> None:
    """Run JupyterLab with this process's arguments."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    from jupyterlab.labapp import main as lab

    sys.argv[0] = "jupyter-lab"
    sys.exit(lab())


if __name__ == "__main__":
    main()
