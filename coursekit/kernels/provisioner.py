"""jupyter_client's way to start a kernel, with a fork in place of a new interpreter.

Registered under the entry point ``jupyter_client.kernel_provisioners`` as ``coursekit-warm``. With
``JUPYTER_DEFAULT_PROVISIONER_NAME=coursekit-warm`` the plain ``python3`` kernelspec starts through it, in JupyterLab,
nbclient, nbval and nbgrader alike. What it cannot fork (another language, another Python, another system) starts as
usual.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from coursekit.kernels.forking import Forge, TemplateError

NAME = "coursekit-warm"
LAUNCHER = ["-m", "ipykernel_launcher"]
FORGE = Forge()
atexit.register(FORGE.close)


class WarmProvisioner(LocalProvisioner):
    """Starts python3 kernels by a fork of a process that has torch imported; all else as its base does."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """A forked kernel, or one started as usual where that cannot be."""
        why_not = not_warm(cmd, kwargs)
        if not why_not:
            settings = {name: kwargs.get(name) for name in ("cwd", "stdout", "stderr")}
            env: Mapping[str, str] = kwargs.get("env") or os.environ
            try:
                loop = asyncio.get_running_loop()
                ask = partial(FORGE.kernel, cmd[3:], env=env, **settings)
                forked: Any = await loop.run_in_executor(None, ask)  # does what a Popen does
                self.process, self.pid, self.pgid = forked, forked.pid, forked.pid
                self.cwd = kwargs.get("cwd", Path.cwd())
                return self.connection_info
            except TemplateError as error:
                why_not = str(error)
        self.log.debug("This kernel starts as usual: %s", why_not)
        return await super().launch_kernel(cmd, **kwargs)


def not_warm(cmd: list[str], kwargs: Mapping[str, Any]) -> str:
    """Why this kernel cannot be forked; empty if it can."""
    if not sys.platform.startswith("linux"):
        return "kernels are forked on Linux only"
    if cmd[1:3] != LAUNCHER:
        return f"{' '.join(cmd[:3])} is not ipykernel"
    if (
        not (os.path.exists(cmd[0]) and os.path.samefile(cmd[0], sys.executable))
        or Path(cmd[0]).parent != Path(sys.executable).parent
    ):
        return f"{cmd[0]} is another Python"
    if kwargs.get("independent") or kwargs.get("preexec_fn"):
        return "it shall outlive this process"
    return ""
