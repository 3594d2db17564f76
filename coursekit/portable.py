"""Progress as one file that can be carried: export, import, and a reset that keeps a backup.

The file is JSON. Each event in it has the ``uid`` it was recorded with, so a file imported twice adds nothing the
second time, and what was done on two machines becomes one history, in the order of time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coursekit import __version__, progress
from coursekit.errors import CourseError
from coursekit.files import write_whole
from coursekit.paths import home_dir

KIND = "coursekit progress"
LARGEST = 500_000_000  # bytes; a million events
INSERT = "INSERT OR IGNORE INTO events (uid, at, event, lesson, item, data) VALUES (?, ?, ?, ?, ?, ?)"
SELECT = "SELECT uid, at, event, lesson, item, data FROM events"
_FIELDS: dict[str, tuple[type, ...]] = {
    "uid": (str,),
    "at": (str,),
    "event": (str,),
    "lesson": (str,),
    "item": (str, type(None)),
    "data": (dict,),
}
Row = tuple[str, str, str, str, str | None, str]


def export_to(path: Path, *, force: bool = False) -> int:
    """Write all progress into one file; the number of events in it.

    Args:
        path: the file; it is written whole or not at all.
        force: replace a file of this name.

    Raises:
        CourseError: if the file exists, or cannot be written.
    """
    if path.exists() and not force:
        raise CourseError(f"{path} exists. Choose another name, or add --force to replace it.")
    with progress.database() as connection:
        rows, seed = connection.execute(f"{SELECT} ORDER BY id").fetchall(), _seed(connection)
    _write(path, rows, seed)
    return len(rows)


def import_from(path: Path) -> tuple[int, int]:
    """Add the events of an exported file to this machine's: (new ones, ones that were here already).

    All of them or, where anything is wrong, none. Where nothing was done yet, the learner's seed comes along, so that
    questions have the same numbers as on the other machine.

    Raises:
        CourseError: if the file cannot be read, is of another kind or of a newer coursekit, or holds a broken event.
    """
    rows, seed = _parse(path)
    with progress.database() as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        before = _count(connection)
        connection.executemany(INSERT, rows)
        if seed is not None:
            if before == 0:
                connection.execute("DELETE FROM learner WHERE name = 'seed'")
            connection.execute("INSERT OR IGNORE INTO learner VALUES ('seed', ?)", (seed,))
        added = _count(connection) - before
    return added, len(rows) - added


def reset(lesson: str | None = None) -> tuple[int, Path | None]:
    """Forget what was done, in one lesson or in all; a backup is written first.

    Returns:
        How many events were removed, and the backup that ``import_from`` brings back; None where there was nothing.

    Raises:
        CourseError: if the backup cannot be written; nothing is removed then.
    """
    number = None if lesson is None else progress.lesson_number(lesson)
    where, given = ("", ()) if number is None else (" WHERE lesson = ?", (number,))
    with progress.database() as connection, connection:
        connection.execute("BEGIN IMMEDIATE")  # nobody adds an event between the backup and the removal
        rows = connection.execute(f"{SELECT}{where} ORDER BY id", given).fetchall()
        if not rows:
            return 0, None
        backup = _free_name(home_dir() / "backups", number)
        _write(backup, rows, _seed(connection))
        connection.execute(f"DELETE FROM events{where}", given)
        if number is None:
            connection.execute("DELETE FROM learner")
    return len(rows), backup


def _free_name(folder: Path, number: str | None) -> Path:
    stem = f"{'progress' if number is None else f'lesson-{number}'}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    path, count = folder / f"{stem}.json", 1
    while path.exists():
        count += 1
        path = folder / f"{stem}-{count}.json"
    return path


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def _seed(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT value FROM learner WHERE name = 'seed'").fetchone()
    return None if row is None else str(row[0])


def _write(path: Path, rows: Iterable[Row], seed: str | None) -> None:
    head = {"kind": KIND, "format": progress.FORMAT, "coursekit": __version__, "seed": seed}
    events = [
        {"uid": uid, "at": at, "event": event, "lesson": lesson, "item": item, "data": json.loads(data)}
        for uid, at, event, lesson, item, data in rows
    ]
    lines = ",\n".join(json.dumps(one) for one in events)  # one event a line: a diff can be read
    text = json.dumps(head)[:-1] + f', "events": [\n{lines}\n]}}\n'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("ascii"))
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}). Choose another file.") from error


def _parse(path: Path) -> tuple[list[Row], str | None]:
    try:
        if path.stat().st_size > LARGEST:
            raise CourseError(f"{path} has more than {LARGEST:,} bytes, which no learner's progress has.")
        content = json.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}). Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise CourseError(
            f"{path} is not a whole progress file ({_first_line(error)}). It may have been cut off on its way: copy it "
            "again, or export it again. Nothing was imported."
        ) from error
    if not isinstance(content, dict) or content.get("kind") != KIND or not isinstance(content.get("events"), list):
        raise CourseError(f"{path} is no progress file. Expected one that was written by: coursekit progress export")
    version, seed = content.get("format"), content.get("seed")
    if isinstance(version, bool) or not isinstance(version, int) or version > progress.FORMAT:
        raise CourseError(
            f"{path} was written by a newer coursekit (format {version!r}; this one knows {progress.FORMAT}). "
            "Update coursekit, then import it. Nothing was imported."
        )
    if seed is not None and not (isinstance(seed, str) and seed.isdecimal() and len(seed) < 20):
        raise CourseError(f"{path}: 'seed' is {seed!r}; expected digits. Export it again. Nothing was imported.")
    return [_row(path, number, one) for number, one in enumerate(content["events"], 1)], seed


def _row(path: Path, number: int, event: Any) -> Row:
    try:
        assert isinstance(event, dict)
        assert set(event) == set(_FIELDS)
        assert all(isinstance(event[name], kinds) for name, kinds in _FIELDS.items())
        assert event["uid"]
        at = datetime.fromisoformat(event["at"])
        assert at.tzinfo is not None
        data = json.dumps(event["data"])
        "".join(event[name] or "" for name in ("uid", "event", "lesson", "item")).encode("utf-8")  # no half characters
        moment = at.astimezone(UTC).isoformat()
        return event["uid"], moment, event["event"], progress.lesson_number(event["lesson"]), event["item"], data
    except (AssertionError, ValueError, OverflowError, RecursionError) as error:
        raise CourseError(
            f"{path}: event number {number} is broken. Expected {', '.join(_FIELDS)}, the time with its zone. "
            "Export the file again. Nothing was imported."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
