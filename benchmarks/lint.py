"""How long ``coursekit lint`` takes, and which proofs it spends its time on.

    python benchmarks/lint.py                 # the whole course, every proof run, then again with what was proven
    python benchmarks/lint.py --slowest 20    # the questions whose proofs compute longest, one process, one thread

The goal is the whole course in 60 seconds on two cores. The memory of what was proven is a new one, in a folder that is
removed afterwards. Seconds are of the clock, and of the processors (this process and the provers).
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long lint takes.")
    parser.add_argument("--slowest", type=int, metavar="N", help="list the N questions whose proofs compute longest")
    parser.add_argument("banks", nargs="*", type=Path, help="only these banks")
    options = parser.parse_args()
    print(f"$ {' '.join([Path(sys.executable).name, *sys.argv])}")
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} before\n")
    with tempfile.TemporaryDirectory() as home:
        os.environ["COURSEKIT_HOME"] = home
        if options.slowest:
            show_slowest(options.banks, options.slowest)
        else:
            show_whole(options.banks)


def show_whole(banks: list[Path]) -> None:
    """Lint without its memory, then with it, then without any proof."""
    from coursekit.lint import lint

    for name, proofs in (("every proof run", True), ("nothing changed since", True), ("without proofs", False)):
        begun, used = time.perf_counter(), _processors()
        problems = lint(proofs=proofs, banks=banks or None)
        print(
            f"{name:24} {time.perf_counter() - begun:6.1f} s   {_processors() - used:6.1f} s of the processors   "
            f"{len(problems)} problems"
        )


def show_slowest(banks: list[Path], count: int) -> None:
    """Seconds of the processor that each question's proofs take."""
    import coursekit.quiz.prover as prover
    from coursekit.lint import bank_files
    from coursekit.quiz.bank import read
    from coursekit.quiz.proofs import groups_of

    os.environ["COURSEKIT_OFFLINE"] = "1"
    prover.torch.set_num_threads(1)
    seconds: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for path in banks or bank_files():
        bank, problems, _ = read(path)
        if bank is None:
            print(problems[0])
            continue
        for item in bank.items:
            begun = time.process_time()
            for group in groups_of(item):
                setup = prover.Setup(item.setup, claims=len(group.claims))
                for claim in group.claims:
                    for label, message in prover.judge(asdict(claim), setup):
                        print(f"{item.id}, {label}: {message}", file=sys.stderr)
            seconds[item.id] = time.process_time() - begun
        whole[path.name] = sum(seconds[item.id] for item in bank.items)
        print(f"{path.name:40} {len(bank.items):4} questions {whole[path.name]:7.1f} s")
    print(f"{'together':40} {len(seconds):4} questions {whole.total():7.1f} s\n")
    for name, taken in seconds.most_common(count):
        print(f"{name:40} {taken:7.2f} s")


def _processors() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


if __name__ == "__main__":
    main()
