"""Every mode of every real lesson runs by itself, from top to bottom, on a machine without a network."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient import NotebookClient

from coursekit.lab.views import write_view
from coursekit.lessons import MODES, lessons


@pytest.fixture(autouse=True)
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels as ``coursekit lab`` starts them."""
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", "coursekit-warm")


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", [one.name for one in lessons()])
def test_a_mode_runs_by_itself(tmp_path: Path, name: str, mode: str) -> None:
    path = write_view(name, mode, tmp_path / "ws")
    view = nbformat.read(path, as_version=4)
    settings = {
        "COURSEKIT_OFFLINE": "1",
        "COURSEKIT_HOME": str(tmp_path / "home"),
        "TORCH_HOME": str(tmp_path / "torch"),
    }
    client = NotebookClient(
        view, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )

    client.execute(env={**os.environ, **settings})  # raises at the first cell that fails

    ran = [cell for cell in view.cells if cell.cell_type == "code"]
    assert len(ran) >= 3
    assert all(cell.execution_count for cell in ran)
    errors = [line for cell in ran for line in cell.outputs if line.get("name") == "stderr"]
    assert not errors, "a reader would see a warning"
