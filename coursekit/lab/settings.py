"""JupyterLab's settings for a learner, private to the workspace; the user's own Jupyter files are never written.

Everything lies in ``.coursekit/jupyter`` and is written anew at each start, because it names this environment.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from coursekit.files import write_whole

# nbgrader is here for its preprocessors. Its side bar, menu and toolbars are an instructor's.
SERVER = {
    "ServerApp": {
        "jpserver_extensions": {
            "nbgrader.server_extensions.formgrader": False,
            "nbgrader.server_extensions.validate_assignment": False,
            "nbgrader.server_extensions.assignment_list": False,
            "nbgrader.server_extensions.course_list": False,
        }
    }
}
PAGE = {"disabledExtensions": {"@jupyter/nbgrader": True}}
# Defaults only: what the user has chosen in JupyterLab's own settings goes before them.
DEFAULTS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},  # light or dark as the system is
    # JupyterLab's own default leaves a long notebook with many drawings blank after a reload.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "defer"},
}


def kernel() -> dict[str, Any]:
    """The kernelspec of this environment: notebooks name ``python3``, and no other ``python3`` can come before it."""
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "metadata": {"debugger": True},
    }


def write_settings(folder: Path) -> dict[str, str]:
    """Write the settings into ``folder`` and return the environment variables that make Jupyter use them.

    Raises:
        OSError: if the folder cannot be written.
    """
    config, data = folder / "config", folder / "data"
    files = {
        config / "jupyter_server_config.json": SERVER,
        config / "labconfig" / "page_config.json": PAGE,
        config / "labconfig" / "default_setting_overrides.json": DEFAULTS,
        data / "kernels" / "python3" / "kernel.json": kernel(),
    }
    for path, content in files.items():
        text = json.dumps(content, indent=1).encode()
        if not path.is_file() or path.read_bytes() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
    return {
        "JUPYTER_CONFIG_DIR": str(config),  # in place of the user's own
        "JUPYTER_CONFIG_PATH": os.pathsep.join(
            [str(config), *_given("JUPYTER_CONFIG_PATH")]
        ),  # before the environment's
        "JUPYTER_PATH": os.pathsep.join([str(data), *_given("JUPYTER_PATH")]),
        "JUPYTERLAB_SETTINGS_DIR": os.environ.get("JUPYTERLAB_SETTINGS_DIR") or str(_users_settings()),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "layouts"),  # which tabs are open belongs to this workspace
    }


def _given(name: str) -> list[str]:
    return [os.environ[name]] if os.environ.get(name) else []


def _users_settings() -> Path:
    """Where JupyterLab keeps the user's choices (theme, font size): they hold here too."""
    from jupyter_core.paths import jupyter_config_dir

    return Path(jupyter_config_dir()) / "lab" / "user-settings"
