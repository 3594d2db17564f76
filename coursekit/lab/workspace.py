"""The learner's folder: released notebooks go in, and nothing the learner changed is ever written over.

- A file that is as it was delivered is replaced by a newer version.
- A file the learner changed stays. The newer version lands beside it, once, as ``NAME.new-VERSION.ipynb``. Running a
  notebook and saving it is a change too: its outputs are the learner's. Opening it is none.
- A file the learner deleted comes back with the next start. Deleting a notebook is the way to begin it again.

The record of what was delivered names a version before the version is written, so a kill at any moment leaves a
workspace that the next start completes.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from coursekit import __version__
from coursekit.errors import CourseError
from coursekit.files import PART, write_whole
from coursekit.grading.release import release_files
from coursekit.lab.manifest import Manifest, digest
from coursekit.lab.start import NAME, start_notebook
from coursekit.lessons import lessons
from coursekit.paths import PACKAGE, content_dir

PICTURED = (NAME,)  # its outputs are a picture of the dashboard, drawn anew at each start; nothing of the learner's
PRIVATE = ".coursekit"  # hidden in JupyterLab's file browser
LOCK_SECONDS = 30.0  # how long to wait for another start in the same folder


@dataclass
class Delivery:
    """What a delivery did, by path inside the workspace."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    beside: list[tuple[str, str]] = field(default_factory=list)  # (the learner's file, the new version next to it)

    def lines(self) -> list[str]:
        """What to tell the learner; empty if there is nothing to tell."""
        lines = []
        if self.new:
            lines.append(f"New: {', '.join(self.new)}")
        if self.updated:
            lines.append(f"Updated: {', '.join(self.updated)}")
        lines += [
            f"You changed {kept}, so it stays. The new version lies beside it: {new}" for kept, new in self.beside
        ]
        return lines


def prepare(workspace: Path) -> Delivery:
    """Make the workspace, or bring it up to date.

    Raises:
        CourseError: if the folder cannot be a workspace, or cannot be written.
    """
    folder = usable(workspace)
    start, rest = prepare_start(folder), prepare_lessons(folder)
    trust_start(folder)
    return Delivery(start.new + rest.new, start.updated + rest.updated, start.beside + rest.beside)


def prepare_start(folder: Path) -> Delivery:
    """Deliver the start notebook alone, which takes no time: JupyterLab can start on it.

    Args:
        folder: the workspace, as :func:`usable` returned it.

    Raises:
        CourseError: if it cannot be written.
    """
    start = start_notebook()
    return deliver(folder, {} if start is None else {NAME: start})


def prepare_lessons(folder: Path) -> Delivery:
    """Deliver the lessons; the first time, and after each change of the source, their release versions are made.

    Args:
        folder: the workspace, as :func:`usable` returned it.

    Raises:
        CourseError: if a release version cannot be made, or something cannot be written.
    """
    wanted: dict[str, bytes] = {}
    for lesson in lessons():
        wanted |= {f"{lesson.name}/{name}": data for name, data in release_files(lesson).items()}
    return deliver(folder, wanted)


def usable(workspace: Path) -> Path:
    """The workspace's real path, if this folder can be one; nothing is written.

    Raises:
        CourseError: a file stands there, or it is the course's own source.
    """
    with _told(workspace):
        folder = workspace.expanduser().resolve()
        if folder.exists() and not folder.is_dir():
            raise CourseError(f"{folder} is a file, and a workspace is a folder. Choose another with --workspace.")
    for source in (content_dir().resolve(), PACKAGE):
        if folder == source or source in folder.parents:
            raise CourseError(
                f"{folder} lies in the course's own source ({source}). "
                "A workspace lies outside it, or your work would mix with the course: choose one with --workspace."
            )
    return folder


def deliver(folder: Path, wanted: dict[str, bytes]) -> Delivery:
    """Write files into the workspace by the rules above.

    Args:
        folder: the workspace, as :func:`usable` returned it.
        wanted: content by path inside the workspace, with slashes.

    Raises:
        CourseError: if something stands in the way or cannot be written; what was written so far is whole.
    """
    delivery = Delivery()
    with _told(folder):
        private = folder / PRIVATE
        private.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(private):
            manifest = Manifest.read(private / "delivered.json")
            for name, data in wanted.items():
                known = manifest.entry(name).known
                if _place(folder, manifest, name, data) == folder / name and _digest(name, data) not in known:
                    known.append(_digest(name, data))
            manifest.save()  # before the files: a version that is half delivered is known to be ours
            for name, data in wanted.items():
                target = _place(folder, manifest, name, data)  # asked again: a learner may save at any moment
                if target:
                    _write(folder, name, target, data, delivery)
            for name, data in wanted.items():
                manifest.entry(name).latest = _digest(name, data)
            manifest.save()
    return delivery


