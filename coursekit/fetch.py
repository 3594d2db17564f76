"""Fetch a file of weights or images, whole or not at all.

torchvision's own loader starts again from nothing when a download breaks, and waits for ever on a silent
server. This one goes on where it was cut off, gives up in time, checks a hash (for weights the one that torchvision
puts into the file name), and shows the file under its final name only when all of that is done.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from filelock import FileLock, Timeout

from coursekit.errors import CourseError
from coursekit.paths import offline

HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.")  # as in torch.hub: resnet18-f37072fd.pth
SPARE_DISK = 50 << 20  # bytes that must stay free


class FetchError(CourseError):
    """A file could not be fetched; what was there before is untouched."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, and how often to try again."""

    connect: float = 5.0
    silence: float = 15.0  # longest wait for the next bytes
    tries: int = 4  # attempts in a row that bring nothing new
    pause: float = 0.5  # before the second try; doubles each time
    lock: float = 600.0  # for another process that fetches the same file


@dataclass(frozen=True)
class _Hash:
    """How the content of a file must hash, or how its hash must begin."""

    expected: str
    kind: str  # a name that hashlib knows

    def of(self, path: Path) -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, self.kind).hexdigest()

    def fits(self, path: Path) -> bool:
        return path.is_file() and self.of(path).startswith(self.expected)


Report = Callable[[int, int | None], None]  # bytes so far, bytes in all if known


def expected_hash(name: str) -> str | None:
    """The start of the SHA-256 that torchvision writes into a file's name, or None."""
    found = HASH_IN_NAME.search(name)
    return found.group(1) if found else None


def has_expected_hash(path: Path) -> bool:
    """Does the content of ``path`` fit the hash in its name? False if there is no file or no hash."""
    expected = expected_hash(path.name)
    return expected is not None and _Hash(expected, "sha256").fits(path)


def fetch(
    url: str,
    folder: Path,
    *,
    name: str | None = None,
    md5: str | None = None,
    patience: Patience | None = None,
    report: Report | None = None,
) -> Path:
    """Bring ``url`` into ``folder`` and return the path.

    A file that is there already with the right hash is not fetched again. A broken download leaves
    ``NAME.part``, from which the next call goes on.

    Args:
        url: an address; without ``md5``, its file name carries the start of its SHA-256.
        folder: made if missing.
        name: of the file; the last part of the address if not given.
        md5: 32 hexadecimal digits, as torchvision's data sets state them.
        patience: limits; the defaults suit a slow home connection.
        report: called with the bytes so far and, if the server said so, the bytes in all.

    Raises:
        FetchError: offline, refused, not found, cut off too often, silent for too long, no room, wrong hash.
    """
    patience = patience or Patience()
    target = folder / (name or Path(urlsplit(url).path).name)
    hashed = _Hash(md5 or expected_hash(target.name) or "", "md5" if md5 else "sha256")
    if not hashed.expected:
        raise FetchError(f"{target.name}: the name carries no hash to check against; expected NAME-<sha256>.pth.")
    if hashed.fits(target):
        return target
    if offline():
        raise FetchError(f"{target.name} is not on this machine and COURSEKIT_OFFLINE is set; unset it to fetch.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(target.name + ".lock"), timeout=patience.lock):
            if not hashed.fits(target):
                _fetch_locked(url, target, hashed, patience, report or (lambda done, total: None))
    except Timeout as error:
        raise FetchError(f"Another process has been fetching {target.name} for {patience.lock:.0f} s.") from error
    except OSError as error:
        problem = error.strerror or error
        raise FetchError(f"{target}: cannot be written ({problem}). Free space or set TORCH_HOME.") from error
    return target


def _fetch_locked(url: str, target: Path, hashed: _Hash, patience: Patience, report: Report) -> None:
    part = target.with_name(target.name + ".part")
    resumed = part.exists()
    _download(url, part, patience, report)
    if not hashed.fits(part):
        seen = hashed.of(part)
        part.unlink()
        if resumed:  # the older half may have been another file's: once more from nothing
            _download(url, part, patience, report)
            seen = hashed.of(part)
        if not resumed or not hashed.fits(part):
            part.unlink(missing_ok=True)
            raise FetchError(
                f"{url} sent a file with hash {seen[: len(hashed.expected)]}, expected {hashed.expected}; "
                "it was thrown away. A proxy may have changed it; try another network."
            )
    os.replace(part, target)


def _download(url: str, part: Path, patience: Patience, report: Report) -> None:
    """Bring ``part`` to its full length, going on after every break that brought something new."""
    barren, pause = 0, patience.pause
    limits = httpx.Timeout(patience.silence, connect=patience.connect)
    with httpx.Client(timeout=limits, follow_redirects=True) as client:
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                _append(client, url, part, before, report)
                return
            except httpx.HTTPStatusError as error:
                code = error.response.status_code
                if code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and before:
                    part.unlink()
                    continue
                if code < 500 and code not in (408, 429):
                    raise FetchError(f"{url} answered {code} {error.response.reason_phrase}.") from error
                problem = f"answered {code}"
            except httpx.ConnectError as error:
                raise FetchError(f"{urlsplit(url).netloc} cannot be reached ({error}).") from error
            except httpx.TransportError as error:
                problem = f"broke off ({type(error).__name__})"
            after = part.stat().st_size if part.exists() else 0
            if after > before:
                barren, pause = 0, patience.pause
                continue
            barren += 1
            if barren >= patience.tries:
                raise FetchError(
                    f"{url} {problem} {barren} times in a row after {after:,} bytes. What came is kept in "
                    f"{part.name}; the next try goes on from there."
                )
            time.sleep(pause)
            pause *= 2


def _append(client: httpx.Client, url: str, part: Path, before: int, report: Report) -> None:
    headers = {"Accept-Encoding": "identity"}
    if before:
        headers["Range"] = f"bytes={before}-"
    with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {before}-")
        done = before if goes_on else 0
        length = response.headers.get("Content-Length")
        total = done + int(length) if length and length.isdigit() else None
        if total is not None:
            _check_room(part, total - done)
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in response.iter_raw():  # as it comes, so that a break loses nothing
                file.write(chunk)
                done += len(chunk)
                report(done, total)
            file.flush()
            os.fsync(file.fileno())


def _check_room(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free < needed + SPARE_DISK:
        raise FetchError(
            f"{part.parent} has {free / 1e6:.0f} MB free; {needed / 1e6:.0f} MB and a little more are needed. "
            "Free some space, or set TORCH_HOME to another disk."
        )


def progress_bar(label: str) -> Report:
    """A bar with the megabytes, the speed and the time left; it ends with the last byte."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    task = bar.add_task(label, total=None)

    def report(done: int, total: int | None) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)
        if total is not None and done >= total:
            bar.stop()

    return report
