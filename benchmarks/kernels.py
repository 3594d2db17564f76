"""Warm kernels beside kernels started as usual, in one run.

    python benchmarks/kernels.py [--rounds 5]

For each way, in turn, so that a busy machine slows both alike: seconds until a new kernel answers, until it has the
result of a ResNet-18's forward pass, and until a restarted one has it again. The first warm kernel of a process is
measured apart: it is forked before torch is imported. ``memory`` is what a kernel that has done that holds for itself
alone (USS) and with its share of what it shares (PSS).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import psutil
from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

FORWARD = (
    "import torch; from torchvision.models import resnet18\n"
    "with torch.inference_mode(): print(resnet18().eval()(torch.zeros(8, 3, 64, 64)).shape)"
)
WAYS = {"as usual": "local-provisioner", "warm": "coursekit-warm"}
SETTLE = 6.0  # seconds in which the template imports what it has to
Row = dict[str, float]


def run(client: BlockingKernelClient) -> None:
    """The forward pass, to its end."""
    client.execute_interactive(FORWARD, timeout=120, output_hook=lambda message: None)


def measure(provisioner: str) -> Row:
    """Seconds and megabytes of one kernel."""
    KernelProvisionerFactory.instance().default_provisioner_name = provisioner
    started = time.perf_counter()
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(120)
    row = {"answers": time.perf_counter() - started}
    run(client)
    row["first result"] = time.perf_counter() - started
    memory = psutil.Process(manager.provisioner.pid).memory_full_info()
    row |= {"memory, own MB": memory.uss / 1e6, "memory, share MB": memory.pss / 1e6}
    started = time.perf_counter()
    manager.restart_kernel(now=True)
    client.wait_for_ready(120)
    run(client)
    row["restarted to result"] = time.perf_counter() - started
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return row


def main() -> None:
    """Measure and print a table of medians, with the ratio of the two ways."""
    parser = argparse.ArgumentParser(description="Warm kernels beside kernels started as usual.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"$ {' '.join([Path(sys.executable).name, *sys.argv])}")
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} before, {rounds} rounds, medians\n")
    first = measure(WAYS["warm"])
    time.sleep(SETTLE)
    rows: dict[str, list[Row]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, provisioner in WAYS.items():
            rows[name].append(measure(provisioner))
    print(f"{'':22}{'as usual':>10}{'warm':>10}{'ratio':>8}{'first warm':>12}")
    for part in first:
        usual, warm = (statistics.median(row[part] for row in rows[name]) for name in WAYS)
        print(f"{part:22}{usual:10.2f}{warm:10.2f}{usual / warm:8.1f}{first[part]:12.2f}")


if __name__ == "__main__":
    main()