def _place(folder: Path, manifest: Manifest, name: str, data: bytes) -> Path | None:
    """Where this content has to be written: in place, beside the learner's file, or (None) nowhere."""
    target = folder / name
    entry = manifest.entry(name)
    if not os.path.lexists(target):
        return target
    ours = stat.S_ISREG(target.lstat().st_mode)  # a link or a folder in its place is the learner's doing
    there = target.read_bytes() if ours else b""
    found = _digest(name, there) if ours else ""
    if found == _digest(name, data):
        if found not in entry.known:
            entry.known.append(found)
        return target if name in PICTURED and there != data else None
    if ours and found in entry.known:
        return target
    if entry.latest == _digest(name, data):
        return None
    return _beside(target, data)


def _digest(name: str, data: bytes) -> str:
    return digest(data, outputs=name not in PICTURED)


def _beside(target: Path, data: bytes) -> Path:
    """A free name next to the learner's file, or the name that holds this very content already."""
    stem, ending = target.stem, target.suffix
    path = target.with_name(f"{stem}.new-{__version__}{ending}")
    if os.path.lexists(path) and not (path.is_file() and path.read_bytes() == data):
        path = target.with_name(f"{stem}.new-{__version__}-{digest(data)[:6]}{ending}")
    return path


def _write(folder: Path, name: str, target: Path, data: bytes, delivery: Delivery) -> None:
    in_place = target == folder / name
    was_there = os.path.lexists(target)
    if in_place or not was_there:  # the name beside is taken only by this very content, or by the learner
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".*{PART}"):
            left.unlink(missing_ok=True)
        write_whole(target, data)
    if not in_place:
        delivery.beside.append((name, str(PurePosixPath(name).with_name(target.name))))
    elif was_there and name not in PICTURED:
        delivery.updated.append(name)
    elif was_there:
        pass  # a new picture is no news
    else:
        delivery.new.append(name)


def trust_start(folder: Path) -> None:
    """Sign the start notebook for this user, if it is as delivered: JupyterLab then shows the picture in it.

    No other notebook is delivered with outputs, and without outputs there is nothing to trust. Signing imports
    nbformat, which takes longer than all the rest of a delivery; so it is done once for each picture.

    Args:
        folder: the workspace, as :func:`usable` returned it.
    """
    with _told(folder):
        path, done = folder / NAME, folder / PRIVATE / "trusted"
        data = path.read_bytes() if path.is_file() else b""
        signature = digest(data)
        if data != start_notebook() or (done.is_file() and done.read_text(encoding="ascii") == signature):
            return
        if _sign(path, data):
            write_whole(done, signature.encode("ascii"))


def _sign(path: Path, data: bytes) -> bool:
    import sqlite3

    import nbformat
    from nbformat.sign import NotebookNotary

    try:
        NotebookNotary().sign(nbformat.reads(data.decode("utf-8"), as_version=4))
    except (OSError, sqlite3.Error) as error:  # a home that cannot be written
        print(f"{path.name} could not be marked as trusted ({error}); its table looks plain until you run the cell.")
        return False
    return True


@contextmanager
def _one_at_a_time(private: Path) -> Iterator[None]:
    lock = FileLock(private / "lock", timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise CourseError(
            f"Another start is writing to {private.parent}. Wait until it is done, then try again."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn what the system says about files into what a person can act on."""
    try:
        yield
    except RuntimeError as error:  # a loop of links, or a ~ that stands for nobody
        raise CourseError(f"{folder}: {error}. Choose another folder with --workspace.") from error
    except OSError as error:
        where = error.filename or folder
        reason = error.strerror or str(error)
        if error.errno == errno.ENOSPC:
            advice = "Free some disk space and start again; nothing of yours was touched."
        elif error.errno in (errno.EEXIST, errno.ENOTDIR):
            advice = "Something else stands where a folder belongs. Move it away, or choose another with --workspace."
        else:
            advice = "Choose another folder with --workspace, or mend its permissions."
        raise CourseError(f"{where}: {reason}. {advice}") from error
