"""What a learner has done so far: appended events in one SQLite file under ``home_dir()``.

An event is never changed, and deleted only by a reset that the learner asks for (``coursekit.portable``). So two
kernels can write at once, and a kill at any moment loses at most the event that was being written. Events are read in
the order of their time, so that what was done on two machines is one history. The events and who records them:

| event | recorded by | ``data`` |
| --- | --- | --- |
| ``answer`` | quiz | ``session``, ``right``, ``score`` (0 to 1), ``answer``, ``misconception`` |
| ``guess``, ``compare`` | quiz, predict cards | ``answer``; ``right`` |
| ``start`` | quiz, test, challenge and placement | ``session``, ``run``, ``seed`` and what was drawn |
| ``verdict`` | quiz, at the end of a test | ``verdict``, ``right``, ``asked``, ``strong`` (a probability), ``weak`` |
| ``badge`` | quiz, at the end of a challenge | ``earned``, ``right``, ``asked`` |
| ``card`` | quiz: a recall card, or a question once missed | ``rating``, ``due`` (ISO time), ``state`` (py-fsrs) |
| ``placement`` | quiz, at the end of a placement, under lesson 00 | ``start`` (a lesson), ``lessons`` (verdicts) |
| ``exercise`` | checks | ``status`` (passed, failed, not_attempted) |

Where the folder cannot be written, one warning says so and the events live in this process alone.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sqlite3
import threading
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from coursekit.errors import CourseError
from coursekit.paths import home_dir

FORMAT = 1  # of the file; raised when an older coursekit could no longer read it
BUSY_SECONDS = 5.0  # how long a write waits for another process's
_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    lesson TEXT NOT NULL,
    item TEXT,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_lesson ON events (lesson, event);
CREATE TABLE IF NOT EXISTS learner (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Event:
    """One thing that happened; ``at`` is in UTC, ``lesson`` is the two digits of the lesson."""

    event: str
    lesson: str
    item: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    uid: str = field(default_factory=lambda: uuid.uuid4().hex)


class LessonSummary(TypedDict):
    """Where a learner stands in one lesson."""

    practice_answered: int  # different questions answered at least once
    practice_right: int  # of those, answered right at least once
    test_verdict: str | None  # of the latest test: "strong", "getting there" or "not yet"
    challenge_badge: bool  # earned at least once
    cards_seen: int
    cards_due: int  # now, among those seen
    exercises_passed: int  # different exercises
    exercises_tried: int
    last: datetime | None  # time of the latest event


def progress_file() -> Path:
    """Where progress is kept; the file need not exist yet."""
    return home_dir() / "progress.sqlite3"


def record(event: str, *, lesson: str, item: str | None = None, data: dict[str, Any] | None = None) -> None:
    """Append one event.

    Args:
        event: one of the names in this module's table.
        lesson: number or name of the lesson.
        item: id of the question, card or exercise.
        data: anything JSON can hold.

    Raises:
        CourseError: if the file was written by a newer coursekit; it is left as it is.
        TypeError: if ``data`` cannot be written as JSON.
    """
    json.dumps(data)  # a mistake of the caller's, found before anything is written
    with _lock:
        _waiting().append(Event(event, lesson_number(lesson), item, dict(data or {})))
        _flush()


def events(lesson: str | None = None, event: str | None = None) -> list[Event]:
    """The events so far, oldest first; of one lesson or one kind if asked.

    Raises:
        CourseError: if the file was written by a newer coursekit.
    """
    wanted = None if lesson is None else lesson_number(lesson)
    with _lock:
        _flush()
        unwritten = [one for one in _waiting() if wanted in (None, one.lesson) and event in (None, one.event)]
        return _read(wanted, event) + unwritten


def learner_seed() -> int:
    """A number drawn once for each learner and kept: the seed of their variants of the questions."""
    with _lock:
        try:
            with _connection() as connection, connection:
                drawn = str(secrets.randbits(53))
                connection.execute("INSERT OR IGNORE INTO learner VALUES ('seed', ?)", (drawn,))
                row = connection.execute("SELECT value FROM learner WHERE name = 'seed'").fetchone()
                return int(row[0])
        except (OSError, sqlite3.Error):
            return _seed_of_process


def summary(lesson: str | None = None, *, now: datetime | None = None) -> dict[str, LessonSummary]:
    """Where the learner stands, by lesson number; a lesson without an event is left out."""
    moment = now or datetime.now(UTC)
    by_lesson: dict[str, list[Event]] = {}
    for one in events(lesson):
        by_lesson.setdefault(one.lesson, []).append(one)
    return {number: _summarize(by_lesson[number], moment) for number in sorted(by_lesson)}


def _summarize(happened: list[Event], now: datetime) -> LessonSummary:
    practised = [one for one in happened if one.event == "answer" and one.data.get("session") == "practice"]
    exercises = [one for one in happened if one.event == "exercise"]
    cards = {one.item: one.data.get("due") for one in happened if one.event == "card"}  # the latest of each
    verdicts = [str(one.data.get("verdict")) for one in happened if one.event == "verdict"]
    return LessonSummary(
        practice_answered=len({one.item for one in practised}),
        practice_right=len({one.item for one in practised if one.data.get("right")}),
        test_verdict=verdicts[-1] if verdicts else None,
        challenge_badge=any(one.data.get("earned") for one in happened if one.event == "badge"),
        cards_seen=len(cards),
        cards_due=sum(due is not None and datetime.fromisoformat(due) <= now for due in cards.values()),
        exercises_passed=len({one.item for one in exercises if one.data.get("status") == "passed"}),
        exercises_tried=len({one.item for one in exercises if one.data.get("status") != "not_attempted"}),
        last=happened[-1].at if happened else None,
    )


# --- the file -------------------------------------------------------------------------------------------------------

_lock = threading.RLock()
_unwritten: dict[Path, list[Event]] = {}  # events the disk did not take, by the file they belong to
_warned: set[Path] = set()
_seed_of_process = secrets.randbits(53)


def _waiting() -> list[Event]:
    return _unwritten.setdefault(progress_file(), [])


def lesson_number(lesson: str) -> str:
    """The two digits of a lesson: ``1``, ``01`` and ``01_loading_weights`` are one."""
    found = re.match(r"(\d{1,2})(?:_|$)", lesson)
    return found[1].zfill(2) if found else lesson


def _flush() -> None:
    """Write what waits; what cannot be written goes on waiting, and is said once."""
    waiting = _waiting()
    if not waiting:
        return
    rows = [(one.uid, one.at.isoformat(), one.event, one.lesson, one.item, json.dumps(one.data)) for one in waiting]
    try:
        with _connection() as connection, connection:
            connection.executemany(
                "INSERT OR IGNORE INTO events (uid, at, event, lesson, item, data) VALUES (?, ?, ?, ?, ?, ?)", rows
            )
        waiting.clear()
    except (OSError, sqlite3.Error) as error:
        if progress_file() not in _warned:
            _warned.add(progress_file())
            warnings.warn(
                f"Your progress cannot be written to {progress_file()} ({error}). The course goes on, and forgets it "
                "when this kernel stops. To mend it, free some disk or set COURSEKIT_HOME to a folder you can write.",
                stacklevel=4,
            )
    except CourseError:
        waiting.pop()  # this event has no place; those before it stay
        raise


def _read(lesson: str | None, event: str | None) -> list[Event]:
    path = progress_file()
    if not path.exists():
        return []
    query = "SELECT uid, at, event, lesson, item, data FROM events"
    wanted = {"lesson": lesson, "event": event}
    given = {name: value for name, value in wanted.items() if value is not None}
    if given:
        query += " WHERE " + " AND ".join(f"{name} = :{name}" for name in given)
    query += " ORDER BY at, id"
    try:
        with _connection() as connection:
            rows = connection.execute(query, given).fetchall()
    except (OSError, sqlite3.Error):
        rows = _read_only(path, query, given)
    return [Event(row[2], row[3], row[4], json.loads(row[5]), datetime.fromisoformat(row[1]), row[0]) for row in rows]


def _read_only(path: Path, query: str, given: dict[str, str]) -> list[tuple[Any, ...]]:
    """Rows of a file in a folder that cannot be written, where SQLite cannot make its lock files."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            return connection.execute(query, given).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return []


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """The file itself, with everything written that waits; for ``coursekit.portable``.

    Raises:
        CourseError: if it cannot be opened, or was written by a newer coursekit.
    """
    try:
        with _lock:
            _flush()
        with _connection() as connection:
            yield connection
    except (OSError, sqlite3.Error) as error:
        raise CourseError(
            f"Your progress in {progress_file()} cannot be used now ({error}). Close other programs that use it, or "
            "look at the folder's permissions; then try again."
        ) from error


