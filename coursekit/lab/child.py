"""Runs JupyterLab and ends it when the process that started it is gone.

The starter holds the other end of standard input. When it stops, on purpose or because it was killed, the system
closes that end, on every system; here the pipe then reads as finished.

A JupyterLab that is ended while it is still busy with a browser's first requests can stop its event loop with worker
threads (anyio's) left waiting for work that will never come. Python waits for them for ever. So once JupyterLab has
returned, and with it its kernels are gone, the process gets a moment to end and is then ended.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

END_SECONDS = 3.0  # for Python to end by itself once JupyterLab has stopped


def _end_with_starter() -> None:
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    print("The command that started this JupyterLab has ended, so it ends too.", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)  # JupyterLab stops its kernels, then itself


def _end_for_sure(status: int) -> None:
    time.sleep(END_SECONDS)
    os._exit(status)


def main() -> None:
    """Run JupyterLab with this process's arguments."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    from jupyterlab.labapp import main as lab

    sys.argv[0] = "jupyter-lab"
    status = 1
    try:
        status = int(lab() or 0)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        raise
    finally:
        threading.Thread(target=_end_for_sure, args=(status,), daemon=True).start()
    sys.exit(status)


if __name__ == "__main__":
    main()
