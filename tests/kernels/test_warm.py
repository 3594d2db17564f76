"""A forked kernel behaves as one started as usual: real kernels, through jupyter_client's own manager."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from coursekit.kernels import provisioner
from coursekit.kernels.provisioner import NAME, WarmProvisioner, not_warm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are forked on Linux only"),
]
PATIENCE = 120


@pytest.fixture(autouse=True)
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", NAME)
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", NAME)


@contextmanager
def kernel(**kwargs: Any) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(**kwargs)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(PATIENCE)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def said(client: BlockingKernelClient, code: str) -> str:
    """What a cell prints; the name of its error if it has one."""
    printed: list[str] = []

    def hook(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream":
            printed.append(content["text"])
        elif message["msg_type"] == "error":
            printed.append(content["ename"])
        elif message["msg_type"] == "display_data":
            printed.append(" ".join(content["data"]))

    client.execute_interactive(code, timeout=PATIENCE, output_hook=hook)
    return "".join(printed).strip()


def template_of(manager: KernelManager) -> psutil.Process:
    parent = psutil.Process(manager.provisioner.pid).parent()
    assert parent is not None
    return parent


def gone(pid: int) -> bool:
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


def settled(manager: KernelManager) -> None:
    """Until the template has imported everything: it waits for a request then, and has one thread."""
    template = template_of(manager)
    with kernel() as (_, client):
        for _ in range(300):
            if "torchmetrics" in Path(f"/proc/{template.pid}/maps").read_text() or template.status() == "sleeping":
                break
            time.sleep(0.1)
        said(client, "1")
    time.sleep(2)


def test_a_kernel_is_forked_from_a_template_with_one_thread_that_has_torch() -> None:
    with kernel() as (manager, _):
        settled(manager)
        assert type(manager.provisioner) is WarmProvisioner
        template = template_of(manager)
        assert "kernels/template.py" in " ".join(template.cmdline())
        assert template.num_threads() == 1
        with kernel() as (second, client):
            assert template_of(second).pid == template.pid
            seen = said(client, "import sys; print('torch' in sys.modules, 'torchvision.models' in sys.modules)")
            assert seen == "True True"
            assert said(client, "import torch; print(torch.cuda.is_initialized())") == "False"
            assert said(client, "from torchvision.models import resnet18; print(type(resnet18()).__name__)") == "ResNet"


def test_environment_folder_and_threads_are_those_asked_for(tmp_path: Path) -> None:
    environment = {**os.environ, "COURSEKIT_ASKED": "this", "OPENBLAS_NUM_THREADS": "2"}
    (tmp_path / "beside.py").write_text("here = True")
    with kernel(env=environment, cwd=str(tmp_path)) as (_, client):
        assert said(client, "import os; print(os.environ['COURSEKIT_ASKED'], os.getcwd())") == f"this {tmp_path}"
        assert said(client, "import beside; print(beside.here)") == "True"
        counted = "import numpy, threadpoolctl as t; blas = t.ThreadpoolController().select(user_api='blas').info();"
        counted += "print({one['num_threads'] for one in blas})"
        assert said(client, counted) == "{2}"
    with kernel() as (_, client):
        assert said(client, "import os; print('COURSEKIT_ASKED' in os.environ)") == "False"


def test_no_two_kernels_draw_the_same_random_numbers() -> None:
    code = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1).item())"
    drawn = []
    for _ in range(3):
        with kernel() as (_, client):
            drawn.append(said(client, code).split())
    assert all(len({row[place] for row in drawn}) == 3 for place in range(3)), drawn


def test_interrupt_stops_the_cell_and_keeps_the_kernel() -> None:
    with kernel() as (manager, client):
        said(client, "kept = 7")
        message = client.execute("import time; time.sleep(60)")
        time.sleep(2)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=PATIENCE)
        while reply["parent_header"]["msg_id"] != message:
            reply = client.get_shell_msg(timeout=PATIENCE)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert said(client, "print(kept)") == "7"


def test_restart_is_a_new_process_that_knows_nothing() -> None:
    with kernel() as (manager, client):
        said(client, "kept = 7")
        before = manager.provisioner.pid
        manager.restart_kernel(now=True)
        client.wait_for_ready(PATIENCE)
        assert manager.provisioner.pid != before
        assert gone(before)
        assert said(client, "print(kept)") == "NameError"


@pytest.mark.parametrize(("code", "status"), [("os._exit(3)", 3), ("os.kill(os.getpid(), signal.SIGKILL)", -9)])
def test_a_death_is_noticed_with_its_status(code: str, status: int) -> None:
    with kernel() as (manager, client):
        process = manager.provisioner.process
        client.execute(f"import os, signal; {code}")
        assert process.wait(30) == status
        assert process.poll() == status
        assert not manager.is_alive()


def test_shutdown_ends_the_kernel_and_what_it_started() -> None:
    with kernel() as (manager, client):
        child = int(said(client, "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"))
        pid = manager.provisioner.pid
        manager.shutdown_kernel(now=True)
        assert gone(pid)
        assert gone(child)


def test_a_killed_template_takes_its_kernels_along_and_the_next_kernel_starts() -> None:
    with kernel() as (manager, _):
        pid = manager.provisioner.pid
        template_of(manager).kill()
        assert gone(pid)
        assert manager.provisioner.process.wait(30) < 0
    with kernel() as (_, client):
        assert said(client, "print(1 + 1)") == "2"


def test_nothing_outlives_a_killed_owner(tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(
        "import time\n"
        "from jupyter_client import KernelManager\n"
        "manager = KernelManager(kernel_name='python3')\n"
        "manager.start_kernel()\n"
        "print(manager.provisioner.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    owner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    template = psutil.Process(pid).ppid()
    owner.send_signal(signal.SIGKILL)
    owner.wait(30)
    assert gone(pid)
    assert gone(template)


def test_what_a_kernel_writes_outside_its_cells_can_be_piped() -> None:
    with kernel(stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as (manager, client):
        process = manager.provisioner.process
        said(client, "import os; os.write(1, b'from below\\n')")
        lines = (process.stdout.readline().strip() for _ in range(20))  # ipykernel has something to say first
        assert b"from below" in lines


def test_figures_are_drawn_inline_unless_another_backend_is_asked_for() -> None:
    draw = "import matplotlib; import matplotlib.pyplot as plt; plt.plot([1, 2]); print(matplotlib.get_backend())"
    without = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    with kernel(env=without) as (_, client):
        assert "inline" in said(client, draw)
        assert "image/png" in said(client, "plt.plot([3, 4]);")
    with kernel(env={**without, "MPLBACKEND": "Agg"}) as (_, client):
        assert said(client, draw).lower() == "agg"


def test_a_file_of_the_learners_does_not_come_before_pythons_own(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise RuntimeError('not this one')")
    (tmp_path / "json.py").write_text("raise RuntimeError('not this one')")
    with kernel(cwd=str(tmp_path)) as (_, client):
        assert said(client, "print('runs')") == "runs"


def test_nbclient_runs_a_notebook_on_it() -> None:
    from nbclient import NotebookClient

    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book.cells = [nbformat.v4.new_code_cell("import os; print(open(f'/proc/{os.getppid()}/cmdline').read())")]
    NotebookClient(book, timeout=PATIENCE, kernel_name="python3").execute()
    assert "kernels/template.py" in book.cells[0].outputs[0].text


def test_what_cannot_be_forked_starts_as_usual(tmp_path: Path) -> None:
    good = [sys.executable, "-m", "ipykernel_launcher", "-f", "x.json"]
    assert not_warm(good, {}) == ""
    assert "another Python" in not_warm(["/usr/bin/env", *good[1:]], {})
    assert "is not ipykernel" in not_warm([sys.executable, "-m", "other_kernel"], {})
    assert "outlive" in not_warm(good, {"independent": True})


def test_without_a_template_the_kernel_starts_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise provisioner.TemplateError("no template today")

    monkeypatch.setattr(provisioner.FORGE, "kernel", refuse)
    with kernel() as (manager, client):
        assert "ipykernel_launcher" in " ".join(psutil.Process(manager.provisioner.pid).cmdline())
        assert said(client, "print(1 + 1)") == "2"