@contextmanager
def _connection() -> Iterator[sqlite3.Connection]:
    """One short connection for each use: a connection must not live through a fork, and kernels are forked."""
    path = progress_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # cannot open, locked, read-only, full: the file may be sound
            raise
        _set_aside(path, error)
        connection = _open(path)
    try:
        yield connection
    finally:
        connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")  # in WAL a kill loses nothing; one sync fewer an answer
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > FORMAT:
            raise CourseError(
                f"{path} was written by a newer coursekit (format {version}; this one knows {FORMAT}). It was left as "
                "it is. Update coursekit, or set COURSEKIT_HOME to another folder."
            )
        if version < FORMAT:
            _begin(connection)
        elif connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("the file is damaged")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(connection: sqlite3.Connection) -> None:
    """Make the tables. Two processes may come here at once: the second waits, then finds them made."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:  # the change to WAL does not wait for another process by itself
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.02)
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")


def _set_aside(path: Path, error: Exception) -> None:
    """Keep a damaged file under another name, begin a new one, and carry over every event that can be read."""
    aside = path.with_name(f"progress.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.sqlite3")
    rescued, seed = _rescue(path)
    try:
        os.replace(path, aside)
    except FileNotFoundError:  # another process has just done the same
        return
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    connection = _open(path)
    try:
        with connection:
            connection.executemany(
                "INSERT OR IGNORE INTO events (uid, at, event, lesson, item, data) VALUES (?, ?, ?, ?, ?, ?)", rescued
            )
            if seed is not None:
                connection.execute("INSERT OR IGNORE INTO learner VALUES ('seed', ?)", (seed,))
    finally:
        connection.close()
    warnings.warn(
        f"Your progress file was damaged ({error}). It is kept as {aside}; {len(rescued)} of its events could be read "
        "and were carried over to a new file.",
        stacklevel=6,
    )


def _rescue(path: Path) -> tuple[list[tuple[Any, ...]], str | None]:
    rows: list[tuple[Any, ...]] = []
    seed: str | None = None
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    except sqlite3.Error:
        return rows, seed
    try:
        for row in connection.execute("SELECT uid, at, event, lesson, item, data FROM events ORDER BY id"):
            json.loads(row[5])
            datetime.fromisoformat(row[1])
            rows.append(row)
    except (sqlite3.Error, ValueError, TypeError):
        pass  # what comes after the damage cannot be read
    try:
        found = connection.execute("SELECT value FROM learner WHERE name = 'seed'").fetchone()
        seed = found[0] if found else None
    except sqlite3.Error:
        pass
    finally:
        connection.close()
    return rows, seed
